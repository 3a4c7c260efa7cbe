//! The contract, case by case.

use std::time::Duration;

use weir_core::{
    Failure, UnixMillis,
    ledger::{Claim, Key, Ledger, Settled},
};

use super::{Actor, LEASE, reached};

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

/// Runs every case. `prefix` keeps the keys apart from those of other runs on the same table.
pub async fn cases<L: Ledger>(ledger: &L, prefix: &str) {
    let key = |name: &str| Key { event: format!("{prefix}.myshopify.com#{name}"), generation: 0 };
    done_stays_done(ledger, &key("done")).await;
    a_lease_keeps_others_out_until_it_ends(ledger, &key("lease")).await;
    only_the_owner_settles(ledger, &key("owner")).await;
    what_failed_runs_again(ledger, &key("failed")).await;
    another_body_is_a_mismatch(ledger, &key("body")).await;
    repeated_calls_change_nothing(ledger, &key("repeat")).await;
    generations_are_events_of_their_own(ledger, &key("generation")).await;
}

async fn done_stays_done<L: Ledger>(ledger: &L, key: &Key) {
    let (a, b) = (Actor::new(ledger, key, "a"), Actor::new(ledger, key, "b"));
    assert_eq!(a.claim("x", NOW).await, Claim::Granted);
    assert_eq!(reached(ledger.complete(key, &a.owner, NOW).await), Settled::Written);
    let much_later = NOW + Duration::from_secs(86_400);
    assert_eq!(b.claim("x", much_later).await, Claim::Duplicate);
    assert_eq!(a.claim("x", much_later).await, Claim::Duplicate);
    reached(ledger.count_duplicate(key).await);
    assert_eq!(b.claim("x", much_later).await, Claim::Duplicate);
}

async fn a_lease_keeps_others_out_until_it_ends<L: Ledger>(ledger: &L, key: &Key) {
    let (a, b) = (Actor::new(ledger, key, "a"), Actor::new(ledger, key, "b"));
    assert_eq!(a.claim("x", NOW).await, Claim::Granted);
    assert_eq!(b.claim("x", NOW).await, Claim::Busy(LEASE));
    assert_eq!(b.claim("x", NOW + LEASE).await, Claim::Busy(Duration::ZERO));
    assert_eq!(b.claim("x", NOW + LEASE + Duration::from_millis(1)).await, Claim::Granted);
}

async fn only_the_owner_settles<L: Ledger>(ledger: &L, key: &Key) {
    let (a, b) = (Actor::new(ledger, key, "a"), Actor::new(ledger, key, "b"));
    let failure = Failure::transient("down");
    assert_eq!(reached(ledger.complete(key, &a.owner, NOW).await), Settled::Lost);
    assert_eq!(a.claim("x", NOW).await, Claim::Granted);
    assert_eq!(reached(ledger.complete(key, &b.owner, NOW).await), Settled::Lost);
    assert_eq!(reached(ledger.release(key, &b.owner, &failure, NOW).await), Settled::Lost);
    // b takes over after a's lease; a comes back from the dead.
    let later = NOW + LEASE + Duration::from_secs(1);
    assert_eq!(b.claim("x", later).await, Claim::Granted);
    assert_eq!(reached(ledger.complete(key, &a.owner, later).await), Settled::Lost);
    assert_eq!(reached(ledger.release(key, &a.owner, &failure, later).await), Settled::Lost);
    assert_eq!(reached(ledger.complete(key, &b.owner, later).await), Settled::Written);
    assert_eq!(reached(ledger.release(key, &b.owner, &failure, later).await), Settled::Lost);
}

async fn what_failed_runs_again<L: Ledger>(ledger: &L, key: &Key) {
    let (a, b) = (Actor::new(ledger, key, "a"), Actor::new(ledger, key, "b"));
    for failure in [Failure::transient("down"), Failure::permanent("cannot parse")] {
        assert_eq!(a.claim("x", NOW).await, Claim::Granted);
        assert_eq!(reached(ledger.release(key, &a.owner, &failure, NOW).await), Settled::Written);
        assert_eq!(reached(ledger.complete(key, &a.owner, NOW).await), Settled::Lost);
    }
    assert_eq!(b.claim("x", NOW).await, Claim::Granted);
    assert_eq!(reached(ledger.complete(key, &b.owner, NOW).await), Settled::Written);
}

async fn another_body_is_a_mismatch<L: Ledger>(ledger: &L, key: &Key) {
    let (a, b) = (Actor::new(ledger, key, "a"), Actor::new(ledger, key, "b"));
    assert_eq!(a.claim("x", NOW).await, Claim::Granted);
    assert_eq!(b.claim("y", NOW + LEASE + LEASE).await, Claim::Mismatch);
    reached(ledger.complete(key, &a.owner, NOW).await);
    assert_eq!(b.claim("y", NOW).await, Claim::Mismatch);
}

async fn repeated_calls_change_nothing<L: Ledger>(ledger: &L, key: &Key) {
    let a = Actor::new(ledger, key, "a");
    let failure = Failure::transient("down");
    for _lost_reply in 0..2 {
        assert_eq!(a.claim("x", NOW).await, Claim::Granted);
    }
    for _lost_reply in 0..2 {
        assert_eq!(reached(ledger.release(key, &a.owner, &failure, NOW).await), Settled::Written);
    }
    assert_eq!(a.claim("x", NOW).await, Claim::Granted);
    for _lost_reply in 0..2 {
        assert_eq!(reached(ledger.complete(key, &a.owner, NOW).await), Settled::Written);
    }
}

async fn generations_are_events_of_their_own<L: Ledger>(ledger: &L, key: &Key) {
    let a = Actor::new(ledger, key, "a");
    assert_eq!(a.claim("x", NOW).await, Claim::Granted);
    reached(ledger.complete(key, &a.owner, NOW).await);
    let replayed = Key { generation: 1, ..key.clone() };
    assert_eq!(Actor::new(ledger, &replayed, "a").claim("y", NOW).await, Claim::Granted);
    assert_eq!(a.claim("x", NOW).await, Claim::Duplicate);
}
