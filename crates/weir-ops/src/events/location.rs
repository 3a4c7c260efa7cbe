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
pub enum MessageLocation {
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

impl MessageLocation {
    /// By what the ledger has of an event. `max_receives`: how often the lane hands out a message before it gives it up, if that is known.
    #[must_use]
    pub fn of(record: &Record, max_receives: Option<u32>, now: UnixMillis) -> Self {
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

    /// Its name, such as `dead_lettered`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
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
    #[must_use]
    pub fn time(self) -> Option<UnixMillis> {
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
#[must_use]
pub fn is_given_up(record: &Record, now: UnixMillis) -> bool {
    match MessageLocation::of(record, None, now) {
        MessageLocation::DeadLettered(_) => true,
        MessageLocation::DueOrDeadLettered(due) => now > due + OVERDUE,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use weir_core::{Failure, ledger::Action};

    use super::{
        super::fixtures::{attempt, record},
        *,
    };

    const NOW: UnixMillis = UnixMillis(1_795_755_700_000);

    fn minutes(minutes: i64) -> UnixMillis {
        UnixMillis(NOW.0 + minutes * 60_000)
    }

    #[track_caller]
    fn check(state: State, comes_back: Option<UnixMillis>, max_receives: Option<u32>, expected: MessageLocation) {
        let record = Record { state, history: vec![attempt(5, comes_back)], ..record() };
        assert_eq!(MessageLocation::of(&record, max_receives, NOW), expected);
    }

    #[test]
    fn the_state_tells_where_the_message_is() {
        let failed = || State::Failed(Failure::transient("x"));
        check(State::Done, None, Some(5), MessageLocation::Nowhere);
        check(State::Stale, None, None, MessageLocation::Nowhere);
        check(State::Dropped, None, None, MessageLocation::Nowhere);
        check(State::Replaced { generation: 1 }, None, None, MessageLocation::Nowhere);
        check(State::Leased { until: minutes(1) }, None, None, MessageLocation::WithWorker(minutes(1)));
        check(State::Leased { until: minutes(-1) }, None, None, MessageLocation::Abandoned(minutes(-1)));
        check(State::Parked { until: minutes(1) }, Some(minutes(1)), None, MessageLocation::Delayed(minutes(1)));
        check(State::Parked { until: minutes(-1) }, Some(minutes(-1)), None, MessageLocation::Due);
        check(failed(), Some(minutes(1)), Some(5), MessageLocation::Hidden(minutes(1)));
        check(failed(), Some(minutes(-1)), Some(9), MessageLocation::Due);
        check(failed(), Some(minutes(-1)), None, MessageLocation::DueOrDeadLettered(minutes(-1)));
    }

    #[test]
    fn event_that_failed_for_good_is_dead_lettered_and_one_on_its_last_receive_may_be() {
        let failed = State::Failed(Failure::transient("x"));
        check(failed, Some(minutes(-1)), Some(5), MessageLocation::DueOrDeadLettered(minutes(-1)));
        let permanent = State::Failed(Failure::permanent("x"));
        check(permanent, None, None, MessageLocation::DeadLettered(record().updated_at));
    }

    #[test]
    fn replayed_event_waits_in_its_lane_until_it_is_tried_again() {
        let updated_at = record().updated_at;
        for (generation, at, place) in [
            (0, updated_at, MessageLocation::Due),
            (0, UnixMillis(updated_at.0 - 1), MessageLocation::DeadLettered(updated_at)),
            (1, updated_at, MessageLocation::DeadLettered(updated_at)),
        ] {
            let action = Action::new(ActionKind::Replayed { generation }, at, "me", "op", None);
            let record = Record { actions: vec![action], ..record() };
            assert_eq!(MessageLocation::of(&record, None, NOW), place);
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
