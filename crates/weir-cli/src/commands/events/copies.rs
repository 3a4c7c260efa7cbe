//! Where the message of an event is now, by what the ledger says.

use std::time::Duration;

use weir_core::{
    UnixMillis,
    ledger::{ActionKind, Record, State},
};

/// What was due longer ago than this, and was not tried, is not only late: the backoff's longest wait.
const OVERDUE: Duration = Duration::from_secs(15 * 60);

/// Where the message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The event ended: its message was deleted.
    Nowhere,
    /// A worker has it, until then at the latest.
    WithWorker(UnixMillis),
    /// The worker that had it died, or ran out of time: the message comes back once the lane shows it again.
    Abandoned(UnixMillis),
    /// In its lane, hidden until then.
    Hidden(UnixMillis),
    /// In its lane, to be seen by the next worker.
    Due,
    /// A delayed copy in its lane, seen from then on.
    Delayed(UnixMillis),
    /// In the lane's dead-letter queue, since about then.
    DeadLettered(UnixMillis),
    /// It was due then, and is late; or in the dead-letter queue, if that was its last receive and no copy could be sent.
    DueOrDeadLettered(UnixMillis),
}

impl Place {
    /// `max_receives`: how often the lane hands out a message before it gives it up, if that is known.
    pub(super) fn of(record: &Record, max_receives: Option<u32>, now: UnixMillis) -> Self {
        let last = record.history.last();
        match &record.state {
            State::Done | State::Stale | State::Dropped | State::Replaced { .. } => Self::Nowhere,
            // A replay takes it out of the dead-letter queue, and the next worker its failure out of the record.
            State::Failed(_) if was_sent_back(record) => Self::Due,
            State::Leased { until } if *until >= now => Self::WithWorker(*until),
            State::Leased { until } => Self::Abandoned(*until),
            State::Parked { until } if *until > now => Self::Delayed(*until),
            State::Parked { .. } => Self::Due,
            State::Failed(failure) if failure.is_permanent() => Self::DeadLettered(record.updated_at),
            State::Failed(_) => {
                // A record from before attempts were told: since when it waits is not known.
                let due = last.and_then(|attempt| attempt.comes_back).unwrap_or(record.updated_at);
                let receives = last.map(|attempt| attempt.receives);
                match max_receives.zip(receives) {
                    _ if due > now => Self::Hidden(due),
                    Some((most, receives)) if receives < most => Self::Due,
                    // A copy went on in its place; if none could be sent, SQS moves it when it would hand it out once more.
                    _ => Self::DueOrDeadLettered(due),
                }
            }
        }
    }

    /// For people, with the times.
    pub(super) fn in_words(self, lane: &str) -> String {
        match self {
            Self::Nowhere => "nowhere: it ended, and its message was deleted".to_owned(),
            Self::WithWorker(until) => format!("with a worker of lane {lane}, until {until} at the latest"),
            Self::Abandoned(since) => format!(
                "in lane {lane}: the lease of the worker that had it ended at {since}; it comes back when the lane shows it again"
            ),
            Self::Hidden(until) => format!("in lane {lane}, hidden until {until}"),
            Self::Due => format!("in lane {lane}, for the next worker that is free"),
            Self::Delayed(until) => format!("in lane {lane}, a delayed copy: it is seen from {until} on"),
            Self::DeadLettered(since) => format!("in the dead-letter queue of lane {lane}, since about {since}"),
            Self::DueOrDeadLettered(since) => format!(
                "it was due at {since}: in lane {lane} if its workers are behind, else in the lane's dead-letter queue"
            ),
        }
    }

    /// For programs.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Nowhere => "nowhere",
            Self::WithWorker(_) => "with_worker",
            Self::Abandoned(_) => "abandoned",
            Self::Hidden(_) => "hidden",
            Self::Due => "due",
            Self::Delayed(_) => "delayed",
            Self::DeadLettered(_) => "dead_lettered",
            Self::DueOrDeadLettered(_) => "due_or_dead_lettered",
        }
    }

    /// The time that belongs to it: until when, or since when.
    pub(super) fn time(self) -> Option<UnixMillis> {
        match self {
            Self::Nowhere | Self::Due => None,
            Self::WithWorker(at)
            | Self::Abandoned(at)
            | Self::Hidden(at)
            | Self::Delayed(at)
            | Self::DeadLettered(at)
            | Self::DueOrDeadLettered(at) => Some(at),
        }
    }
}

