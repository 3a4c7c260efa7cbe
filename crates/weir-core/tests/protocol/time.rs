//! What passing time changes: everything is told in ticks from now.

use super::{
    model::Protocol,
    scenario::{LATE, STRAY},
    state::{RowState, State, Stay, Ticks, Worker},
};

fn age(stay: &mut Option<Stay>, at_most: Ticks) {
    if let Some(stay) = stay {
        // Longer than at most makes no difference.
        stay.since = (stay.since - 1).max(-at_most);
    }
}

/// One tick.
pub(crate) fn pass(protocol: &Protocol, state: &mut State) {
    let at_most = protocol.scenario.parked_at_most;
    for worker in state.workers.iter_mut().flatten().chain(&mut state.stray) {
        worker.deadline -= 1;
        worker.asked = worker.asked.map(|asked| asked - 1);
        age(&mut worker.stay, at_most);
        protocol.stop_when_late(worker);
    }
    for worker in &mut state.workers {
        let lives = |worker: &Worker| {
            let may_be_late = worker.is_timeless() && !protocol.scenario.is_timely();
            may_be_late || worker.ahead - worker.deadline <= LATE
        };
        *worker = worker.filter(lives);
    }
    let arrives = |stray: &Worker| stray.asked.is_none_or(|asked| stray.ahead - asked <= STRAY);
    state.stray = state.stray.filter(arrives);
    for message in state.messages.iter_mut().flatten() {
        message.hidden = (message.hidden - 1).max(0);
        age(&mut message.stay, at_most);
    }
    for row in state.ledger.iter_mut().flatten().flatten() {
        if let RowState::Leased(until) = &mut row.state {
            *until -= 1;
        }
    }
    if let Some((_, until)) = state.resource.as_mut().and_then(|resource| resource.held.as_mut()) {
        *until -= 1;
    }
}
