//! The transitions, pure.

use super::{AttemptResult, Claim, ClaimRequest, Owner, Progress, Record, Settled, State};
use crate::{Failure, is_believed};

/// Whether the asker may act on the event.
///
/// A delivery of it under another webhook id is treated as a redelivery of the same message would be:
///
/// | the event | what becomes of the other delivery | why nothing is lost or done twice |
/// |---|---|---|
/// | done, stale | acknowledged and counted | it ended |
/// | leased | comes back when the lease is over | whoever holds the lease may fail |
/// | leased, the lease run out | runs | its holder is dead; the first message, too, comes back, and finds it done |
/// | failed, with tries left | runs | the first message comes back from its backoff, and finds it done |
/// | failed for good | runs at its first receive | as what was moved back from the DLQ: the first message is there |
/// | parked | acknowledged | the copy of the first message comes back by itself |
///
/// Its body need not be the same to the byte: it is another serialization of the same event. What is compared with the
/// first delivery's body are the redeliveries of that one.
pub fn claim(record: Option<&Record>, ask: &ClaimRequest<'_>) -> Claim {
    let Some(record) = record else {
        return Claim::Granted { attempt: 1, first: None, progress: Progress::default() };
    };
    let is_first_delivery = record.webhook_id.as_ref() == ask.webhook_id();
    if is_first_delivery && record.body_sha256 != ask.body_sha256 {
        return Claim::Mismatch;
    }
    let first = if is_first_delivery { None } else { record.webhook_id.clone() };
    let progress = if ask.is_fresh() { Progress::default() } else { record.progress.clone() };
    let granted = Claim::Granted { attempt: record.attempts.saturating_add(1), first, progress };
    match &record.state {
        State::Done | State::Stale if is_same_message(&record.owner, ask.owner) => Claim::Redelivered,
        State::Done | State::Stale | State::Dropped | State::Replaced { .. } => Claim::Duplicate,
        // Its copy was sent before the ledger was told, so it is there.
        _ if record.parks > ask.parks => Claim::SupersededByCopy,
        // Receives that are left are used up without running what can't succeed. Whoever moves the message back
        // from the DLQ starts with a first receive.
        State::Failed(Failure::Permanent(_)) if ask.receives > 1 => Claim::PermanentlyFailed,
        State::Failed(_) | State::Parked { .. } => granted,
        // Its own claim, whose reply was lost.
        State::Leased { .. } if record.owner == *ask.owner => granted,
        State::Leased { until } if *until < ask.now || !is_believed(*until, ask.now) => granted,
        State::Leased { until } => Claim::Busy(until.since(ask.now)),
    }
}

fn is_same_message(before: &Owner, now: &Owner) -> bool {
    before.message().is_some_and(|message| now.message() == Some(message))
}

/// Whether `owner` may record how its attempt ended. Fenced by owner: from the lease, or from the very state it
/// would write (a reply was lost).
pub fn settle(record: Option<&Record>, owner: &Owner, ending: &AttemptResult) -> Settled {
    match record {
        Some(record) if record.owner == *owner && may_end(&record.state, ending) => Settled::Written,
        _ => Settled::Lost,
    }
}