/// Whether an operator sent its message back to the lane since the last attempt ended.
fn was_sent_back(record: &Record) -> bool {
    let own = ActionKind::Replayed { generation: record.key.generation };
    record.actions.iter().any(|action| action.kind == own && action.at >= record.updated_at)
}

/// Whether nothing of weir's tries the event again: it failed for good, or is long overdue.
pub(super) fn is_given_up(record: &Record, now: UnixMillis) -> bool {
    match Place::of(record, None, now) {
        Place::DeadLettered(_) => true,
        Place::DueOrDeadLettered(due) => now > due + OVERDUE,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use weir_core::{Failure, ledger::Action};

    use super::{
        super::view::tests::{attempt, record},
        *,
    };

    const NOW: UnixMillis = UnixMillis(1_795_755_700_000);

    fn minutes(minutes: i64) -> UnixMillis {
        UnixMillis(NOW.0 + minutes * 60_000)
    }

    #[track_caller]
    fn check(state: State, comes_back: Option<UnixMillis>, max_receives: Option<u32>, expected: Place) {
        let record = Record { state, history: vec![attempt(5, comes_back)], ..record() };
        assert_eq!(Place::of(&record, max_receives, NOW), expected);
    }

    #[test]
    fn the_state_tells_where_the_message_is() {
        let failed = || State::Failed(Failure::transient("x"));
        check(State::Done, None, Some(5), Place::Nowhere);
        check(State::Stale, None, None, Place::Nowhere);
        check(State::Dropped, None, None, Place::Nowhere);
        check(State::Replaced { generation: 1 }, None, None, Place::Nowhere);
        check(State::Leased { until: minutes(1) }, None, None, Place::WithWorker(minutes(1)));
        check(State::Leased { until: minutes(-1) }, None, None, Place::Abandoned(minutes(-1)));
        check(State::Parked { until: minutes(1) }, Some(minutes(1)), None, Place::Delayed(minutes(1)));
        check(State::Parked { until: minutes(-1) }, Some(minutes(-1)), None, Place::Due);
        check(failed(), Some(minutes(1)), Some(5), Place::Hidden(minutes(1)));
        check(failed(), Some(minutes(-1)), Some(9), Place::Due);
        check(failed(), Some(minutes(-1)), None, Place::DueOrDeadLettered(minutes(-1)));
    }

    #[test]
    fn event_that_failed_for_good_is_dead_lettered_and_one_on_its_last_receive_may_be() {
        let failed = State::Failed(Failure::transient("x"));
        check(failed, Some(minutes(-1)), Some(5), Place::DueOrDeadLettered(minutes(-1)));
        let permanent = State::Failed(Failure::permanent("x"));
        check(permanent, None, None, Place::DeadLettered(record().updated_at));
    }

    #[test]
    fn replayed_event_waits_in_its_lane_until_it_is_tried_again() {
        let updated_at = record().updated_at;
        for (generation, at, place) in [
            (0, updated_at, Place::Due),
            (0, UnixMillis(updated_at.0 - 1), Place::DeadLettered(updated_at)),
            (1, updated_at, Place::DeadLettered(updated_at)),
        ] {
            let action = Action::new(ActionKind::Replayed { generation }, at, "me", "op", None);
            let record = Record { actions: vec![action], ..record() };
            assert_eq!(Place::of(&record, None, NOW), place);
        }
    }

    #[test]
    fn only_what_is_long_overdue_counts_as_given_up() {
        for (due, expected) in [(minutes(1), false), (minutes(-14), false), (minutes(-16), true)] {
            let state = State::Failed(Failure::transient("x"));
            let record = Record { state, history: vec![attempt(5, Some(due))], ..record() };
            assert_eq!(is_given_up(&record, NOW), expected, "{due}");
        }
        assert!(!is_given_up(&Record { state: State::Parked { until: minutes(-60) }, ..record() }, NOW));
    }
}
