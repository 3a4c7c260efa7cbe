//! What happened to an event, in the order of time.

use jiff::Timestamp;
use weir_core::{
    UnixMillis,
    ledger::{Action, Attempt, Record, SLOTS, State},
};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    /// When; `None` where nobody wrote it down.
    pub at: Option<UnixMillis>,
    /// What.
    pub kind: TimelineKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum TimelineKind {
    /// Shopify triggered it.
    Triggered {
        /// The time as Shopify gave it.
        as_given: String,
    },
    /// weir received it.
    Received {
        /// How long after it was triggered, in milliseconds, by two clocks.
        delay_ms: Option<i64>,
    },
    /// An attempt that ended.
    Attempt(Attempt),
    /// Attempts whose end the worker never wrote down: it died, or its time ran out.
    Unfinished {
        /// The first of them.
        first: u32,
        /// The last of them.
        last: u32,
    },
    /// Attempts that the ledger no longer keeps.
    Forgotten {
        /// The first of them.
        first: u32,
        /// The last of them.
        last: u32,
    },
    /// An attempt that goes on.
    Begun {
        /// Its number.
        number: u32,
        /// Until when the worker holds the event.
        until: UnixMillis,
    },
    /// What an operator did.
    Action(Action),
    /// It was delivered again after it had ended.
    Duplicates {
        /// How often.
        count: u32,
    },
    /// Another body was delivered under its id.
    Mismatches {
        /// How often.
        count: u32,
    },
}

/// What the ledger has of an event, in the order of time.
#[must_use]
pub fn timeline(record: &Record) -> Vec<TimelineEntry> {
    let mut entries = beginning(record);
    let is_leased = matches!(record.state, State::Leased { .. });
    let ended = record.attempts - u32::from(is_leased).min(record.attempts);
    let mut missing = Vec::new();
    let mut actions = record.actions.iter().peekable();
    let mut actions_until = |at: UnixMillis| {
        let due = std::iter::from_fn(|| actions.next_if(|action| action.at <= at));
        due.map(|action| at_time(action.at, TimelineKind::Action(action.clone()))).collect::<Vec<_>>()
    };
    for number in 1..=ended {
        if let Some(attempt) = record.history.iter().find(|attempt| attempt.number == number) {
            entries.extend(gap(&mut missing, record));
            entries.extend(actions_until(attempt.begun));
            entries.push(at_time(attempt.begun, TimelineKind::Attempt(attempt.clone())));
        } else {
            missing.push(number);
        }
    }
    entries.extend(gap(&mut missing, record));
    entries.extend(actions_until(if is_leased { record.updated_at } else { UnixMillis(i64::MAX) }));
    if let State::Leased { until } = record.state {
        entries.push(at_time(record.updated_at, TimelineKind::Begun { number: record.attempts, until }));
        entries.extend(actions_until(UnixMillis(i64::MAX)));
    }
    if record.duplicates > 0 {
        entries.push(without_time(TimelineKind::Duplicates { count: record.duplicates }));
    }
    if record.mismatches > 0 {
        entries.push(without_time(TimelineKind::Mismatches { count: record.mismatches }));
    }
    entries
}

fn beginning(record: &Record) -> Vec<TimelineEntry> {
    let received = |delay_ms| at_time(record.received_at, TimelineKind::Received { delay_ms });
    let Some(as_given) = &record.triggered_at else { return vec![received(None)] };
    let at = as_given.parse().ok().map(|at: Timestamp| UnixMillis(at.as_millisecond()));
    let triggered = TimelineEntry { at, kind: TimelineKind::Triggered { as_given: as_given.clone() } };
    vec![triggered, received(at.map(|at| record.received_at.0 - at.0))]
}

/// The attempts that the ledger does not have, which are none afterwards.
fn gap(missing: &mut Vec<u32>, record: &Record) -> Option<TimelineEntry> {
    let (first, last) = (*missing.first()?, *missing.last()?);
    missing.clear();
    let would_be_kept = record.attempts.saturating_sub(last) < SLOTS && !record.history.is_empty();
    Some(without_time(match would_be_kept {
        true => TimelineKind::Unfinished { first, last },
        false => TimelineKind::Forgotten { first, last },
    }))
}

fn at_time(at: UnixMillis, kind: TimelineKind) -> TimelineEntry {
    TimelineEntry { at: Some(at), kind }
}

fn without_time(kind: TimelineKind) -> TimelineEntry {
    TimelineEntry { at: None, kind }
}

#[cfg(test)]
mod tests {
    use weir_core::ledger::ActionKind;

    use super::super::fixtures::{NOW, attempt, record};
    use super::*;

    #[test]
    fn time_that_can_not_be_read_is_given_as_it_came() {
        let record = Record { triggered_at: Some("yesterday".into()), ..record() };
        let [triggered, received, ..] = &timeline(&record)[..] else { panic!("both are there") };
        let as_given = "yesterday".to_owned();
        assert_eq!(*triggered, TimelineEntry { at: None, kind: TimelineKind::Triggered { as_given } });
        assert_eq!(received.kind, TimelineKind::Received { delay_ms: None });
    }

    #[test]
    fn attempt_that_never_ended_and_one_that_is_no_longer_kept_are_told_apart() {
        let history = (6..=14).filter(|number| *number != 9).map(|number| attempt(number, None)).collect();
        let record = Record { state: State::Leased { until: NOW }, attempts: 15, history, ..record() };
        let kinds: Vec<TimelineKind> = timeline(&record).into_iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds[1], TimelineKind::Forgotten { first: 1, last: 5 });
        assert_eq!(kinds[5], TimelineKind::Unfinished { first: 9, last: 9 });
        assert_eq!(kinds.last(), Some(&TimelineKind::Begun { number: 15, until: NOW }));
    }

    #[test]
    fn action_of_an_operator_stands_between_the_attempts() {
        let at = UnixMillis(1_795_755_600_120 + 15_000);
        let action = Action::new(ActionKind::Replayed { generation: 0 }, at, "ann@desk", "op", None);
        let history = vec![attempt(1, None), attempt(2, None)];
        let record = Record { attempts: 2, history, actions: vec![action.clone()], ..record() };
        let entries = timeline(&record);
        assert!(
            matches!(entries[1].kind, TimelineKind::Attempt(_)) && matches!(entries[3].kind, TimelineKind::Attempt(_))
        );
        assert_eq!(entries[2], at_time(at, TimelineKind::Action(action)));
    }
}
