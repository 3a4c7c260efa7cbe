//! The ledger's contract for deliveries of one event under several webhook ids.

use std::time::Duration;

use weir_core::{
    EventId, EventShop, Topic, Topics, UnixMillis, dedupe,
    envelope::Meta,
    ledger::{Claim, Ledger, Progress, RepeatKind, Settled},
};

use super::{Actor, LEASE, parked, permanent, reached, transient};

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

/// Runs every case. `prefix` keeps the keys apart from those of other runs on the same table.
pub(super) async fn cases<L: Ledger>(ledger: &L, prefix: &str) {
    one_event_id_of_one_topic_and_subscription_takes_effect_once(ledger, prefix).await;
    one_event_id_of_two_topics_twice(ledger, prefix).await;
    one_event_id_of_two_named_subscriptions_twice(ledger, prefix).await;
    one_event_id_of_two_resources_twice(ledger, prefix).await;
    what_failed_under_one_webhook_id_runs_under_another(ledger, prefix).await;
    a_delivery_gives_way_to_the_parked_copy_of_another(ledger, prefix).await;
    a_redelivery_is_compared_with_the_first_delivery_alone(ledger, prefix).await;
}

/// A delivery of a refund, as ingest seals it.
pub(super) fn refund(prefix: &str, event_id: &str, webhook_id: &str, body: &str) -> Meta {
    let meta = Meta {
        shop: EventShop::from_stored(format!("{prefix}.myshopify.com")),
        topic: Topic::from_stored("refunds/create"),
        event_id: Some(EventId::from_stored(event_id)),
        ..Meta::sample(&format!("{prefix}-{webhook_id}"), body.as_bytes())
    };
    sealed(meta, body)
}

/// The same, of a body.
fn sealed(meta: Meta, body: &str) -> Meta {
    Meta { dedupe_key: dedupe::key(&Topics::built_in(), &meta, body.as_bytes()), ..meta }
}

const BODY: &str = "{\"id\":820982911946154508}";

async fn end<L: Ledger>(actor: &Actor<'_, L>) {
    assert_eq!(actor.settle(&weir_core::ledger::AttemptResult::Done, NOW).await, Settled::Written);
}

async fn one_event_id_of_one_topic_and_subscription_takes_effect_once<L: Ledger>(ledger: &L, prefix: &str) {
    let [first, second] = ["1", "2"].map(|id| refund(prefix, "once", id, BODY));
    let (a, b) = (Actor::of(ledger, &first, "a"), Actor::of(ledger, &second, "b"));
    assert_eq!(a.claim("x", NOW).await, Claim::Granted { attempt: 1, first: None, progress: Progress::default() });
    assert_eq!(b.claim("x", NOW).await, Claim::Busy(LEASE));
    end(&a).await;
    for body in ["x", "printed anew"] {
        assert_eq!(b.claim(body, NOW).await, Claim::Duplicate);
    }
    reached(ledger.count(&b.key, RepeatKind::Duplicate, b.webhook_id()).await);
    assert_eq!(a.claim("x", NOW).await, Claim::Duplicate);
}

async fn one_event_id_of_two_topics_twice<L: Ledger>(ledger: &L, prefix: &str) {
    let refund = refund(prefix, "topics", "1", BODY);
    let other = sealed(Meta { topic: Topic::from_stored("order_transactions/create"), ..refund.clone() }, BODY);
    both_run(ledger, &refund, &other).await;
}

async fn one_event_id_of_two_named_subscriptions_twice<L: Ledger>(ledger: &L, prefix: &str) {
    let named = |name: &str| {
        sealed(Meta { subscription: Some(name.to_owned()), ..refund(prefix, "subscriptions", name, BODY) }, BODY)
    };
    both_run(ledger, &named("books"), &named("mail")).await;
}

