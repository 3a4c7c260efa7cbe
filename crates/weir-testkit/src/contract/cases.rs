//! The ledger's contract, case by case.

use std::time::Duration;

use weir_core::{
    UnixMillis,
    ledger::{ActionKind, ActionLog, AttemptResult, Claim, Key, Ledger, Progress, Recorded, RepeatKind, Settled},
};

use super::{Actor, LEASE, act, duplicates, parked, permanent, reached, transient};

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

/// Runs every case. `prefix` keeps the keys apart from those of other runs on the same table.
pub async fn cases<L: Ledger + ActionLog>(ledger: &L, prefix: &str) {
    let key = |name: &str| Key { event: format!("{prefix}.myshopify.com#{name}"), generation: 0 };
    what_ended_stays_so(ledger, &key("done"), &AttemptResult::Done).await;
    what_ended_stays_so(ledger, &key("stale"), &AttemptResult::Stale).await;
    a_lease_keeps_others_out_until_it_ends(ledger, &key("lease")).await;
    only_the_owner_settles(ledger, &key("owner")).await;
    what_failed_runs_again(ledger, &key("failed")).await;
    permanently_failed_event_runs_again_only_on_a_first_receive(ledger, &key("condemned")).await;
    a_message_gives_way_to_its_parked_copy(ledger, &key("parked")).await;
    failed_event_gives_way_to_its_copy(ledger, &key("copy")).await;
    progress_is_kept_for_the_next_receive_and_the_next_copy(ledger, &key("progress")).await;
    message_that_comes_after_its_own_end_is_redelivered(ledger, &key("redelivered")).await;
    another_body_is_a_mismatch(ledger, &key("body")).await;
    repeated_calls_change_nothing(ledger, &key("repeat")).await;
    generations_are_events_of_their_own(ledger, &key("generation")).await;
    duplicates::cases(ledger, prefix).await;
    dropped_or_replaced_event_never_runs(ledger, &key("dropped"), ActionKind::Dropped).await;
    let repaired = ActionKind::Repaired { generation: 1, body_sha256: "y".into() };
    dropped_or_replaced_event_never_runs(ledger, &key("replaced"), repaired).await;
    operator_does_not_interrupt_an_attempt(ledger, &key("running")).await;
}

async fn dropped_or_replaced_event_never_runs<L: Ledger + ActionLog>(ledger: &L, key: &Key, kind: ActionKind) {
    let a = Actor::new(ledger, key, "a");
    let now = NOW + Duration::from_secs(1);
    assert_eq!(act(ledger, key, kind.clone(), "op", ("x", 0), now).await, Recorded::Unknown);
    assert!(a.claim("x", NOW).await.is_granted());
    assert_eq!(a.settle(&permanent(), NOW).await, Settled::Written);
    let replayed = ActionKind::Replayed { generation: 0 };
    assert_eq!(act(ledger, key, replayed, "before", ("x", 0), now).await, Recorded::Noted);
    assert_eq!(act(ledger, key, kind.clone(), "op", ("x", 0), now).await, Recorded::Changed);
    assert_eq!(act(ledger, key, kind.clone(), "op", ("x", 0), now).await, Recorded::Repeated);
    assert_eq!(act(ledger, key, kind, "another", ("x", 0), now).await, Recorded::Noted);
    assert_eq!(a.claim("x", now).await, Claim::Duplicate);
    assert_eq!(a.settle(&AttemptResult::Done, now).await, Settled::Lost);
    assert_eq!(a.claim("y", now).await, Claim::Mismatch);
}

async fn operator_does_not_interrupt_an_attempt<L: Ledger + ActionLog>(ledger: &L, key: &Key) {
    let a = Actor::new(ledger, key, "a");
    assert!(a.claim("x", NOW).await.is_granted());
    assert_eq!(act(ledger, key, ActionKind::Dropped, "op", ("x", 0), NOW).await, Recorded::Noted);
    assert_eq!(a.settle(&parked(1, NOW), NOW).await, Settled::Written, "the attempt goes on");
    assert_eq!(act(ledger, key, ActionKind::Dropped, "copy", ("x", 0), NOW).await, Recorded::Noted, "a copy waits");
    let later = NOW + LEASE + Duration::from_secs(1);
    assert!(a.claim_as("x", 1, 1, NOW).await.is_granted());
    assert_eq!(
        act(ledger, key, ActionKind::Dropped, "late", ("x", 1), later).await,
        Recorded::Changed,
        "its worker died"
    );
    assert_eq!(a.settle(&AttemptResult::Done, later).await, Settled::Lost);
}

async fn what_ended_stays_so<L: Ledger>(ledger: &L, key: &Key, ending: &AttemptResult) {
    let (a, b) = (Actor::new(ledger, key, "a"), Actor::new(ledger, key, "b"));
    assert!(a.claim("x", NOW).await.is_granted());
    assert_eq!(a.settle(ending, NOW).await, Settled::Written);
    let much_later = NOW + Duration::from_secs(86_400);
    assert_eq!(b.claim("x", much_later).await, Claim::Duplicate);
    assert_eq!(a.claim("x", much_later).await, Claim::Duplicate);
    for again in [RepeatKind::Duplicate, RepeatKind::Mismatch] {
        reached(ledger.count(key, again, None).await);
        assert_eq!(b.claim("x", much_later).await, Claim::Duplicate);
    }
}

