//! Real histories of orders: in whatever order their webhooks arrive, the end is the same.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shop;

use std::collections::BTreeSet;

use proptest::prelude::*;
use shop::{Delivery, Shop};
use weir_core::{UnixMillis, envelope::Meta};
use weir_orders::{ConfirmedWhen, OrderState, Record, join::Join, status::FulfilmentStatus};

/// The history of an order that is placed, paid, sent in two parcels, and comes back in part.
fn ordinary() -> Shop {
    let mut shop = Shop::new(&[2, 1]);
    shop.create("pending").pay().fulfil(&[1, 0]).fulfil(&[1, 1]).refund(&[0, 1], "return", None);
    shop
}

/// Every history with its name.
fn histories() -> Vec<(&'static str, Shop)> {
    let of = |quantities: &[u32], change: fn(&mut Shop)| {
        let mut shop = Shop::new(quantities);
        change(&mut shop);
        shop
    };
    vec![
        ("ordinary", ordinary()),
        (
            "edited before it is sent",
            of(&[3], |shop| {
                shop.create("authorized").edit(2, 1).pay().fulfil(&[2, 2]);
            }),
        ),
        (
            "edited after it was sent",
            of(&[1], |shop| {
                shop.create("paid").fulfil(&[1]).edit(1, 0).fulfil(&[0, 1]);
            }),
        ),
        (
            "refunded in parts without goods",
            of(&[4], |shop| {
                shop.create("paid").refund(&[1], "no_restock", None).refund(&[1], "cancel", None).fulfil(&[2]);
            }),
        ),
        (
            "returned and refunded",
            of(&[2, 2], |shop| {
                shop.create("paid").fulfil(&[2, 2]);
                let back = shop.open_return(&[1, 0], 0);
                shop.refund(&[1, 0], "return", Some(back)).close_return(back, &[1, 0], true);
            }),
        ),
        (
            "exchanged",
            of(&[1], |shop| {
                shop.create("paid").fulfil(&[1]);
                let back = shop.open_return(&[1], 1);
                shop.edit(1, 0).close_return(back, &[1, 0], false);
            }),
        ),
        (
            "cancelled before payment",
            of(&[1], |shop| {
                shop.create("pending").cancel();
            }),
        ),
        (
            "cancelled after payment, then deleted",
            of(&[1, 1], |shop| {
                shop.create("pending").pay().cancel().delete();
            }),
        ),
        (
            "test order",
            of(&[1], |shop| {
                shop.test = true;
                shop.create("paid").fulfil(&[1]);
            }),
        ),
        (
            "draft order",
            of(&[5], |shop| {
                shop.source = "shopify_draft_order";
                shop.create("pending").pay();
            }),
        ),
        (
            "sold at the counter",
            of(&[1], |shop| {
                shop.source = "pos";
                shop.create("paid").fulfil(&[1]);
            }),
        ),
        (
            "gift card",
            of(&[1], |shop| {
                shop.lines[0].gift_card = true;
                shop.create("paid").fulfil(&[1]);
            }),
        ),
        (
            "nothing to pay",
            of(&[1], |shop| {
                shop.price = 0;
                shop.create("paid").refund(&[1], "cancel", None);
            }),
        ),
        (
            "paid in another currency",
            of(&[2], |shop| {
                shop.presentment = ("JPY", 157);
                shop.create("pending").pay().refund(&[1], "no_restock", None);
            }),
        ),
        (
            "without most fields",
            of(&[2], |shop| {
                shop.left_out =
                    &["updated_at", "refunds", "returns", "line_items", "total_price_set", "currency", "name"];
                shop.create("pending").pay().fulfil(&[2]).refund(&[1], "return", None);
            }),
        ),
    ]
}

