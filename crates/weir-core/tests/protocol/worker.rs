//! The worker's way of one message, step by step.

use weir_core::{
    fence::Entry,
    ledger::{Claim, Settled},
};

use super::{
    model::Protocol,
    scenario::{DELAY, Event},
    state::{Broken, End, Message, Phase, RowState, State, TICK, Ticks, Worker},
    store,
    variant::Variant,
    witness::Fact,
};

/// What came of a request.
pub(crate) enum Reply {
    Claim(Claim),
    Entry(Entry),
    Settled(Settled),
    Sent,
}

/// What a worker does next.
enum Next {
    Go(Phase),
    /// It is through; the message comes back.
    Return,
    /// It is through; the message comes back when the lane shows it again.
    Drop,
    /// It is through; the message comes back when another's lease is over.
    ReturnAfter(Ticks),
}

impl Worker {
    /// Whether its next step is a request to a store or a queue.
    pub(crate) fn asks(&self) -> bool {
        !matches!(self.phase, Phase::Begin | Phase::Act | Phase::Acknowledge)
    }

    /// Whether nothing that it does from here on depends on the time.
    pub(crate) fn is_timeless(&self) -> bool {
        matches!(self.phase, Phase::Leave(_) | Phase::SendCopy | Phase::Settle(_) | Phase::Acknowledge)
    }

    /// By its own clock.
    fn is_late(&self) -> bool {
        self.ahead > self.deadline
    }
}

impl Protocol {
    pub(crate) fn step(&self, state: &mut State, index: usize) -> Option<()> {
        let worker = state.workers[index]?;
        let next = match worker.phase {
            Phase::Act => return None,
            Phase::Begin => self.begin(state, &worker),
            Phase::Acknowledge => {
                state.take(worker.slot);
                Next::Return
            }
            _ => {
                let reply = self.request(state, &worker)?;
                self.after(&worker, reply)
            }
        };
        match next {
            Next::Go(phase) => {
                state.workers[index] = Some(Worker { phase, asked: None, ..worker });
            }
            Next::Return => self.give_back(state, index, 0),
            Next::ReturnAfter(rest) => self.give_back(state, index, rest),
            Next::Drop => state.workers[index] = None,
        }
        Some(())
    }

    /// Sends a request; what it finds there may have changed since the worker decided on it.
    pub(crate) fn request(&self, state: &mut State, worker: &Worker) -> Option<Reply> {
        let event = self.scenario.events[usize::from(worker.event)];
        let variant = self.variant;
        Some(match worker.phase {
            Phase::Claim => {
                let before = *state.row(worker);
                let claim = store::claim(state.row(worker), worker, variant);
                self.witness.claim(before.as_ref(), worker, &claim);
                if self.scenario.visibility > 0 && matches!(claim, Claim::Busy(_)) {
                    state.break_promise(Broken::BusyAfterACrash);
                }
                Reply::Claim(claim)
            }
            Phase::Enter => {
                let entry = store::enter(&mut state.resource, worker, &self.scenario.events, variant);
                self.witness.entry(entry);
                if matches!(entry, Entry::Granted | Entry::Repeated) {
                    state.seen.let_in |= 1 << worker.event;
                }
                Reply::Entry(entry)
            }
            Phase::Leave(end) => {
                let has_run = end == End::Done;
                let settled = store::leave(&mut state.resource, worker, &self.scenario.events, has_run, variant);
                self.witness.settled(settled, Fact::LeaveLost);
                if has_run && settled == Settled::Written {
                    self.complete(state, worker);
                }
                Reply::Settled(settled)
            }
            Phase::SendCopy => {
                let Worker { event, generation, body, stay, .. } = *worker;
                let hidden = DELAY.max(self.scenario.visibility.min(DELAY));
                let copy = Message { event, generation, body, receives: 0, stay, hidden, in_dlq: false };
                state.send(copy).then_some(Reply::Sent)?
            }
            Phase::Settle(end) => {
                let settled = store::settle(state.row(worker), worker, end, variant);
                self.witness.settled(settled, Fact::SettleLost);
                if settled == Settled::Written {
                    self.witness.ended(end, worker);
                    if end == End::Done && event.latest {
                        self.complete(state, worker);
                    }
                    self.gave_way(state, worker, end);
                    if matches!(end, End::Done | End::Stale | End::Repeated) {
                        state.seen.ended[usize::from(worker.event)][usize::from(worker.generation)] = true;
                    }
                }
                Reply::Settled(settled)
            }
            Phase::Begin | Phase::Act | Phase::Acknowledge => return None,
        })
    }

