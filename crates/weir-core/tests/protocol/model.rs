//! What may happen next in a state, and what it leads to.

use stateright::{Model, Property};

use super::{
    properties,
    scenario::{RUN, Scenario},
    state::{Broken, End, MESSAGES, Message, Phase, Row, RowState, Seen, State, Stay, Ticks, WORKERS, Worker},
    time,
    variant::Variant,
    witness::Witness,
};

/// One step of anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Time passes.
    Tick,
    /// Shopify delivers an event; ingest may fail to send its message.
    Deliver { event: u8, sent: bool },
    /// A worker receives a message.
    Receive { slot: u8, ahead: Ticks },
    /// The lane moves a message to its DLQ.
    ToDlq { slot: u8 },
    /// The operator moves it back.
    Redrive { slot: u8 },
    /// The operator runs an event again that ended.
    Force { event: u8 },
    /// A worker takes its next step, and learns what came of it.
    Step { worker: u8 },
    /// A worker's effect ends.
    End { worker: u8, end: End },
    /// A worker's request goes astray: it sends it again, and the first may arrive later, or never.
    Stray { worker: u8 },
    /// That request arrives.
    Arrive,
    /// A worker dies.
    Crash { worker: u8 },
}

/// The protocol, or a variant of it that is wrong, in a scenario.
pub(crate) struct Protocol {
    pub(crate) scenario: Scenario,
    pub(crate) variant: Option<Variant>,
    pub(crate) witness: Witness,
}

impl Protocol {
    fn receive(&self, state: &mut State, slot: u8, ahead: Ticks) -> Option<()> {
        let visible =
            |message: &&mut Message| self.is_visible(message) && message.receives < self.scenario.max_receives;
        let message = state.messages[usize::from(slot)].as_mut().filter(visible)?;
        message.receives += 1;
        message.hidden = self.visibility();
        let worker = Worker {
            phase: Phase::Claim,
            event: message.event,
            generation: message.generation,
            body: message.body,
            receives: message.receives,
            stay: message.stay,
            ahead,
            deadline: ahead + RUN,
            asked: None,
            slot,
            owner: super::normal::NEW,
        };
        let free = state.workers[..self.scenario.workers].iter_mut().find(|worker| worker.is_none())?;
        *free = Some(worker);
        Some(())
    }

    fn may_stray(&self, worker: &Worker) -> bool {
        worker.asks() && (!self.scenario.only_leaves_stray || matches!(worker.phase, Phase::Leave(_)))
    }

    fn is_visible(&self, message: &Message) -> bool {
        message.hidden == 0 && !message.in_dlq
    }

    fn visibility(&self) -> Ticks {
        match self.variant {
            Some(Variant::VisibleBeforeTheLeaseEnds) => 2,
            _ => self.scenario.visibility,
        }
    }

    /// Ingest answers 200 once the message is sent.
    fn deliver(&self, state: &mut State, event: u8, sent: bool) -> Option<()> {
        let index = usize::from(event);
        state.left.deliveries[index] = state.left.deliveries[index].checked_sub(1)?;
        if self.variant == Some(Variant::ClaimedAtIngest) {
            if state.ledger[index][0].is_some() {
                state.seen.accepted[index][0] |= 1;
                return Some(());
            }
            let row = Row { state: RowState::Leased(-1), owner: super::state::DEAD, parks: 0, body: 0 };
            state.ledger[index][0] = Some(row);
        }
        if sent && state.send(fresh(event, 0, 0)) {
            state.seen.accepted[index][0] |= 1;
        }
        Some(())
    }

    fn force(&self, state: &mut State, event: u8) -> Option<()> {
        let index = usize::from(event);
        let [Some(row), None] = state.ledger[index] else { return None };
        let ended = matches!(row.state, RowState::Done | RowState::Stale) && state.seen.accepted[index][1] == 0;
        state.left.forces = state.left.forces.checked_sub(1).filter(|_| ended)?;
        state.seen.accepted[index][1] = 1 << row.body;
        state.send(fresh(event, 1, row.body)).then_some(())
    }