fn may_end(state: &State, ending: &AttemptResult) -> bool {
    matches!(state, State::Leased { .. }) || state.as_str() == ending.state()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use shopify_webhook::WebhookId;

    use super::*;
    use crate::{Lane, UnixMillis, envelope::Meta, ledger::Key, topics::tests::meta};

    /// The records here were claimed once.
    const GRANTED: Claim =
        Claim::Granted { attempt: 2, first: None, progress: Progress { failures: 0, passed: Vec::new() } };
    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn record(state: State, owner: &str) -> Record {
        Record { owner: Owner(owner.into()), attempts: 1, body_sha256: "aa".into(), ..Record::new(key(), state, NOW) }
    }

    fn key() -> Key {
        Key { event: "north.myshopify.com#1".into(), generation: 0 }
    }

    fn leased(until: i64) -> State {
        State::Leased { until: UnixMillis(until) }
    }

    fn parked() -> State {
        State::Parked { until: NOW }
    }

    fn permanent() -> State {
        State::Failed(Failure::permanent("x"))
    }

    fn asked(record: Option<&Record>, receives: u32, parks: u32) -> Claim {
        delivered(record, None, "aa", receives, parks)
    }

    /// `webhook_id` is that of a delivery whose key does not have it.
    fn delivered(record: Option<&Record>, webhook_id: Option<&str>, body: &str, receives: u32, parks: u32) -> Claim {
        let owner = Owner("me".into());
        let meta = webhook_id.map(|id| Meta {
            webhook_id: WebhookId::from_stored(id),
            dedupe_key: Some("e1~0".into()),
            ..meta("refunds/create", None)
        });
        let ask = ClaimRequest {
            key: &key(),
            owner: &owner,
            body_sha256: body,
            meta: meta.as_ref(),
            resource: None,
            lane: Lane::Standard,
            receives,
            parks,
            now: NOW,
            lease_until: NOW + Duration::from_secs(35),
        };
        claim(record, &ask)
    }

    #[track_caller]
    fn check(record: Option<Record>, expected: Claim) {
        assert_eq!(asked(record.as_ref(), 1, 0), expected, "{record:?}");
    }

    #[test]
    fn a_new_event_may_be_claimed() {
        check(None, Claim::Granted { attempt: 1, first: None, progress: Progress::default() });
    }

    #[test]
    fn an_event_that_ended_never_runs_again() {
        for state in [State::Done, State::Stale, State::Dropped, State::Replaced { generation: 1 }] {
            check(Some(record(state.clone(), "other")), Claim::Duplicate);
            check(Some(record(state, "me")), Claim::Duplicate);
        }
    }

    #[test]
    fn a_failed_or_parked_event_may_be_claimed_again() {
        for state in [State::Failed(Failure::transient("x")), permanent(), parked()] {
            check(Some(record(state, "other")), GRANTED);
        }
    }

    #[test]
    fn permanently_failed_event_runs_again_only_on_a_first_receive() {
        assert_eq!(asked(Some(&record(permanent(), "other")), 2, 0), Claim::PermanentlyFailed);
        assert_eq!(asked(Some(&record(permanent(), "other")), 1, 0), GRANTED, "it came back from the DLQ");
        let transient = record(State::Failed(Failure::transient("x")), "other");
        assert_eq!(asked(Some(&transient), 4, 0), GRANTED);
    }

    #[test]
    fn a_message_gives_way_to_its_parked_copy() {
        for state in [parked(), leased(0), leased(NOW.0 + 7_000), permanent()] {
            let record = Record { parks: 2, ..record(state, "other") };
            assert_eq!(asked(Some(&record), 1, 1), Claim::SupersededByCopy, "{record:?}");
            assert_ne!(asked(Some(&record), 1, 2), Claim::SupersededByCopy, "it is the copy: {record:?}");
        }
        let done = Record { parks: 2, ..record(State::Done, "other") };
        assert_eq!(asked(Some(&done), 1, 1), Claim::Duplicate);
    }

    #[test]
    fn failed_event_that_waits_as_a_copy_gives_way_to_it() {
        let record = Record { parks: 1, ..record(State::Failed(Failure::transient("x")), "other") };
        assert_eq!(asked(Some(&record), 2, 0), Claim::SupersededByCopy);
        assert!(asked(Some(&record), 1, 1).is_granted());
    }

    #[test]
    fn progress_of_a_message_is_kept_over_its_receives_and_copies_and_a_fresh_one_has_none() {
        let progress = Progress { failures: 3, passed: vec!["forward".into()] };
        for state in [State::Failed(Failure::transient("x")), parked(), leased(0)] {
            let record = Record { progress: progress.clone(), parks: 1, ..record(state, "other") };
            let granted = |progress| Claim::Granted { attempt: 2, first: None, progress };
            assert_eq!(asked(Some(&record), 1, 1), granted(progress.clone()), "a copy: {record:?}");
            let record = Record { parks: 0, ..record };
            assert_eq!(asked(Some(&record), 2, 0), granted(progress.clone()), "received again: {record:?}");
            assert_eq!(asked(Some(&record), 1, 0), granted(Progress::default()), "fresh: {record:?}");
        }
    }

    #[test]
    fn message_whose_acknowledgement_was_lost_is_no_duplicate() {
        let owner = Owner::of("invocation-2", "m1");
        for state in [State::Done, State::Stale] {
            for (before, expected) in [
                (Owner::of("invocation-1", "m1"), Claim::Redelivered),
                (Owner::of("invocation-1", "m2"), Claim::Duplicate),
                (Owner("m1".into()), Claim::Duplicate),
            ] {
                let record = Record { owner: before, ..record(state.clone(), "") };
                let key = key();
                let ask = ClaimRequest {
                    key: &key,
                    owner: &owner,
                    body_sha256: "aa",
                    meta: None,
                    resource: None,
                    lane: Lane::Standard,
                    receives: 2,
                    parks: 0,
                    now: NOW,
                    lease_until: NOW,
                };
                assert_eq!(claim(Some(&record), &ask), expected, "{record:?}");
            }
        }
    }

    #[test]
    fn a_leased_event_is_busy_for_the_rest_of_the_lease() {
        check(Some(record(leased(NOW.0 + 7_000), "other")), Claim::Busy(Duration::from_secs(7)));
        check(Some(record(leased(NOW.0), "other")), Claim::Busy(Duration::ZERO));
    }

    #[test]
    fn an_expired_lease_may_be_taken_over() {
        check(Some(record(leased(NOW.0 - 1), "other")), GRANTED);
    }

    #[test]
    fn a_claim_whose_reply_was_lost_may_be_repeated() {
        check(Some(record(leased(NOW.0 + 7_000), "me")), GRANTED);
    }

    #[test]
    fn another_body_under_the_same_id_is_a_mismatch_in_every_state() {
        for state in [State::Done, State::Stale, leased(0), parked(), permanent()] {
            let other = Record { body_sha256: "bb".into(), ..record(state, "other") };
            check(Some(other), Claim::Mismatch);
        }
    }

    #[test]
    fn a_delivery_under_another_webhook_id_is_treated_as_a_redelivery_in_every_state() {
        let seven_seconds = Claim::Busy(Duration::from_secs(7));
        let granted = Claim::Granted { attempt: 2, first: WebhookId::parse("first"), progress: Progress::default() };
        let transient = || State::Failed(Failure::transient("x"));
        // State, its parked copies, receives and parks of the other delivery.
        for (state, parks, receives, own_parks, expected) in [
            (State::Done, 0, 1, 0, Claim::Duplicate),
            (State::Stale, 0, 1, 0, Claim::Duplicate),
            (State::Done, 2, 3, 1, Claim::Duplicate),
            (leased(NOW.0 + 7_000), 0, 1, 0, seven_seconds),
            (leased(NOW.0 - 1), 0, 1, 0, granted.clone()),
            (transient(), 0, 1, 0, granted.clone()),
            (transient(), 0, 4, 0, granted.clone()),
            (permanent(), 0, 1, 0, granted.clone()),
            (permanent(), 0, 2, 0, Claim::PermanentlyFailed),
            (parked(), 1, 1, 0, Claim::SupersededByCopy),
            (leased(NOW.0 - 1), 1, 1, 0, Claim::SupersededByCopy),
            (parked(), 1, 1, 1, granted),
        ] {
            let first = WebhookId::parse("first");
            let record = Record { webhook_id: first.clone(), last_webhook_id: first, parks, ..record(state, "other") };
            for body in ["aa", "printed anew"] {
                let claim = delivered(Some(&record), Some("second"), body, receives, own_parks);
                assert_eq!(claim, expected, "{record:?}, receive {receives}");
            }
            // Of the first delivery itself, another body is forged or broken.
            assert_eq!(delivered(Some(&record), Some("first"), "bb", receives, own_parks), Claim::Mismatch);
            assert_ne!(delivered(Some(&record), Some("first"), "aa", receives, own_parks), Claim::Mismatch);
        }
    }

    #[test]
    fn only_the_owner_settles_and_may_repeat_what_it_wrote() {
        let me = Owner("me".into());
        let endings = [
            AttemptResult::Done,
            AttemptResult::Stale,
            AttemptResult::Failed(Failure::transient("x")),
            AttemptResult::Parked { parks: 1, until: NOW, reason: "x".into() },
        ];
        let states = [State::Done, State::Stale, State::Failed(Failure::transient("y")), parked()];
        for (index, ending) in endings.iter().enumerate() {
            assert_eq!(settle(Some(&record(leased(0), "me")), &me, ending), Settled::Written, "{ending:?}");
            assert_eq!(settle(Some(&record(leased(0), "other")), &me, ending), Settled::Lost, "{ending:?}");
            assert_eq!(settle(None, &me, ending), Settled::Lost, "{ending:?}");
            for (written, state) in states.iter().enumerate() {
                let mine = settle(Some(&record(state.clone(), "me")), &me, ending);
                assert_eq!(mine == Settled::Written, index == written, "{ending:?} from {state:?}");
                assert_eq!(settle(Some(&record(state.clone(), "other")), &me, ending), Settled::Lost, "{ending:?}");
            }
        }
    }
}