/// Histories of up to seven webhooks.
fn short_histories() -> Vec<(&'static str, Shop)> {
    let terse = |quantities: &[u32], change: fn(&mut Shop)| {
        let mut shop = Shop::new(quantities);
        shop.is_terse = true;
        change(&mut shop);
        shop
    };
    let mut histories = histories();
    histories.push((
        "two parcels and a refund",
        terse(&[2, 1], |shop| {
            shop.create("paid").fulfil(&[1, 0]).fulfil(&[1, 1]).refund(&[0, 1], "return", None);
        }),
    ));
    histories.push((
        "paid, edited, cancelled",
        terse(&[2], |shop| {
            shop.create("pending").pay().edit(1, 1).cancel();
        }),
    ));
    histories.push((
        "returned",
        terse(&[2], |shop| {
            shop.create("paid");
            let back = shop.open_return(&[1], 0);
            shop.close_return(back, &[1], false);
        }),
    ));
    histories.retain(|(_, shop)| shop.sent.len() <= 7);
    histories
}

/// An order that took in deliveries, and all that it published, in order.
#[derive(Default)]
struct Run {
    record: Record,
    published: Vec<String>,
}

impl Run {
    fn of<'a>(deliveries: impl IntoIterator<Item = &'a Delivery>) -> Self {
        Self::of_read(deliveries.into_iter().map(|delivery| (&delivery.meta, delivery.says())))
    }

    fn of_read<'a>(deliveries: impl IntoIterator<Item = (&'a Meta, OrderState)>) -> Self {
        let mut run = Self::default();
        for (meta, said) in deliveries {
            run.record.take(meta, said, ConfirmedWhen::Authorized, UnixMillis(0));
            let outbox = std::mem::take(&mut run.record.outbox);
            run.published.extend(outbox.keys().map(ToString::to_string));
        }
        run
    }

    fn assert_same_end(&self, name: &str, other: &Self) {
        assert_eq!(self.record.state, other.record.state, "{name}: state");
        let (json, other_json) = (&self.record.state, &other.record.state);
        assert_eq!(serde_json::to_string(json).unwrap(), serde_json::to_string(other_json).unwrap(), "{name}: bytes");
    }

    /// Each event once, and those alone that really happened.
    fn assert_published(&self, name: &str, shop: &Shop) {
        let once: BTreeSet<String> = self.published.iter().cloned().collect();
        assert_eq!(once.len(), self.published.len(), "{name}: published twice: {:?}", self.published);
        assert_eq!(once, shop.expected, "{name}");
    }

    /// The axes and the lines are those of the order at Shopify.
    fn assert_true(&self, name: &str, shop: &Shop) {
        let axes = self.record.state.axes();
        let lifecycle = match (shop.deleted, shop.cancelled) {
            (true, _) => "deleted",
            (_, true) => "cancelled",
            _ => "open",
        };
        assert_eq!(axes.lifecycle.as_str(), lifecycle, "{name}");
        assert_eq!(axes.payment.as_str(), shop.payment, "{name}");
        let fulfilment = shop.fulfilment().map_or("unfulfilled", |status| status);
        assert_eq!(axes.fulfilment, FulfilmentStatus::of(fulfilment), "{name}");
        let returned = shop.lines.iter().any(|line| line.returned > 0);
        assert_eq!(axes.returns.as_str(), if returned { "returned" } else { "no_return" }, "{name}");
        if shop.left_out.contains(&"line_items") {
            return;
        }
        let lines = self.record.lines();
        assert_eq!(lines.len(), shop.lines.len(), "{name}");
        for (line, real) in lines.iter().zip(&shop.lines) {
            let quantities = (line.ordered, line.current, line.fulfilled, line.returned, line.restocked);
            let real_ones = (Some(real.ordered), Some(real.current), real.fulfilled, real.returned, real.restocked);
            assert_eq!((line.id.0, quantities), (real.id, real_ones), "{name}");
        }
    }
}

/// Calls `visit` with every permutation (Heap's algorithm).
fn permute<T: Clone>(items: &mut Vec<T>, count: usize, visit: &mut impl FnMut(&[T])) {
    if count <= 1 {
        return visit(items);
    }
    for place in 0..count {
        permute(items, count - 1, visit);
        let other = if count.is_multiple_of(2) { place } else { 0 };
        items.swap(other, count - 1);
    }
}

#[test]
fn history_in_order_ends_as_the_order_is_and_publishes_each_event_once() {
    for (name, shop) in histories() {
        let run = Run::of(&shop.sent);
        run.assert_true(name, &shop);
        run.assert_published(name, &shop);
    }
}

