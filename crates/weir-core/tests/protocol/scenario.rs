//! What is put to the protocol: events, their messages and what may go wrong, and how much of it.

use super::state::{End, Left, Ticks};

/// An event as Shopify made it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    /// Whether its topic is `latest`: it passes the fence of the one resource.
    pub(crate) latest: bool,
    /// Which topic (its mark).
    pub(crate) topic: usize,
    /// The second of its `updated_at`.
    pub(crate) second: i8,
    /// When it was triggered, in so many parts of that second.
    pub(crate) triggered: i8,
    /// Which state of the resource its body shows.
    pub(crate) state: i8,
    /// The merchant's action, shared over topics.
    pub(crate) action: Option<i8>,
}

pub(crate) const fn every() -> Event {
    Event { latest: false, topic: 0, second: 0, triggered: 0, state: 0, action: None }
}

/// A state of its own, in a second of its own.
pub(crate) const fn latest(topic: usize, second: i8) -> Event {
    Event { latest: true, topic, second, triggered: 0, state: second, action: None }
}

/// A state in the first second.
pub(crate) const fn within(topic: usize, triggered: i8, state: i8) -> Event {
    Event { latest: true, topic, second: 1, triggered, state, action: None }
}

impl Event {
    const fn of_action(self, action: i8) -> Self {
        Self { action: Some(action), ..self }
    }

    /// Whether another is of an older state, by the versions alone.
    pub(crate) fn is_newer_than(&self, other: &Self) -> bool {
        (self.second, self.triggered) > (other.second, other.triggered)
    }

    /// Whether both show one state.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        (self.action.is_some() && self.action == other.action)
            || (self.second, self.state) == (other.second, other.state)
    }

    /// Whether both are one state of one topic, triggered at once.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        let key = |event: &Self| (event.topic, event.second, event.triggered, event.state);
        key(self) == key(other)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) events: Vec<Event>,
    /// The messages in the lane: which event, and which body.
    pub(crate) messages: Vec<(u8, u8)>,
    /// How many receives are handled at once.
    pub(crate) workers: usize,
    /// Beyond it a message goes to the DLQ.
    pub(crate) max_receives: u8,
    /// How an effect may end.
    pub(crate) outcomes: &'static [End],
    /// How long a received message stays hidden. At zero it comes again at any time, as after a crash or twice from a
    /// standard queue, and no wait is kept: whatever the protocol promises, it may not rest on these.
    pub(crate) visibility: Ticks,
    /// Whether of all requests only a `leave` may go astray.
    pub(crate) only_leaves_stray: bool,
    /// How far the clock of a worker may be ahead of another's.
    pub(crate) skew: Ticks,
    /// For how long an event may be parked.
    pub(crate) parked_at_most: Ticks,
    /// Whether an invocation may die at any time, rather than at its end.
    pub(crate) crashes: bool,
    /// Whether each state is led to its end without further faults, to see that there is one.
    pub(crate) drained: bool,
    pub(crate) left: Left,
}

/// From an invocation's begin to its deadline.
pub(crate) const RUN: Ticks = 1;
/// How long after its deadline an invocation may still claim and enter. What follows its effect may be later.
pub(crate) const LATE: Ticks = 1;
/// How long a request may be under way.
pub(crate) const STRAY: Ticks = 3;
/// How long a copy is hidden: SQS delays by seconds, and parking never by less than five.
pub(crate) const DELAY: Ticks = 1;

impl Scenario {
    /// Two workers and two receives; an effect may succeed or fail for now; workers crash at will.
    pub(crate) fn of(events: &[Event], messages: &[u8]) -> Self {
        Self {
            events: events.to_vec(),
            messages: messages.iter().map(|event| (*event, 0)).collect(),
            workers: 2,
            max_receives: 2,
            outcomes: &[End::Done, End::Transient],
            visibility: 0,
            only_leaves_stray: false,
            skew: 1,
            parked_at_most: 2,
            crashes: true,
            drained: false,
            left: Left::default(),
        }
    }

    /// Whether the lane keeps a time that workers must keep, too.
    pub(crate) fn is_timely(&self) -> bool {
        self.visibility > 0
    }

    /// The same with more of everything: too large for every day.
    pub(crate) fn larger(mut self) -> Self {
        self.workers = 3;
        self.max_receives += 1;
        self.left.strays += 1;
        self.outcomes = match self.left.outages {
            0 => &[End::Done, End::Transient, End::Permanent],
            _ => &[End::Done, End::Transient, End::Permanent, End::Parked],
        };
        self
    }

    /// Shopify delivered an event twice, and a request goes astray.
    pub(crate) fn duplicate() -> Self {
        let left = Left { strays: 1, ..Left::default() };
        Self { left, ..Self::of(&[every()], &[0, 0]) }
    }