    fn after(&self, worker: &Worker, reply: Reply) -> Next {
        let latest = self.scenario.events[usize::from(worker.event)].latest;
        match (worker.phase, reply) {
            (_, Reply::Claim(Claim::Granted { .. })) => Next::Go(if latest { Phase::Enter } else { Phase::Begin }),
            (_, Reply::Claim(Claim::Duplicate | Claim::Redelivered | Claim::SupersededByCopy)) => {
                Next::Go(Phase::Acknowledge)
            }
            (_, Reply::Claim(Claim::Busy(rest))) => Next::ReturnAfter((rest.as_secs() / TICK.as_secs()) as Ticks + 1),
            (_, Reply::Claim(Claim::Mismatch | Claim::PermanentlyFailed)) => Next::Return,
            (_, Reply::Entry(Entry::Granted)) => Next::Go(Phase::Begin),
            (_, Reply::Entry(Entry::Stale(_))) => Next::Go(Phase::Settle(End::Stale)),
            (_, Reply::Entry(Entry::Repeated)) => Next::Go(Phase::Settle(End::Repeated)),
            (_, Reply::Entry(Entry::Ran)) => Next::Go(Phase::Settle(End::Done)),
            (_, Reply::Entry(Entry::Busy(_))) => Next::Go(Phase::Settle(End::Transient)),
            // Whoever has the lease now ends the event.
            (_, Reply::Settled(Settled::Lost)) => Next::Drop,
            (Phase::Leave(end), _) => self.after_leave(end),
            (Phase::SendCopy, _) if self.variant == Some(Variant::ParkToldBeforeTheCopy) => {
                Next::Go(Phase::Acknowledge)
            }
            (Phase::SendCopy, _) => Next::Go(Phase::Settle(End::Parked)),
            (Phase::Settle(end), _) => self.after_settle(end, latest),
            _ => Next::Return,
        }
    }

    fn after_leave(&self, end: End) -> Next {
        match (end, self.variant) {
            (End::Done, Some(Variant::SettledBeforeLeft)) => Next::Go(Phase::Acknowledge),
            (End::Parked, Some(Variant::ParkToldBeforeTheCopy)) => Next::Go(Phase::Settle(End::Parked)),
            (End::Parked, _) => Next::Go(Phase::SendCopy),
            _ => Next::Go(Phase::Settle(end)),
        }
    }

    fn after_settle(&self, end: End, latest: bool) -> Next {
        match (end, self.variant) {
            (End::Done, Some(Variant::SettledBeforeLeft)) if latest => Next::Go(Phase::Leave(End::Done)),
            (End::Parked, Some(Variant::ParkToldBeforeTheCopy)) => Next::Go(Phase::SendCopy),
            (End::Done | End::Stale | End::Repeated | End::Parked, _) => Next::Go(Phase::Acknowledge),
            (End::Transient | End::Permanent, _) => Next::Return,
        }
    }

    /// The effect begins, unless it is too late.
    fn begin(&self, state: &mut State, worker: &Worker) -> Next {
        if worker.is_late() && self.variant != Some(Variant::NoCheckAtTheDeadline) {
            return self.ended(worker, End::Transient);
        }
        if let Some(row) = *state.row(worker)
            && !(row.owner == worker.owner && matches!(row.state, RowState::Leased(_)))
        {
            state.break_promise(Broken::ActedWithoutTheLease);
        }
        if state.seen.ended[usize::from(worker.event)][usize::from(worker.generation)] {
            state.broken = Some(Broken::ActedAfterTheEnd);
        }
        let event = self.scenario.events[usize::from(worker.event)];
        if event.latest {
            let newest = state.seen.began.map(|newest| self.scenario.events[usize::from(newest)]);
            // What shows the newest state that was let in is older than nothing, whenever it was triggered.
            let let_in = self.let_in(state).reduce(|one, other| if other.is_newer_than(one) { other } else { one });
            let is_newest = let_in.is_some_and(|newest| newest.is_same_as(&event));
            if newest.is_some_and(|newest| newest.is_newer_than(&event) && !newest.is_same_as(&event)) && !is_newest {
                state.break_promise(Broken::OlderAfterNewer);
            }
            state.seen.began = Some(self.newer(state.seen.began, worker.event));
        }
        Next::Go(Phase::Act)
    }

