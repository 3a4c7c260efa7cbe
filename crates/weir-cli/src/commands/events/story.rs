//! An event's story: what happened to it, in the order of time.

use weir_core::{
    envelope::is_reserved_id,
    ledger::{Action, ActionKind, Attempt, Outcome, Record, SLOTS, State},
};
use weir_ops::events::{MessageLocation, TimelineEntry, TimelineKind, timeline};

use crate::layout::joined;

/// The whole story for people.
pub(super) fn story(record: &Record, location: MessageLocation) -> String {
    let lane = record.lane.as_str();
    let some = |count: u32| (count > 0).then(|| count.to_string());
    let facts = [
        ("state", Some(state(record))),
        ("message", Some(message(record, location))),
        ("topic", record.topic.clone().map(Into::into)),
        ("resource", record.resource.clone()),
        ("lane", Some(lane.to_owned())),
        ("app", record.app.clone().map(Into::into)),
        ("test", record.test.then(|| "a test notification, as Shopify says".to_owned())),
        ("replay", some(record.key.generation)),
        ("attempts", Some(record.attempts.to_string())),
        ("parked", some(record.parks)),
        ("duplicates", some(record.duplicates)),
        ("other bodies", some(record.mismatches)),
        ("last error", record.last_error.clone()),
        // Where the first line does not have it.
        ("webhook id", record.webhook_id.clone().map(Into::into)),
        ("came also as", record.other_webhook_id().map(ToString::to_string)),
        ("event id", record.event_id.clone().map(Into::into)),
        ("body SHA-256", Some(record.body_sha256.clone())),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| Some(format!("  {name:<12}  {}", value?)));
    let told = told(record).into_iter().map(|(at, what)| format!("  {at:<24}  {what}"));
    let name = record.key.event.clone();
    joined(std::iter::once(name).chain(facts).chain(std::iter::once(String::new())).chain(told))
}

fn is_repeated(record: &Record) -> bool {
    record.history.last().is_some_and(|attempt| attempt.outcome == Outcome::Repeated)
}

fn state(record: &Record) -> String {
    let told = match &record.state {
        State::Leased { .. } => "leased: a worker acts on it",
        State::Done => "done: it took effect, and never runs again",
        State::Stale if is_repeated(record) => "stale: the same state of its resource came before, so it never runs",
        State::Stale => "stale: a newer version of its resource came first, so it never runs",
        State::Dropped => "dropped: an operator gave it up, and it never runs",
        State::Replaced { generation } => {
            return format!("replaced: an operator gave it another body, with which it runs as replay {generation}");
        }
        State::Parked { .. } => "parked: what it needs is not there; a copy of its message comes back",
        State::Failed(failure) if failure.is_permanent() => {
            "failed: trying again can't help, so it goes to its lane's dead-letter queue"
        }
        State::Failed(_) => "failed: it is tried again, until its lane gives it up to the dead-letter queue",
    };
    told.to_owned()
}

/// Where its message is, and those that came with another body under its id.
fn message(record: &Record, location: MessageLocation) -> String {
    let mut said = in_words(location, record.lane.as_str());
    if record.mismatches > 0 {
        said.push_str("; one with another body under its id was refused, and is in the dead-letter queue unless somebody replayed or dropped it");
    }
    said
}

/// Where its message is, with the times.
fn in_words(location: MessageLocation, lane: &str) -> String {
    match location {
        MessageLocation::Nowhere => "nowhere: it ended, and its message was deleted".to_owned(),
        MessageLocation::WithWorker(until) => format!("with a worker of lane {lane}, until {until} at the latest"),
        MessageLocation::Abandoned(since) => format!(
            "in lane {lane}: the lease of the worker that had it ended at {since}; it comes back when the lane shows it again"
        ),
        MessageLocation::Hidden(until) => format!("in lane {lane}, hidden until {until}"),
        MessageLocation::Due => format!("in lane {lane}, for the next worker that is free"),
        MessageLocation::Delayed(until) => format!("in lane {lane}, a delayed copy: it is seen from {until} on"),
        MessageLocation::DeadLettered(since) => format!("in the dead-letter queue of lane {lane}, since about {since}"),
        MessageLocation::DueOrDeadLettered(since) => format!(
            "it was due at {since}: in lane {lane} if its workers are behind, else in the lane's dead-letter queue"
        ),
    }
}

/// What an operator did, in words.
fn action(action: &Action) -> String {
    let Action { kind, by, operation, reason, .. } = action;
    let did = match kind {
        ActionKind::Dropped => "dropped".to_owned(),
        ActionKind::Replayed { generation: 0 } => "sent back to its lane".to_owned(),
        ActionKind::Replayed { generation } => format!("sent back to its lane, as replay {generation}"),
        ActionKind::Repaired { generation, .. } => format!("given another body, as replay {generation}"),
    };
    let why = reason.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    format!("{did} by {by} ({operation}){why}")
}

