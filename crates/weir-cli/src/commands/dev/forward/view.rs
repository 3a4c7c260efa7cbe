//! What is shown: a line for people, an object for programs.

use serde::Serialize;
use weir_core::{UnixMillis, ledger::Record};
use weir_local::{Answer, Post};
use weir_ops::{events::MessageLocation, health::CircuitStatus};

use crate::when::when;

/// What can be typed.
pub(super) const KEYS: &str = "type r and Enter to send the last event again";

/// Something that happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Told {
    /// The server was sent an event.
    Forwarded(PostTold),
    /// What weir makes of the answer, or how that ended.
    State(StateTold),
    /// A circuit opened, tries again or closed.
    Circuit(CircuitTold),
}

/// A post, as it is told.
#[derive(Debug, Serialize)]
pub(super) struct PostTold {
    at: String,
    key: Option<String>,
    topic: Option<String>,
    generation: u32,
    attempt: u32,
    status: Option<u16>,
    /// Why there is no status.
    no_answer: Option<String>,
    took_ms: u128,
}

/// An event of the ledger, as it is told.
#[derive(Debug, Serialize)]
pub(super) struct StateTold {
    at: String,
    key: String,
    generation: u32,
    state: &'static str,
    /// Where its message is.
    message: &'static str,
    /// Until when, or since when, it is there.
    message_at: Option<String>,
    last_error: Option<String>,
    #[serde(skip)]
    now: UnixMillis,
}

/// A circuit, as it is told.
#[derive(Debug, Serialize)]
pub(super) struct CircuitTold {
    pub(super) name: String,
    pub(super) phase: &'static str,
    until: Option<String>,
    reason: Option<String>,
}

impl Told {
    pub(super) fn of_post(post: &Post, now: UnixMillis) -> Self {
        let (status, no_answer) = match &post.answer {
            Answer::Status(status) => (Some(*status), None),
            Answer::None(why) => (None, Some(why.clone())),
        };
        Self::Forwarded(PostTold {
            at: now.to_string(),
            key: post.event.clone(),
            topic: post.topic.clone(),
            generation: post.generation,
            attempt: post.attempt,
            status,
            no_answer,
            took_ms: post.took.as_millis(),
        })
    }

    pub(super) fn of_record(record: &Record, location: MessageLocation, now: UnixMillis) -> Self {
        Self::State(StateTold {
            at: record.updated_at.to_string(),
            key: record.key.event.clone(),
            generation: record.key.generation,
            state: record.state.as_str(),
            message: location.as_str(),
            message_at: location.time().map(|at| at.to_string()),
            last_error: record.last_error.clone(),
            now,
        })
    }
}

impl CircuitTold {
    pub(super) fn of(circuit: &CircuitStatus) -> Self {
        let CircuitStatus { name, phase, until, reason, .. } = circuit;
        Self { name: name.clone(), phase, until: Some(until.clone()), reason: Some(reason.clone()) }
    }

    pub(super) fn closed(name: &str) -> Self {
        Self { name: name.to_owned(), phase: "closed", until: None, reason: None }
    }
}

/// A line for people.
pub(super) fn line(told: &Told) -> String {
    match told {
        Told::Forwarded(post) => forwarded(post),
        Told::State(state) => changed(state),
        Told::Circuit(circuit) => in_words(circuit),
    }
}

fn forwarded(post: &PostTold) -> String {
    let PostTold { at, key, topic, generation, attempt, status, no_answer, took_ms } = post;
    let status = status.map_or_else(|| "---".to_owned(), |status| status.to_string());
    let key = key.as_deref().unwrap_or("no event of weir's");
    let topic = topic.as_deref().unwrap_or("-");
    let replay = if *generation > 0 { format!(" (replay {generation})") } else { String::new() };
    let attempt = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
    let why = no_answer.as_ref().map_or_else(String::new, |why| format!("; {why}"));
    format!("{at}  {status}  {took_ms:>5} ms  {topic:<20}  {key}{replay}{attempt}{why}")
}

