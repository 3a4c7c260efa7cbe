//! The promises.

use stateright::Property;

use super::{
    drain,
    model::Protocol,
    scenario::Scenario,
    state::{Broken, Phase, Row, RowState, State},
};

/// Two effects at once of one event, or of one resource.
pub(crate) fn overlap(protocol: &Protocol, state: &State) -> Option<Broken> {
    let mut acting = state.workers.iter().flatten().filter(|worker| worker.phase == Phase::Act);
    while let Some(one) = acting.next() {
        for other in acting.clone() {
            if (one.event, one.generation) == (other.event, other.generation) {
                return Some(Broken::TwoActed);
            }
            let latest = |event: u8| protocol.scenario.events[usize::from(event)].latest;
            if latest(one.event) && latest(other.event) {
                return Some(Broken::ResourceOverlapped);
            }
        }
    }
    None
}

/// An accepted event that neither ended nor lies anywhere.
pub(crate) fn is_lost(state: &State) -> bool {
    let mut found = [[0_u8; super::state::GENERATIONS]; super::state::EVENTS];
    for message in state.messages.iter().flatten() {
        found[usize::from(message.event)][usize::from(message.generation)] |= 1 << message.body;
    }
    for (rows, found) in state.ledger.iter().zip(&mut found) {
        for (row, found) in rows.iter().zip(found) {
            if let Some(row) = row.filter(|row| matches!(row.state, RowState::Done | RowState::Stale)) {
                *found |= 1 << row.body;
            }
        }
    }
    let accepted = state.seen.accepted.iter().flatten();
    accepted.zip(found.iter().flatten()).any(|(accepted, found)| accepted & !found != 0)
}

/// The lane is empty, and every event ended: what is left lies in the DLQ.
fn is_over(state: &State) -> bool {
    let ended = |row: &Row| matches!(row.state, RowState::Done | RowState::Stale);
    state.messages.iter().flatten().all(|message| message.in_dlq) && state.ledger.iter().flatten().flatten().all(ended)
}

impl Broken {
    /// The promise.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TwoActed => "one worker at a time acts on an event",
            Self::ActedAfterTheEnd => "an event that ended never runs again",
            Self::ActedWithoutTheLease => "only the holder of the lease acts",
            Self::ResourceOverlapped => "effects of one resource never overlap",
            Self::OlderAfterNewer => "no effect of an older state begins after one of a newer",
            Self::StateRanTwice => "one state, triggered at once, runs to its end once for each topic",
            Self::StateLost => "a state gives way to a newer one, or to itself, and to nothing else",
            Self::Lost => "an accepted event has ended, or its message is there",
            Self::BusyAfterACrash => "the first receive after a crash takes over",
        }
    }
}

/// A macro, for a property is a function that holds no values.
macro_rules! kept {
    ($($broken:ident),+ $(,)?) => {
        [$(Property::always(Broken::$broken.name(), |_, state: &State| state.broken != Some(Broken::$broken))),+]
    };
}

pub(crate) fn all(scenario: &Scenario) -> Vec<Property<Protocol>> {
    let mut all = Vec::from(kept![
        TwoActed,
        ActedAfterTheEnd,
        ActedWithoutTheLease,
        ResourceOverlapped,
        OlderAfterNewer,
        StateRanTwice,
        StateLost,
        Lost,
        BusyAfterACrash,
    ]);
    all.push(Property::sometimes("every event ended, and the lane is empty", |_, state| is_over(state)));
    if scenario.drained {
        all.push(Property::always("without further faults every event ends or lies in the DLQ", drain::ends));
    }
    all
}