/// What happened, each with its time; what happened at a time that nobody wrote down has a dash.
fn told(record: &Record) -> Vec<(String, String)> {
    let is_synthetic = is_reserved_id(record.webhook_id());
    let said = |entry: &TimelineEntry| match &entry.kind {
        TimelineKind::Triggered { .. } if is_synthetic => {
            "changed at Shopify, which delivered no event of it: a reconciliation found it".to_owned()
        }
        kind => what(kind),
    };
    timeline(record).iter().map(|entry| (time(entry), said(entry))).collect()
}

fn time(entry: &TimelineEntry) -> String {
    match (&entry.at, &entry.kind) {
        (Some(at), _) => at.to_string(),
        (None, TimelineKind::Triggered { as_given }) => as_given.clone(),
        (None, _) => "-".to_owned(),
    }
}

fn what(kind: &TimelineKind) -> String {
    let which = |first: u32, last: u32| match first == last {
        true => format!("attempt {first}"),
        false => format!("attempts {first} to {last}"),
    };
    match kind {
        TimelineKind::Triggered { .. } => "triggered, by Shopify".to_owned(),
        TimelineKind::Received { delay_ms: None } => "received".to_owned(),
        TimelineKind::Received { delay_ms: Some(delay) } => {
            format!("received, {} after it was triggered", took(*delay))
        }
        TimelineKind::Attempt(attempt) => attempt_in_words(attempt),
        TimelineKind::Unfinished { first, last } => {
            format!("{}: never told the end; the worker died, or its time ran out", which(*first, *last))
        }
        TimelineKind::Forgotten { first, last } => {
            format!("{}: no longer told; the last {SLOTS} are kept", which(*first, *last))
        }
        TimelineKind::Begun { number, until } => format!("attempt {number}: begun, with a lease until {until}"),
        TimelineKind::Action(one) => action(one),
        TimelineKind::Duplicates { count } => {
            format!("came again after it had ended, and was ignored: {count} times")
        }
        TimelineKind::Mismatches { count } => {
            format!("came with another body under its id, which was refused: {count} times")
        }
    }
}

fn attempt_in_words(attempt: &Attempt) -> String {
    let Attempt { number, receives, begun, ended, outcome, comes_back, error } = attempt;
    let outcome = match outcome {
        Outcome::Done => "done",
        Outcome::Stale => "stale: a newer version of its resource came first",
        Outcome::Repeated => "stale: the same state of its resource came before, by the same topic",
        Outcome::Failed => "failed",
        Outcome::FailedForGood => "failed for good",
        Outcome::Parked => "parked",
    };
    let mut text = format!("attempt {number} (receive {receives}): {outcome} after {}", took(ended.0 - begun.0));
    if let Some(error) = error {
        text.push_str(&format!(": {error}"));
    }
    if let Some(at) = comes_back {
        text.push_str(&format!("; comes back after {}, at {at}", took(at.0 - ended.0)));
    }
    text
}