    /// An event comes twice, fails for good, is moved back from the DLQ and, once it ended, run again.
    pub(crate) fn replayed() -> Self {
        let left = Left { redrives: 1, forces: 1, ..Left::default() };
        let outcomes = &[End::Done, End::Permanent];
        Self { left, outcomes, drained: true, ..Self::of(&[latest(0, 1)], &[0]) }
    }

    /// Another body comes under the id of an event.
    pub(crate) fn mismatch() -> Self {
        Self { messages: vec![(0, 0), (0, 1)], drained: true, ..Self::of(&[every()], &[]) }
    }

    /// Ingest sends what Shopify delivers, and delivers again.
    pub(crate) fn delivered() -> Self {
        let left = Left { deliveries: [2, 0, 0], ..Left::default() };
        Self { left, ..Self::of(&[every()], &[]) }
    }

    /// An event is parked, and parked again until it was for too long.
    pub(crate) fn parked() -> Self {
        let left = Left { outages: 2, ..Left::default() };
        let outcomes = &[End::Done, End::Parked];
        Self { left, outcomes, parked_at_most: 2, ..Self::of(&[every()], &[0]) }
    }

    /// An event is parked by clocks that agree, and a request goes astray.
    pub(crate) fn parked_astray() -> Self {
        let left = Left { outages: 1, strays: 1, ..Left::default() };
        let outcomes = &[End::Done, End::Parked];
        Self { left, outcomes, skew: 0, ..Self::of(&[every()], &[0]) }
    }

    /// An event is parked while a newer version of its resource comes.
    pub(crate) fn parked_and_overtaken() -> Self {
        let left = Left { outages: 1, ..Left::default() };
        let outcomes = &[End::Done, End::Parked];
        Self { left, outcomes, max_receives: 1, ..Self::of(&[latest(0, 1), latest(1, 2)], &[0, 1]) }
    }

    /// Two versions of a resource, by two topics.
    pub(crate) fn versions() -> Self {
        Self::of(&[latest(0, 1), latest(1, 2)], &[0, 1])
    }

    /// Two deliveries of one state by one topic, under two ids.
    pub(crate) fn equal_versions() -> Self {
        Self::of(&[latest(0, 1), latest(0, 1)], &[0, 1])
    }

    /// Two states of one topic in one second.
    pub(crate) fn states_of_one_second() -> Self {
        Self::of(&[within(0, 1, 1), within(0, 4, 2)], &[0, 1])
    }

    /// Two topics of one action, and another action's state triggered between them.
    pub(crate) fn topics_of_one_action() -> Self {
        let events = [within(0, 1, 1).of_action(1), within(1, 3, 3).of_action(1), within(0, 2, 2).of_action(2)];
        let outcomes = &[End::Done];
        Self { outcomes, skew: 0, max_receives: 1, crashes: false, ..Self::of(&events, &[0, 1, 2]) }
    }

    /// A state that another one followed, and that came back, all in one second.
    pub(crate) fn state_that_returns() -> Self {
        let events = [within(0, 1, 1), within(0, 2, 2), within(0, 3, 1)];
        let outcomes = &[End::Done];
        Self { outcomes, skew: 0, max_receives: 1, crashes: false, ..Self::of(&events, &[0, 1, 2]) }
    }

    /// Two versions of a resource, each received once, and a request goes astray.
    pub(crate) fn versions_astray() -> Self {
        let left = Left { strays: 1, ..Left::default() };
        Self { left, max_receives: 1, ..Self::versions() }
    }

    /// Two deliveries of one state by one topic, each received once, and a request goes astray.
    pub(crate) fn equal_versions_astray() -> Self {
        let left = Left { strays: 1, ..Left::default() };
        Self { left, max_receives: 1, ..Self::equal_versions() }
    }

    /// Three versions, each received once by clocks that agree, and a `leave` goes astray.
    pub(crate) fn three_versions_astray() -> Self {
        let left = Left { strays: 1, ..Left::default() };
        let events = [latest(0, 1), latest(1, 2), latest(1, 3)];
        let outcomes = &[End::Done];
        let base = Self::of(&events, &[0, 1, 2]);
        Self { left, outcomes, only_leaves_stray: true, skew: 0, crashes: false, max_receives: 1, ..base }
    }

    /// Three workers have each a message of the event.
    pub(crate) fn three_workers() -> Self {
        Self { workers: 3, max_receives: 1, ..Self::of(&[every()], &[0, 0, 0]) }
    }

    /// Three workers have each a version of the resource.
    pub(crate) fn three_workers_three_versions() -> Self {
        let events = [latest(0, 1), latest(1, 1), latest(0, 2)];
        let outcomes = &[End::Done];
        Self { workers: 3, outcomes, skew: 0, crashes: false, max_receives: 1, ..Self::of(&events, &[0, 1, 2]) }
    }

    /// The lane hides a message until the lease of its receive is over by any clock.
    pub(crate) fn hidden() -> Self {
        let outcomes = &[End::Done, End::Transient, End::Permanent];
        Self { outcomes, visibility: 4, max_receives: 3, drained: true, ..Self::of(&[every()], &[0]) }
    }
}