fn changed(told: &StateTold) -> String {
    let StateTold { key, state, message, message_at, last_error, now, .. } = told;
    let at = |what: &str| {
        let at = message_at.as_deref().map_or_else(String::new, |at| when(at, *now));
        format!("{what} {at}")
    };
    let what = match *message {
        "delayed" => at("parked until"),
        "hidden" => at("failed, tried again"),
        "due" => "tried again now".to_owned(),
        "dead_lettered" => "failed, in the dead-letter queue: `weir dlq list` shows it, r sends it again".to_owned(),
        "due_or_dead_lettered" => "failed for the last time: it comes into the dead-letter queue".to_owned(),
        _ => (*state).to_owned(),
    };
    let error = last_error.as_ref().filter(|_| *message != "nowhere");
    let error = error.map_or_else(String::new, |error| format!(" ({error})"));
    format!("  → {key}: {what}{error}")
}

fn in_words(circuit: &CircuitTold) -> String {
    let CircuitTold { name, phase, until, reason } = circuit;
    let until = until.as_deref().unwrap_or_default();
    let reason = reason.as_deref().unwrap_or_default();
    match *phase {
        "closed" => format!("  → circuit {name} closed: events go out again"),
        "half_open" => format!("  → circuit {name} is half open: one event tries whether the server is back"),
        _ => format!("  → circuit {name} opened until {until}: events are parked meanwhile ({reason})"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use weir_core::{
        Failure,
        ledger::{Key, State},
    };

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_755_600_000);
    const EVENT: &str = "north.myshopify.com#1";

    fn post(answer: Answer, attempt: u32) -> String {
        let took = Duration::from_millis(12);
        let (event, topic) = (Some(EVENT.to_owned()), Some("orders/create".to_owned()));
        line(&Told::of_post(&Post { event, topic, generation: 0, attempt, answer, took }, NOW))
    }

    fn state(state: State) -> String {
        let mut record = Record::new(Key { event: EVENT.to_owned(), generation: 0 }, state, NOW);
        record.last_error = Some("forward: HTTP 503".to_owned());
        line(&Told::of_record(&record, MessageLocation::of(&record, Some(5), NOW), NOW))
    }

    #[test]
    fn post_shows_status_time_topic_and_event() {
        let expected = "2026-11-27T05:00:00.000Z  200     12 ms  orders/create         north.myshopify.com#1";
        assert_eq!(post(Answer::Status(200), 1), expected);
        let none = post(Answer::None("Connection refused".into()), 3);
        assert!(none.contains("  ---  ") && none.ends_with("#1, attempt 3; Connection refused"), "{none}");
    }

    #[test]
    fn state_says_what_weir_makes_of_an_answer() {
        let parked = state(State::Parked { until: NOW + Duration::from_secs(30) });
        assert!(parked.contains("parked until 2026-11-27T05:00:30.000Z (in 30 s) (forward: HTTP 503)"), "{parked}");
        let dead = state(State::Failed(Failure::permanent("HTTP 400")));
        assert!(dead.contains("in the dead-letter queue"), "{dead}");
        assert_eq!(state(State::Done), "  → north.myshopify.com#1: done");
    }

    #[test]
    fn programs_read_the_same_names() {
        let record = Record::new(Key { event: EVENT.to_owned(), generation: 1 }, State::Done, NOW);
        let told = Told::of_record(&record, MessageLocation::Nowhere, NOW);
        let json = serde_json::to_value(&told).unwrap();
        assert_eq!((&json["event"], &json["key"], &json["state"]), (&"state".into(), &EVENT.into(), &"done".into()));
        let json = serde_json::to_value(Told::Circuit(CircuitTold::closed("destination/forward"))).unwrap();
        assert_eq!((&json["event"], &json["phase"]), (&"circuit".into(), &"closed".into()));
    }
}