    /// The effect ends, for one of these reasons.
    pub(crate) fn end(&self, state: &mut State, index: usize, end: End) -> Option<()> {
        let mut worker = state.workers[index].filter(|worker| worker.phase == Phase::Act)?;
        let mut end = end;
        if end == End::Parked {
            state.left.outages = state.left.outages.checked_sub(1)?;
            match store::park(&worker, &self.scenario) {
                Ok(stay) => worker.stay = Some(stay),
                Err(_) => {
                    self.witness.note(Fact::GaveUp);
                    end = End::Permanent;
                }
            }
        }
        if let Next::Go(phase) = self.ended(&worker, end) {
            state.workers[index] = Some(Worker { phase, ..worker });
        }
        Some(())
    }

    fn ended(&self, worker: &Worker, end: End) -> Next {
        let latest = self.scenario.events[usize::from(worker.event)].latest;
        match self.variant {
            Some(Variant::AcknowledgedFirst) if end == End::Done => Next::Go(Phase::Acknowledge),
            Some(Variant::SettledBeforeLeft) if end == End::Done => Next::Go(Phase::Settle(End::Done)),
            _ if latest => Next::Go(Phase::Leave(end)),
            _ => self.after_leave(end),
        }
    }

    /// A handler still running at its deadline is stopped.
    pub(crate) fn stop_when_late(&self, worker: &mut Worker) {
        let checks = self.variant != Some(Variant::NoCheckAtTheDeadline);
        if checks
            && worker.phase == Phase::Act
            && worker.is_late()
            && let Next::Go(phase) = self.ended(worker, End::Transient)
        {
            worker.phase = phase;
        }
    }

    /// The one of two events that is of the newer state.
    fn newer(&self, one: Option<u8>, other: u8) -> u8 {
        let event = |index: u8| &self.scenario.events[usize::from(index)];
        one.filter(|one| !event(other).is_newer_than(event(*one))).unwrap_or(other)
    }

    /// The events whose states were let in.
    fn let_in(&self, state: &State) -> impl Iterator<Item = &Event> {
        let let_in = state.seen.let_in;
        self.scenario
            .events
            .iter()
            .enumerate()
            .filter(move |(index, _)| let_in & (1 << index) != 0)
            .map(|(_, event)| event)
    }

    /// The fence or the ledger was told that the event ran.
    fn complete(&self, state: &mut State, worker: &Worker) {
        let events = &self.scenario.events;
        let event = &events[usize::from(worker.event)];
        let completed = |index: usize| state.seen.completed & (1 << index) != 0;
        let others = events.iter().enumerate().filter(|(index, _)| *index != usize::from(worker.event));
        if others.into_iter().any(|(index, other)| completed(index) && other.repeats(event)) {
            state.break_promise(Broken::StateRanTwice);
        }
        state.seen.completed |= 1 << worker.event;
    }

    /// An event that never runs left its place to one that was let in.
    fn gave_way(&self, state: &mut State, worker: &Worker, end: End) {
        let events = &self.scenario.events;
        let event = &events[usize::from(worker.event)];
        match end {
            End::Stale => {
                let newer = |other: &Event| other.is_newer_than(event) && !other.is_same_as(event);
                if !self.let_in(state).any(newer) {
                    state.break_promise(Broken::StateLost);
                }
            }
            End::Repeated => {
                let ran = |index: usize| state.seen.completed & (1 << index) != 0;
                let mut others = events.iter().enumerate().filter(|(index, _)| ran(*index));
                if !others.any(|(_, other)| other.topic == event.topic && other.is_same_as(event)) {
                    state.break_promise(Broken::StateLost);
                }
                // Its state was published, and is known to be that of this trigger.
                state.seen.began = Some(self.newer(state.seen.began, worker.event));
            }
            _ => {}
        }
    }

    fn give_back(&self, state: &mut State, index: usize, rest: Ticks) {
        let Some(worker) = state.workers[index].take() else { return };
        if let Some(message) = state.messages.get_mut(usize::from(worker.slot)).and_then(Option::as_mut) {
            message.hidden = if self.scenario.visibility > 0 { rest } else { 0 };
        }
    }
}
