//! Without further faults, every event ends: each state is led on by a worker that works, a lane that shows its
//! messages and a clock.

use stateright::Model;

use super::{
    model::{Action, Protocol},
    state::{End, Message, Phase, RowState, State},
};

/// More steps than any run takes.
const STEPS: usize = 200;

/// Whether the events end, should all further effects succeed, and should all fail.
pub(crate) fn ends(protocol: &Protocol, state: &State) -> bool {
    state.broken.is_some() || [End::Done, End::Transient].into_iter().all(|end| leads_to_an_end(protocol, *state, end))
}

fn leads_to_an_end(protocol: &Protocol, mut state: State, end: End) -> bool {
    for _ in 0..STEPS {
        let Some(action) = next(protocol, &state, end) else { return is_quiet(&state) };
        let Some(after) = protocol.next_state(&state, action) else { return false };
        state = after;
    }
    false
}

fn next(protocol: &Protocol, state: &State, end: End) -> Option<Action> {
    if let Some(worker) = state.workers[0] {
        return Some(match worker.phase {
            Phase::Act => Action::End { worker: 0, end },
            _ => Action::Step { worker: 0 },
        });
    }
    let waiting = |(slot, message): (u8, &Option<Message>)| Some((slot, (*message)?));
    let in_lane: Vec<_> =
        (0..).zip(&state.messages).filter_map(waiting).filter(|(_, message)| !message.in_dlq).collect();
    if let Some((slot, message)) = in_lane.iter().find(|(_, message)| message.hidden == 0) {
        let exhausted = message.receives >= protocol.scenario.max_receives;
        return Some(if exhausted { Action::ToDlq { slot: *slot } } else { Action::Receive { slot: *slot, ahead: 0 } });
    }
    (!in_lane.is_empty()).then_some(Action::Tick)
}

/// No event is under way: it ended, or nothing of it is left but what lies in the DLQ.
fn is_quiet(state: &State) -> bool {
    for (event, accepted) in state.seen.accepted.iter().enumerate() {
        for (generation, _) in accepted.iter().enumerate().filter(|(_, bodies)| **bodies > 0) {
            let row = state.ledger[event][generation];
            let ended = row.is_some_and(|row| matches!(row.state, RowState::Done | RowState::Stale));
            let of_it = |message: &Message| {
                (usize::from(message.event), usize::from(message.generation)) == (event, generation)
            };
            if !ended && !state.messages.iter().flatten().any(of_it) {
                return false;
            }
        }
    }
    true
}