    fn change(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Tick => time::pass(self, state),
            Action::Deliver { event, sent } => self.deliver(state, event, sent)?,
            Action::Receive { slot, ahead } => self.receive(state, slot, ahead)?,
            Action::ToDlq { slot } => {
                let exhausted = |message: &Message| message.receives >= self.scenario.max_receives;
                let message = state.messages[usize::from(slot)];
                message.filter(|message| self.is_visible(message) && exhausted(message))?;
                let message = state.take(slot)?;
                state.messages[usize::from(slot)] = Some(Message { in_dlq: true, ..message });
            }
            Action::Redrive { slot } => {
                state.left.redrives = state.left.redrives.checked_sub(1)?;
                let message = state.messages[usize::from(slot)].as_mut().filter(|message| message.in_dlq)?;
                *message = Message { in_dlq: false, receives: 0, ..*message };
            }
            Action::Force { event } => self.force(state, event)?,
            Action::Step { worker } => self.step(state, usize::from(worker))?,
            Action::End { worker, end } => self.end(state, usize::from(worker), end)?,
            Action::Stray { worker } => {
                let free = state.stray.is_none();
                state.left.strays = state.left.strays.checked_sub(1).filter(|_| free)?;
                let worker = state.workers[usize::from(worker)].as_mut().filter(|worker| self.may_stray(worker))?;
                worker.asked.get_or_insert(worker.ahead);
                state.stray = Some(*worker);
            }
            Action::Arrive => {
                let stray = state.stray.take()?;
                self.request(state, &stray);
            }
            Action::Crash { worker } => {
                state.workers[usize::from(worker)].take()?;
            }
        }
        Some(())
    }
}

fn fresh(event: u8, generation: u8, body: u8) -> Message {
    let stay: Option<Stay> = None;
    Message { event, generation, body, receives: 0, stay, hidden: 0, in_dlq: false }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut state = State {
            workers: [None; WORKERS],
            messages: [None; MESSAGES],
            ledger: Default::default(),
            resource: None,
            stray: None,
            left: self.scenario.left,
            seen: Seen::default(),
            broken: None,
        };
        for (event, body) in &self.scenario.messages {
            state.send(fresh(*event, 0, *body));
            state.seen.accepted[usize::from(*event)][0] |= 1 << body;
        }
        vec![state.normal(self.scenario.is_timely())]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() {
            return;
        }
        for (worker, at) in (0..).zip(&state.workers) {
            let Some(at) = at else { continue };
            match at.phase {
                Phase::Act => {
                    actions.extend(self.scenario.outcomes.iter().map(|end| Action::End { worker, end: *end }));
                }
                _ => actions.push(Action::Step { worker }),
            }
            if state.left.strays > 0 && state.stray.is_none() && self.may_stray(at) {
                actions.push(Action::Stray { worker });
            }
            if self.scenario.crashes {
                actions.push(Action::Crash { worker });
            }
        }
        for (slot, message) in (0..).zip(&state.messages) {
            let Some(message) = message else { continue };
            match message {
                message if message.in_dlq => actions.push(Action::Redrive { slot }),
                message if message.receives < self.scenario.max_receives => {
                    actions.extend((0..=self.scenario.skew).map(|ahead| Action::Receive { slot, ahead }));
                }
                _ => actions.push(Action::ToDlq { slot }),
            }
        }
        for event in 0..self.scenario.events.len() as u8 {
            if state.left.deliveries[usize::from(event)] > 0 {
                actions.extend([true, false].map(|sent| Action::Deliver { event, sent }));
            }
            if state.left.forces > 0 {
                actions.push(Action::Force { event });
            }
        }
        if state.stray.is_some() {
            actions.push(Action::Arrive);
        }
        actions.push(Action::Tick);
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = *before;
        self.change(&mut state, action)?;
        self.check(&mut state);
        Some(state.normal(self.scenario.is_timely()))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(&self.scenario)
    }
}

impl Protocol {
    /// What holds in every state. What holds at a step is checked there.
    fn check(&self, state: &mut State) {
        if let Some(broken) = properties::overlap(self, state) {
            state.break_promise(broken);
        }
        if properties::is_lost(state) {
            state.break_promise(Broken::Lost);
        }
    }
}
