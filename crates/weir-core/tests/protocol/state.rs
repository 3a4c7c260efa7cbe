//! Everything there is: workers, messages, ledger, fence, requests under way, and what the properties remember.
//!
//! Times are ticks from now, so that no clock runs away and the states are finitely many.

use std::hash::Hash;

use weir_core::CLOCK_SKEW;

/// A tick is as long as clocks may be apart.
pub(crate) type Ticks = i8;
pub(crate) const TICK: std::time::Duration = CLOCK_SKEW;

pub(crate) const WORKERS: usize = 3;
pub(crate) const MESSAGES: usize = 5;
pub(crate) const EVENTS: usize = 3;
pub(crate) const GENERATIONS: usize = 2;
pub(crate) const MARKS: usize = 2;

/// Who holds a lease. Nobody alive: all of the dead are alike, for nobody asks in their name any more.
pub(crate) type Owner = u8;
pub(crate) const DEAD: Owner = 0;

/// The message was taken away: acknowledging it does nothing.
pub(crate) const NO_SLOT: u8 = u8::MAX;

/// `weir_core::park::Parked`, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Stay {
    pub(crate) count: u8,
    pub(crate) since: Ticks,
}

/// A message in the lane or its DLQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Message {
    pub(crate) event: u8,
    pub(crate) generation: u8,
    pub(crate) body: u8,
    pub(crate) receives: u8,
    pub(crate) stay: Option<Stay>,
    pub(crate) hidden: Ticks,
    pub(crate) in_dlq: bool,
}

/// How an attempt ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum End {
    Done,
    Stale,
    Repeated,
    Transient,
    Permanent,
    Parked,
}

/// What a worker does next. All but `Begin`, `Act` and `Acknowledge` are requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Phase {
    Claim,
    Enter,
    Begin,
    /// The effect began, and has not ended.
    Act,
    Leave(End),
    SendCopy,
    Settle(End),
    Acknowledge,
}

/// One receive of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Worker {
    pub(crate) phase: Phase,
    pub(crate) event: u8,
    pub(crate) generation: u8,
    pub(crate) body: u8,
    pub(crate) receives: u8,
    pub(crate) stay: Option<Stay>,
    /// How far its clock is ahead.
    pub(crate) ahead: Ticks,
    /// By its own clock.
    pub(crate) deadline: Ticks,
    /// The time in a request that is repeated.
    pub(crate) asked: Option<Ticks>,
    /// Which message.
    pub(crate) slot: u8,
    pub(crate) owner: Owner,
}

/// `weir_core::ledger::Record`, as far as decisions read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) state: RowState,
    pub(crate) owner: Owner,
    pub(crate) parks: u8,
    pub(crate) body: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RowState {
    Leased(Ticks),
    Done,
    Stale,
    Failed { permanent: bool },
    Parked,
}

/// `weir_core::fence::Record` of the only resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Resource {
    /// The event whose state is the newest.
    pub(crate) newest: u8,
    pub(crate) held: Option<(Owner, Ticks)>,
    pub(crate) ran: [Option<Ran>; MARKS],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ran {
    pub(crate) event: u8,
    pub(crate) generation: u8,
}

/// A promise that was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Broken {
    TwoActed,
    ActedAfterTheEnd,
    ActedWithoutTheLease,
    ResourceOverlapped,
    OlderAfterNewer,
    StateRanTwice,
    StateLost,
    Lost,
    BusyAfterACrash,
}

/// How often what is bounded may still happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Left {
    /// Requests that go astray: lost, applied without a reply, or applied late.
    pub(crate) strays: u8,
    /// Messages that the operator moves back from the DLQ.
    pub(crate) redrives: u8,
    /// Ended events that the operator runs again.
    pub(crate) forces: u8,
    /// Outages: each parks an event.
    pub(crate) outages: u8,
    /// Deliveries of each event that Shopify still makes.
    pub(crate) deliveries: [u8; EVENTS],
}

/// What the properties remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Seen {
    /// One bit for each body with which the event was accepted.
    pub(crate) accepted: [[u8; GENERATIONS]; EVENTS],
    /// The event ended done or stale.
    pub(crate) ended: [[bool; GENERATIONS]; EVENTS],
    /// One bit for each event whose state was let in, or found to have been.
    pub(crate) let_in: u8,
    /// The event of the newest state of which an effect began, or was found to have been.
    pub(crate) began: Option<u8>,
    /// One bit for each event that was told to have run.
    pub(crate) completed: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) workers: [Option<Worker>; WORKERS],
    pub(crate) messages: [Option<Message>; MESSAGES],
    pub(crate) ledger: [[Option<Row>; GENERATIONS]; EVENTS],
    pub(crate) resource: Option<Resource>,
    /// A request under way whose sender waits no longer.
    pub(crate) stray: Option<Worker>,
    pub(crate) left: Left,
    pub(crate) seen: Seen,
    pub(crate) broken: Option<Broken>,
}

impl State {
    pub(crate) fn row(&mut self, worker: &Worker) -> &mut Option<Row> {
        &mut self.ledger[usize::from(worker.event)][usize::from(worker.generation)]
    }

    /// Marks the first promise that breaks.
    pub(crate) fn break_promise(&mut self, broken: Broken) {
        self.broken.get_or_insert(broken);
    }

    /// Puts a message into the lane; without room it is not sent (a bound of the model), which is `false`.
    pub(crate) fn send(&mut self, message: Message) -> bool {
        let free = self.messages.iter_mut().find(|slot| slot.is_none());
        free.map(|slot| *slot = Some(message)).is_some()
    }

    /// Takes a message away; whoever received it can do nothing more with it.
    pub(crate) fn take(&mut self, slot: u8) -> Option<Message> {
        let message = self.messages.get_mut(usize::from(slot))?.take();
        for worker in self.workers.iter_mut().flatten().chain(&mut self.stray) {
            if worker.slot == slot {
                worker.slot = NO_SLOT;
            }
        }
        message
    }
}