async fn a_lease_keeps_others_out_until_it_ends<L: Ledger>(ledger: &L, key: &Key) {
    let (a, b) = (Actor::new(ledger, key, "a"), Actor::new(ledger, key, "b"));
    assert!(a.claim("x", NOW).await.is_granted());
    assert_eq!(b.claim("x", NOW).await, Claim::Busy(LEASE));
    assert_eq!(b.claim("x", NOW + LEASE).await, Claim::Busy(Duration::ZERO));
    assert!(b.claim("x", NOW + LEASE + Duration::from_millis(1)).await.is_granted());
}

async fn only_the_owner_settles<L: Ledger>(ledger: &L, key: &Key) {
    let (a, b) = (Actor::new(ledger, key, "a"), Actor::new(ledger, key, "b"));
    let endings = [AttemptResult::Done, AttemptResult::Stale, transient(), parked(1, NOW)];
    assert_eq!(a.settle(&AttemptResult::Done, NOW).await, Settled::Lost);
    assert!(a.claim("x", NOW).await.is_granted());
    for ending in &endings {
        assert_eq!(b.settle(ending, NOW).await, Settled::Lost, "{ending:?}");
    }
    // b takes over after a's lease; a comes back from the dead.
    let later = NOW + LEASE + Duration::from_secs(1);
    assert!(b.claim("x", later).await.is_granted());
    for ending in &endings {
        assert_eq!(a.settle(ending, later).await, Settled::Lost, "{ending:?}");
    }
    assert_eq!(b.settle(&AttemptResult::Done, later).await, Settled::Written);
    for ending in &endings[1..] {
        assert_eq!(b.settle(ending, later).await, Settled::Lost, "{ending:?} after it was done");
    }
}

async fn what_failed_runs_again<L: Ledger>(ledger: &L, key: &Key) {
    let (a, b) = (Actor::new(ledger, key, "a"), Actor::new(ledger, key, "b"));
    for ending in [transient(), permanent(), parked(0, NOW)] {
        assert!(a.claim("x", NOW).await.is_granted());
        assert_eq!(a.settle(&ending, NOW).await, Settled::Written);
        assert_eq!(a.settle(&AttemptResult::Done, NOW).await, Settled::Lost);
    }
    assert!(b.claim("x", NOW).await.is_granted());
    assert_eq!(b.settle(&AttemptResult::Done, NOW).await, Settled::Written);
}

async fn permanently_failed_event_runs_again_only_on_a_first_receive<L: Ledger>(ledger: &L, key: &Key) {
    let a = Actor::new(ledger, key, "a");
    assert!(a.claim_as("x", 1, 0, NOW).await.is_granted());
    assert_eq!(a.settle(&transient(), NOW).await, Settled::Written);
    assert!(a.claim_as("x", 2, 0, NOW).await.is_granted(), "that was not for good");
    assert_eq!(a.settle(&permanent(), NOW).await, Settled::Written);
    assert_eq!(a.claim_as("x", 3, 0, NOW).await, Claim::PermanentlyFailed);
    assert!(a.claim_as("x", 1, 0, NOW).await.is_granted(), "moved back from the DLQ");
    assert_eq!(a.settle(&AttemptResult::Done, NOW).await, Settled::Written);
    assert_eq!(a.claim_as("x", 2, 0, NOW).await, Claim::Duplicate);
}

async fn a_message_gives_way_to_its_parked_copy<L: Ledger>(ledger: &L, key: &Key) {
    let (a, b) = (Actor::new(ledger, key, "a"), Actor::new(ledger, key, "b"));
    assert!(a.claim_as("x", 1, 0, NOW).await.is_granted());
    assert_eq!(a.settle(&parked(1, NOW), NOW).await, Settled::Written);
    assert_eq!(b.claim_as("x", 2, 0, NOW).await, Claim::SupersededByCopy);
    assert!(b.claim_as("x", 1, 1, NOW).await.is_granted());
    assert_eq!(a.claim_as("x", 2, 0, NOW).await, Claim::SupersededByCopy, "though the copy is being handled");
    assert_eq!(b.settle(&permanent(), NOW).await, Settled::Written);
    assert_eq!(a.claim_as("x", 2, 0, NOW).await, Claim::SupersededByCopy, "though the copy failed");
    assert!(b.claim_as("x", 1, 1, NOW).await.is_granted());
    assert_eq!(b.settle(&AttemptResult::Done, NOW).await, Settled::Written);
    assert_eq!(a.claim_as("x", 2, 0, NOW).await, Claim::Duplicate);
}