#[test]
fn short_history_in_every_permutation_has_the_same_end_and_the_same_events() {
    let mut permutations = 0;
    for (name, shop) in short_histories() {
        let first = Run::of(&shop.sent);
        let mut read: Vec<_> = shop.sent.iter().map(|delivery| (&delivery.meta, delivery.says())).collect();
        permute(&mut read, shop.sent.len(), &mut |order| {
            let run = Run::of_read(order.iter().cloned());
            run.assert_same_end(name, &first);
            run.assert_published(name, &shop);
            run.assert_true(name, &shop);
            permutations += 1;
        });
    }
    assert!(permutations > 5_000, "{permutations}");
}

#[test]
fn actions_within_one_second_are_told_apart_by_their_triggered_at() {
    let mut shop = Shop::new(&[2, 1]);
    shop.pace = 0;
    shop.create("pending").pay().fulfil(&[1, 0]).fulfil(&[1, 1]).refund(&[0, 1], "return", None);
    let mut backwards = shop.sent.clone();
    backwards.reverse();
    for order in [&shop.sent, &backwards] {
        let run = Run::of(order);
        run.assert_true("one second", &shop);
        run.assert_published("one second", &shop);
    }
}

#[test]
fn states_of_different_seconds_are_told_apart_without_triggered_at() {
    let shop = ordinary();
    let mut sent = shop.sent.clone();
    for (place, delivery) in sent.iter_mut().enumerate() {
        delivery.meta.triggered_at = None;
        delivery.meta.received_at = UnixMillis(1_795_765_600_000 - i64::try_from(place).unwrap());
    }
    let run = Run::of(&sent);
    run.assert_true("received in reverse", &shop);
    run.assert_published("received in reverse", &shop);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn history_shuffled_repeated_and_tied_has_the_same_end_and_the_same_events(
        which in 0..15_usize,
        pace in 0..2_i64,
        is_tied in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let (name, shop) = histories().swap_remove(which);
        let mut sent = shop.sent.clone();
        if pace == 0 && is_tied {
            // Nobody can tell which of these is the newest: they must only end alike.
            for delivery in &mut sent {
                delivery.meta.triggered_at = Some("2026-11-27T05:00:00.5Z".to_owned());
                delivery.meta.body_sha256 = "0".repeat(64);
            }
        }
        let first = Run::of(&sent);
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut order: Vec<&Delivery> = sent.iter().collect();
        let repeated: Vec<&Delivery> = order.iter().copied().filter(|_| rng.bool()).collect();
        order.extend(repeated);
        rng.shuffle(&mut order);
        let run = Run::of(order);
        run.assert_same_end(name, &first);
        run.assert_published(name, &shop);
    }

    /// Halves that were joined apart, in whatever grouping, make the same whole: two workers need no common past.
    #[test]
    fn join_is_associative_commutative_and_idempotent(which in 0..15_usize, seed in any::<u64>()) {
        let (_, shop) = histories().swap_remove(which);
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut parts = [OrderState::default(), OrderState::default(), OrderState::default()];
        for delivery in &shop.sent {
            parts[rng.usize(0..3)].join(delivery.says());
        }
        let joined = |one: &OrderState, other: &OrderState| {
            let mut one = one.clone();
            one.join(other.clone());
            one
        };
        let [a, b, c] = &parts;
        prop_assert_eq!(joined(&joined(a, b), c), joined(a, &joined(b, c)));
        prop_assert_eq!(joined(a, b), joined(b, a));
        prop_assert_eq!(joined(a, a), a.clone());
    }
}

#[test]
fn state_is_read_again_as_it_was_stored_and_has_no_customers_data() {
    for (name, shop) in histories() {
        let run = Run::of(&shop.sent);
        let json = serde_json::to_string(&run.record.state).unwrap();
        let again: OrderState = serde_json::from_str(&json).unwrap();
        assert_eq!(again, run.record.state, "{name}");
        for secret in ["Ada", "ada@", "Grace", "Analytical", "ring twice", "+1555"] {
            assert!(!json.contains(secret), "{name}: {secret}");
        }
    }
}