async fn one_event_id_of_two_resources_twice<L: Ledger>(ledger: &L, prefix: &str) {
    let of = |body| refund(prefix, "resources", "1", body);
    both_run(ledger, &of("{\"id\":1}"), &of("{\"id\":2}")).await;
    both_run(ledger, &of("{\"level\":10}"), &of("{\"level\":9}")).await;
}

async fn both_run<L: Ledger>(ledger: &L, first: &Meta, second: &Meta) {
    for meta in [first, second] {
        let actor = Actor::of(ledger, meta, "a");
        assert_eq!(
            actor.claim("x", NOW).await,
            Claim::Granted { attempt: 1, first: None, progress: Progress::default() },
            "{meta:?}"
        );
        end(&actor).await;
    }
}

/// What the first delivery did may have had an effect: the event keeps the id that this effect has.
async fn what_failed_under_one_webhook_id_runs_under_another<L: Ledger>(ledger: &L, prefix: &str) {
    for (name, ending) in [("transient", transient()), ("permanent", permanent())] {
        let [first, second] = ["1", "2"].map(|id| refund(prefix, name, id, BODY));
        let (a, b) = (Actor::of(ledger, &first, "a"), Actor::of(ledger, &second, "b"));
        assert!(a.claim("x", NOW).await.is_granted());
        assert_eq!(a.settle(&ending, NOW).await, Settled::Written);
        let granted =
            Claim::Granted { attempt: 2, first: Some(first.webhook_id.clone()), progress: Progress::default() };
        assert_eq!(b.claim("printed anew", NOW).await, granted);
        assert_eq!(a.claim("x", NOW).await, Claim::Busy(LEASE));
        end(&b).await;
        assert_eq!(a.claim("x", NOW).await, Claim::Duplicate);
    }
    let [first, second] = ["1", "2"].map(|id| refund(prefix, "crashed", id, BODY));
    let (a, b) = (Actor::of(ledger, &first, "a"), Actor::of(ledger, &second, "b"));
    assert!(a.claim("x", NOW).await.is_granted());
    let later = NOW + LEASE + Duration::from_millis(1);
    assert_eq!(
        b.claim("x", later).await,
        Claim::Granted { attempt: 2, first: Some(first.webhook_id.clone()), progress: Progress::default() }
    );
    end(&b).await;
}

async fn a_delivery_gives_way_to_the_parked_copy_of_another<L: Ledger>(ledger: &L, prefix: &str) {
    let [first, second] = ["1", "2"].map(|id| refund(prefix, "parked", id, BODY));
    let (a, b) = (Actor::of(ledger, &first, "a"), Actor::of(ledger, &second, "b"));
    assert!(a.claim_as("x", 1, 0, NOW).await.is_granted());
    assert_eq!(a.settle(&parked(1, NOW), NOW).await, Settled::Written);
    assert_eq!(b.claim_as("x", 1, 0, NOW).await, Claim::SupersededByCopy);
    assert!(a.claim_as("x", 1, 1, NOW).await.is_granted(), "the copy");
    end(&a).await;
    assert_eq!(b.claim_as("x", 2, 0, NOW).await, Claim::Duplicate);
}

async fn a_redelivery_is_compared_with_the_first_delivery_alone<L: Ledger>(ledger: &L, prefix: &str) {
    let [first, second] = ["1", "2"].map(|id| refund(prefix, "bodies", id, BODY));
    let (a, b) = (Actor::of(ledger, &first, "a"), Actor::of(ledger, &second, "b"));
    assert!(a.claim("x", NOW).await.is_granted());
    assert_eq!(a.settle(&transient(), NOW).await, Settled::Written);
    assert!(b.claim("printed anew", NOW).await.is_granted());
    assert_eq!(b.settle(&transient(), NOW).await, Settled::Written);
    assert_eq!(a.claim("printed anew", NOW).await, Claim::Mismatch, "under its own webhook id");
    assert_eq!(a.claim("x", NOW).await, Claim::Granted { attempt: 3, first: None, progress: Progress::default() });
    end(&a).await;
    assert_eq!(a.claim("printed anew", NOW).await, Claim::Mismatch);
}
