//! An event's story: what happened to it, in the order of time.

use jiff::Timestamp;
use weir_core::{
    UnixMillis,
    ledger::{Attempt, Outcome, Record, SLOTS, State},
};

use super::{copies::Place, view::EventView};

/// The whole story for people.
pub(super) fn story(record: &Record, place: Place) -> String {
    let lane = record.lane.as_str();
    let some = |count: u32| (count > 0).then(|| count.to_string());
    let facts = [
        ("state", Some(state(record))),
        ("message", Some(place.in_words(lane))),
        ("topic", record.topic.clone()),
        ("resource", record.resource.clone()),
        ("lane", Some(lane.to_owned())),
        ("app", record.app.clone()),
        ("replay", some(record.key.generation)),
        ("attempts", Some(record.attempts.to_string())),
        ("parked", some(record.parks)),
        ("duplicates", some(record.duplicates)),
        ("other bodies", some(record.mismatches)),
        ("last error", record.last_error.clone()),
        // Where the first line does not have it.
        ("webhook id", record.webhook_id.clone()),
        ("came also as", record.other_webhook_id().map(str::to_owned)),
        ("event id", record.event_id.clone()),
        ("body SHA-256", Some(record.body_sha256.clone())),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| Some(format!("  {name:<12}  {}", value?)));
    let told = timeline(record);
    let told = told.into_iter().map(|(at, what)| format!("  {at:<24}  {what}"));
    let name = EventView::at(record, place).name();
    std::iter::once(name).chain(facts).chain(std::iter::once(String::new())).chain(told).collect::<Vec<_>>().join("\n")
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
        State::Parked { .. } => "parked: what it needs is not there; a copy of its message comes back",
        State::Failed(failure) if failure.is_permanent() => {
            "failed: trying again can't help, so it goes to its lane's dead-letter queue"
        }
        State::Failed(_) => "failed: it is tried again, until its lane gives it up to the dead-letter queue",
    };
    told.to_owned()
}

/// What happened, each with its time; what happened at a time that nobody wrote down has a dash.
fn timeline(record: &Record) -> Vec<(String, String)> {
    let dash = || "-".to_owned();
    let mut told = Vec::new();
    if let Some(triggered_at) = &record.triggered_at {
        let at: Option<Timestamp> = triggered_at.parse().ok();
        let at = at.map(|at| UnixMillis(at.as_millisecond()));
        told.push((at.map_or_else(|| triggered_at.clone(), |at| at.to_string()), "triggered, by Shopify".to_owned()));
        let late = at.map(|at| format!(", {} after it was triggered", took(record.received_at.0 - at.0)));
        told.push((record.received_at.to_string(), format!("received{}", late.unwrap_or_default())));
    } else {
        told.push((record.received_at.to_string(), "received".to_owned()));
    }
    let is_leased = matches!(record.state, State::Leased { .. });
    let ended = record.attempts - u32::from(is_leased).min(record.attempts);
    let mut missing = Vec::new();
    for number in 1..=ended {
        if let Some(attempt) = record.history.iter().find(|attempt| attempt.number == number) {
            told.extend(gap(&mut missing, record).map(|text| (dash(), text)));
            told.push((attempt.begun.to_string(), attempt_in_words(attempt)));
        } else {
            missing.push(number);
        }
    }
    told.extend(gap(&mut missing, record).map(|text| (dash(), text)));
    if let State::Leased { until } = &record.state {
        let text = format!("attempt {}: begun, with a lease until {until}", record.attempts);
        told.push((record.updated_at.to_string(), text));
    }
    for (count, what) in [
        (record.duplicates, "came again after it had ended, and was ignored"),
        (record.mismatches, "came with another body under its id, which was refused"),
    ] {
        if count > 0 {
            told.push((dash(), format!("{what}: {count} times")));
        }
    }
    told
}

/// Says of the attempts that are not told why they are not, and forgets them.
fn gap(missing: &mut Vec<u32>, record: &Record) -> Option<String> {
    let (first, last) = (*missing.first()?, *missing.last()?);
    missing.clear();
    let which = if first == last { format!("attempt {first}") } else { format!("attempts {first} to {last}") };
    let has_been_kept = record.attempts.saturating_sub(last) < SLOTS && !record.history.is_empty();
    Some(if has_been_kept {
        format!("{which}: never told the end; the worker died, or its time ran out")
    } else {
        format!("{which}: no longer told; the last {SLOTS} are kept")
    })
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
    use weir_core::Failure;

    use super::super::view::tests::{NOW, attempt, record};
    use super::*;

    fn told(record: &Record) -> Vec<String> {
        timeline(record).into_iter().map(|(at, what)| format!("{at} {what}")).collect()
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
            told(&record),
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
        let told = told(&record);
        assert!(told[1].starts_with("- attempts 1 to 5: no longer told"), "{told:?}");
        assert!(told[5].starts_with("- attempt 9: never told the end"), "{told:?}");
        assert!(told.last().unwrap().contains("attempt 15: begun, with a lease until"), "{told:?}");
    }

    #[test]
    fn what_is_not_known_takes_no_line() {
        let record = record();
        let story = story(&record, Place::of(&record, None, NOW));
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
        let story = story(&record, Place::of(&record, None, UnixMillis(NOW.0 - 1)));
        assert!(story.contains("a delayed copy: it is seen from 2026-11-27T05:01:40.000Z on"), "{story}");
        assert!(
            story.contains("parked after 1.0 s: erp is switched off (INC-7); comes back after 1 min 28 s"),
            "{story}"
        );
        let failed = Record { state: State::Failed(Failure::transient("x")), ..record };
        assert!(super::story(&failed, Place::Hidden(NOW)).contains("hidden until"));
    }

    #[test]
    fn lengths_of_time_are_short() {
        let lengths = [0, 999, 1_990, 61_000, 3_660_000, -2_500].map(took);
        assert_eq!(lengths, ["0 ms", "999 ms", "1.9 s", "1 min 1 s", "1 h 1 min", "-2.5 s"]);
    }
}