/// A length of time, in milliseconds, for people.
fn took(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    match millis {
        0..1_000 => format!("{sign}{millis} ms"),
        1_000..60_000 => format!("{sign}{}.{} s", millis / 1_000, millis % 1_000 / 100),
        60_000..3_600_000 => format!("{sign}{} min {} s", millis / 60_000, millis % 60_000 / 1_000),
        _ => format!("{sign}{} h {} min", millis / 3_600_000, millis % 3_600_000 / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use weir_core::{Failure, UnixMillis};

    use super::super::fixtures::{NOW, attempt, record};
    use super::*;

    fn lines(record: &Record) -> Vec<String> {
        told(record).into_iter().map(|(at, what)| format!("{at} {what}")).collect()
    }

    #[test]
    fn a_retried_event_tells_each_attempt_with_its_error_and_delay() {
        let mut done = attempt(2, None);
        (done.outcome, done.error) = (Outcome::Done, None);
        let record = Record {
            state: State::Done,
            attempts: 2,
            duplicates: 2,
            mismatches: 1,
            triggered_at: Some("2026-11-27T06:59:58.000000001+02:00".into()),
            history: vec![attempt(1, Some(UnixMillis(1_795_755_616_320))), done],
            ..record()
        };
        assert_eq!(
            lines(&record),
            [
                "2026-11-27T04:59:58.000Z triggered, by Shopify",
                "2026-11-27T05:00:00.120Z received, 2.1 s after it was triggered",
                "2026-11-27T05:00:10.120Z attempt 1 (receive 1): failed after 1.0 s: timed out; comes back after 5.2 s, at \
                 2026-11-27T05:00:16.320Z",
                "2026-11-27T05:00:20.120Z attempt 2 (receive 2): done after 1.0 s",
                "- came again after it had ended, and was ignored: 2 times",
                "- came with another body under its id, which was refused: 1 times",
            ]
        );
    }

    #[test]
    fn an_attempt_that_never_ended_and_one_that_is_no_longer_kept_are_told_apart() {
        let history = (6..=14).filter(|number| *number != 9).map(|number| attempt(number, None)).collect();
        let state = State::Leased { until: NOW };
        let record = Record { state, attempts: 15, history, ..record() };
        let told = lines(&record);
        assert!(told[1].starts_with("- attempts 1 to 5: no longer told"), "{told:?}");
        assert!(told[5].starts_with("- attempt 9: never told the end"), "{told:?}");
        assert!(told.last().unwrap().contains("attempt 15: begun, with a lease until"), "{told:?}");
    }

    #[test]
    fn operator_actions_are_listed_between_the_attempts() {
        let at = |kind, seconds: i64, why| {
            Action::new(kind, UnixMillis(1_795_755_600_120 + seconds * 1_000), "ann@desk", "20261127T050000Z-1f3a", why)
        };
        let repaired = ActionKind::Repaired { generation: 1, body_sha256: "bb".into() };
        let record = Record {
            state: State::Replaced { generation: 1 },
            attempts: 2,
            history: vec![attempt(1, None), attempt(2, None)],
            actions: vec![at(ActionKind::Replayed { generation: 0 }, 15, None), at(repaired, 40, Some("INC-7"))],
            ..record()
        };
        let told = lines(&record);
        assert!(told[1].contains("attempt 1") && told[3].contains("attempt 2"), "{told:?}");
        assert_eq!(told[2], "2026-11-27T05:00:15.120Z sent back to its lane by ann@desk (20261127T050000Z-1f3a)");
        assert!(told[4].ends_with("given another body, as replay 1 by ann@desk (20261127T050000Z-1f3a): INC-7"));
        assert!(state(&record).starts_with("replaced: ") && state(&record).ends_with("as replay 1"));
    }

    #[test]
    fn message_with_another_body_is_not_said_to_be_nowhere() {
        let record = Record { state: State::Done, mismatches: 1, ..record() };
        let story = story(&record, MessageLocation::Nowhere);
        assert!(
            story.contains("was deleted; one with another body under its id was refused, and is in the dead-letter")
        );
    }

    #[test]
    fn synthetic_event_is_not_said_to_be_triggered_by_shopify() {
        let mut record = Record { triggered_at: Some("2026-11-27T04:59:58Z".into()), ..record() };
        record.key.event = "north.myshopify.com#weir-reconcile-default-orders-7".into();
        let told = lines(&record);
        assert!(told[0].ends_with("a reconciliation found it"), "{told:?}");
    }

    #[test]
    fn unknown_part_of_an_event_takes_no_line() {
        let record = record();
        let story = story(&record, MessageLocation::of(&record, None, NOW));
        assert!(story.starts_with("north.myshopify.com#1\n  state "), "{story}");
        assert!(story.contains("\n  last error    the body is not JSON\n"), "{story}");
        assert!(story.contains("\n  message       in the dead-letter queue of lane standard, since about"), "{story}");
        assert!(!story.contains("triggered") && !story.contains("replay"), "{story}");
    }

    #[test]
    fn a_switched_off_event_says_until_when_it_waits() {
        let mut parked = attempt(1, Some(NOW));
        (parked.outcome, parked.error) = (Outcome::Parked, Some("erp is switched off (INC-7)".into()));
        let state = State::Parked { until: NOW };
        let record = Record { state, attempts: 1, parks: 1, history: vec![parked], ..record() };
        let story = story(&record, MessageLocation::of(&record, None, UnixMillis(NOW.0 - 1)));
        assert!(story.contains("a delayed copy: it is seen from 2026-11-27T05:01:40.000Z on"), "{story}");
        assert!(
            story.contains("parked after 1.0 s: erp is switched off (INC-7); comes back after 1 min 28 s"),
            "{story}"
        );
        let failed = Record { state: State::Failed(Failure::transient("x")), ..record };
        assert!(super::story(&failed, MessageLocation::Hidden(NOW)).contains("hidden until"));
    }

    #[test]
    fn lengths_of_time_are_short() {
        let lengths = [0, 999, 1_990, 61_000, 3_660_000, -2_500].map(took);
        assert_eq!(lengths, ["0 ms", "999 ms", "1.9 s", "1 min 1 s", "1 h 1 min", "-2.5 s"]);
    }
}
