//! The way to a broken promise, for people.

use stateright::Path;

use super::{
    model::Action,
    state::{Phase, State, Worker},
};

/// One line a step.
pub(crate) fn lines(path: Path<State, Action>) -> Vec<String> {
    let steps = path.into_vec();
    steps.iter().filter_map(|(state, action)| Some(line(state, action.as_ref()?))).collect()
}

fn line(state: &State, action: &Action) -> String {
    let worker = |index: u8| state.workers[usize::from(index)].as_ref().map(who).unwrap_or_default();
    let message = |slot: u8| match state.messages[usize::from(slot)] {
        Some(m) => format!("event {}.{} (received {} times)", m.event, m.generation, m.receives),
        None => String::new(),
    };
    match *action {
        Action::Tick => "a tick passes".into(),
        Action::Deliver { event, sent } => format!("event {event} is delivered, its message sent: {sent}"),
        Action::Receive { slot, ahead } => format!("{} is received by a clock {ahead} ahead", message(slot)),
        Action::ToDlq { slot } => format!("{} goes to the DLQ", message(slot)),
        Action::Redrive { slot } => format!("{} comes back from the DLQ", message(slot)),
        Action::Force { event } => format!("event {event} is run again by force"),
        Action::Step { worker: index } => worker(index),
        Action::End { worker: index, end } => format!("{}: it ends, {end:?}", worker(index)),
        Action::Stray { worker: index } => format!("{}: the request goes astray", worker(index)),
        Action::Arrive => format!("astray until now: {}", state.stray.as_ref().map(who).unwrap_or_default()),
        Action::Crash { worker: index } => format!("{}: the worker crashes", worker(index)),
    }
}

fn who(worker: &Worker) -> String {
    let Worker { event, generation, owner, .. } = worker;
    let does = match worker.phase {
        Phase::Begin => "begins the effect".to_owned(),
        Phase::Act => "is in the effect".to_owned(),
        phase => format!("{phase:?}"),
    };
    // Owners are renamed with each step: who it is, the event tells.
    format!("event {event}.{generation}, worker {owner}: {does}")
}
