//! The transitions, pure.

use super::{Ask, Claim, Owner, Record, Settled, State};

/// Whether the asker may act on the event.
pub fn claim(record: Option<&Record>, ask: &Ask<'_>) -> Claim {
    let Some(record) = record else { return Claim::Granted };
    if record.body_sha256 != ask.body_sha256 {
        return Claim::Mismatch;
    }
    match &record.state {
        State::Done => Claim::Duplicate,
        State::Failed(_) => Claim::Granted,
        // Its own claim, whose reply was lost.
        State::Leased { .. } if record.owner == *ask.owner => Claim::Granted,
        State::Leased { until } if *until < ask.now => Claim::Granted,
        State::Leased { until } => Claim::Busy(until.since(ask.now)),
    }
}

/// Whether `owner` may record that the event took effect.
pub fn complete(record: Option<&Record>, owner: &Owner) -> Settled {
    settle(record, owner, |state| matches!(state, State::Leased { .. } | State::Done))
}

/// Whether `owner` may record that its attempt failed.
pub fn release(record: Option<&Record>, owner: &Owner) -> Settled {
    settle(record, owner, |state| matches!(state, State::Leased { .. } | State::Failed(_)))
}

/// Fenced by owner: from the lease, or from the very state it would write (a reply was lost).
fn settle(record: Option<&Record>, owner: &Owner, from: impl Fn(&State) -> bool) -> Settled {
    match record {
        Some(record) if record.owner == *owner && from(&record.state) => Settled::Written,
        _ => Settled::Lost,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Failure, Lane, UnixMillis, ledger::Key};

    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn record(state: State, owner: &str) -> Record {
        Record {
            key: key(),
            state,
            owner: Owner(owner.into()),
            attempts: 1,
            duplicates: 0,
            body_sha256: "aa".into(),
            topic: None,
            app: None,
            event_id: None,
            lane: Lane::Standard,
            triggered_at: None,
            received_at: NOW,
            updated_at: NOW,
            last_error: None,
        }
    }

    fn key() -> Key {
        Key { event: "north.myshopify.com#1".into(), generation: 0 }
    }

    fn leased(until: i64) -> State {
        State::Leased { until: UnixMillis(until) }
    }

    #[track_caller]
    fn check(record: Option<Record>, expected: Claim) {
        let owner = Owner("me".into());
        let ask = Ask {
            key: &key(),
            owner: &owner,
            body_sha256: "aa",
            meta: None,
            lane: Lane::Standard,
            now: NOW,
            lease_until: NOW + Duration::from_secs(35),
        };
        assert_eq!(claim(record.as_ref(), &ask), expected, "{record:?}");
    }

    #[test]
    fn a_new_event_may_be_claimed() {
        check(None, Claim::Granted);
    }

    #[test]
    fn a_completed_event_never_runs_again() {
        check(Some(record(State::Done, "other")), Claim::Duplicate);
        check(Some(record(State::Done, "me")), Claim::Duplicate);
    }

    #[test]
    fn a_failed_event_may_be_claimed_again() {
        check(Some(record(State::Failed(Failure::transient("x")), "other")), Claim::Granted);
        check(Some(record(State::Failed(Failure::permanent("x")), "other")), Claim::Granted);
    }

    #[test]
    fn a_leased_event_is_busy_for_the_rest_of_the_lease() {
        check(Some(record(leased(NOW.0 + 7_000), "other")), Claim::Busy(Duration::from_secs(7)));
        check(Some(record(leased(NOW.0), "other")), Claim::Busy(Duration::ZERO));
    }

    #[test]
    fn an_expired_lease_may_be_taken_over() {
        check(Some(record(leased(NOW.0 - 1), "other")), Claim::Granted);
    }

    #[test]
    fn a_claim_whose_reply_was_lost_may_be_repeated() {
        check(Some(record(leased(NOW.0 + 7_000), "me")), Claim::Granted);
    }

    #[test]
    fn another_body_under_the_same_id_is_a_mismatch_in_every_state() {
        for state in [State::Done, leased(0), State::Failed(Failure::transient("x"))] {
            let other = Record { body_sha256: "bb".into(), ..record(state, "other") };
            check(Some(other), Claim::Mismatch);
        }
    }

    #[test]
    fn only_the_owner_settles_and_may_repeat_what_it_wrote() {
        let me = Owner("me".into());
        let failed = State::Failed(Failure::transient("x"));
        for (state, owner, completed, released) in [
            (leased(0), "me", Settled::Written, Settled::Written),
            (leased(0), "other", Settled::Lost, Settled::Lost),
            (State::Done, "me", Settled::Written, Settled::Lost),
            (State::Done, "other", Settled::Lost, Settled::Lost),
            (failed.clone(), "me", Settled::Lost, Settled::Written),
            (failed, "other", Settled::Lost, Settled::Lost),
        ] {
            let record = record(state, owner);
            assert_eq!(complete(Some(&record), &me), completed, "{record:?}");
            assert_eq!(release(Some(&record), &me), released, "{record:?}");
        }
        assert_eq!(complete(None, &me), Settled::Lost);
    }
}