async fn failed_event_gives_way_to_its_copy<L: Ledger>(ledger: &L, key: &Key) {
    let (a, b) = (Actor::new(ledger, key, "a"), Actor::new(ledger, key, "b"));
    assert!(a.claim_as("x", 1, 0, NOW).await.is_granted());
    a.leaves(Progress::default(), Some(1));
    assert_eq!(a.settle(&transient(), NOW).await, Settled::Written);
    assert_eq!(a.claim_as("x", 2, 0, NOW).await, Claim::SupersededByCopy);
    assert!(b.claim_as("x", 1, 1, NOW).await.is_granted());
    assert_eq!(b.settle(&transient(), NOW).await, Settled::Written, "its message comes back itself");
    assert!(b.claim_as("x", 2, 1, NOW).await.is_granted());
    assert_eq!(a.claim_as("x", 3, 0, NOW).await, Claim::SupersededByCopy);
}

async fn progress_is_kept_for_the_next_receive_and_the_next_copy<L: Ledger>(ledger: &L, key: &Key) {
    let a = Actor::new(ledger, key, "a");
    let granted = |attempt, progress: &Progress| Claim::Granted { attempt, first: None, progress: progress.clone() };
    let (none, two) = (Progress::default(), Progress { failures: 2, passed: vec!["erp".into(), "erp#2".into()] });
    assert_eq!(a.claim_as("x", 1, 0, NOW).await, granted(1, &none));
    a.leaves(two.clone(), None);
    assert_eq!(a.settle(&transient(), NOW).await, Settled::Written);
    assert_eq!(a.claim_as("x", 2, 0, NOW).await, granted(2, &two));
    assert_eq!(a.settle(&parked(1, NOW), NOW).await, Settled::Written);
    assert_eq!(a.claim_as("x", 1, 1, NOW).await, granted(3, &two), "a copy is no fresh message");
    let later = NOW + LEASE + Duration::from_secs(1);
    assert_eq!(a.claim_as("x", 2, 1, later).await, granted(4, &two), "its holder died");
    assert_eq!(a.settle(&permanent(), NOW).await, Settled::Written);
    a.leaves(none.clone(), None);
    assert_eq!(a.claim_as("x", 1, 1, NOW).await, granted(5, &two));
    assert_eq!(a.settle(&permanent(), NOW).await, Settled::Written);
    assert_eq!(a.claim_as("x", 1, 1, NOW).await, granted(6, &none), "forgotten by the attempt that says so");
}

async fn message_that_comes_after_its_own_end_is_redelivered<L: Ledger>(ledger: &L, key: &Key) {
    let (first, again) = (Actor::new(ledger, key, "i1/m1"), Actor::new(ledger, key, "i2/m1"));
    assert!(first.claim("x", NOW).await.is_granted());
    assert_eq!(first.settle(&AttemptResult::Done, NOW).await, Settled::Written);
    assert_eq!(again.claim_as("x", 2, 0, NOW).await, Claim::Redelivered);
    assert_eq!(Actor::new(ledger, key, "i2/m2").claim("x", NOW).await, Claim::Duplicate, "another delivery");
}

async fn another_body_is_a_mismatch<L: Ledger>(ledger: &L, key: &Key) {
    let (a, b) = (Actor::new(ledger, key, "a"), Actor::new(ledger, key, "b"));
    assert!(a.claim("x", NOW).await.is_granted());
    assert_eq!(b.claim("y", NOW + LEASE + LEASE).await, Claim::Mismatch);
    for ending in [transient(), parked(1, NOW)] {
        assert_eq!(a.settle(&ending, NOW).await, Settled::Written);
        assert_eq!(b.claim("y", NOW).await, Claim::Mismatch, "{ending:?}");
        assert!(a.claim_as("x", 1, 1, NOW).await.is_granted());
    }
    assert_eq!(a.settle(&AttemptResult::Done, NOW).await, Settled::Written);
    assert_eq!(b.claim("y", NOW).await, Claim::Mismatch);
}

async fn repeated_calls_change_nothing<L: Ledger>(ledger: &L, key: &Key) {
    let a = Actor::new(ledger, key, "a");
    for ending in [transient(), permanent(), parked(1, NOW), AttemptResult::Done] {
        for _lost_reply in 0..2 {
            assert!(a.claim_as("x", 1, 1, NOW).await.is_granted());
        }
        for _lost_reply in 0..2 {
            assert_eq!(a.settle(&ending, NOW).await, Settled::Written);
        }
    }
}

async fn generations_are_events_of_their_own<L: Ledger>(ledger: &L, key: &Key) {
    let a = Actor::new(ledger, key, "a");
    assert!(a.claim("x", NOW).await.is_granted());
    assert_eq!(a.settle(&AttemptResult::Done, NOW).await, Settled::Written);
    let replayed = Key { generation: 1, ..key.clone() };
    assert!(Actor::new(ledger, &replayed, "a").claim("y", NOW).await.is_granted());
    assert_eq!(a.claim("x", NOW).await, Claim::Duplicate);
}
