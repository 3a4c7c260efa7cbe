//! Realistic webhook bodies, one for each call, for every topic in [`topics`].
//!
//! A body has the shape that Shopify sends in 2026 (REST-shaped payloads): the same fields, the same kinds of
//! values, and numbers that add up. Names, values and ids are made up; e-mail addresses, phone numbers and IP
//! addresses come from ranges that are reserved for examples.
//!
//! - Each body is about a resource of its own, whose event happens at `now`. The shop (its id, country, currency,
//!   time zone, locations and the ids of what it sells) depends on its domain alone.
//! - Ids are integers between 2^53 and 2^63: a reader that passes them through a float loses digits.
//! - Money is a decimal string and is reckoned in whole minor units. Buyers sometimes pay in another currency,
//!   one of them without decimals. The only floats are those that Shopify sends: tax rates, co-ordinates,
//!   weights and the `subtotal` and `total_tax` of a refunded line.
//! - Free text now and then holds quotes, line breaks, emoji and letters outside ASCII.
//!
//! ```
//! let now = jiff::Timestamp::from_second(1_790_000_000)?;
//! let mut samples = shopify_samples::Samples::new(7, "tulip-lab.myshopify.com", now);
//! let body = samples.body("orders/create").expect("a listed topic");
//! assert!(body.contains("tulip-lab.myshopify.com"));
//! assert_eq!(samples.body("orders/unheard_of"), None);
//! # Ok::<(), jiff::Error>(())
//! ```

mod app;
mod basket;
mod catalogue;
mod checkout;
mod customer;
mod draft_order;
mod draw;
mod fulfillment;
mod inventory;
mod line_item;
mod money;
mod order;
mod person;
mod privacy;
mod product;
mod refund;
mod shop;
#[cfg(test)]
mod tests;

use serde_json::Value;

/// Where bodies are drawn from: a seeded source of chance, a shop, and the moment at which events happen.
#[derive(Debug, Clone)]
pub struct Samples {
    rng: fastrand::Rng,
    now: jiff::Timestamp,
    shop: shop::Shop,
}

impl Samples {
    /// The same seed, shop, now and calls give the same bodies (for one version of this crate).
    pub fn new(seed: u64, shop: &str, now: jiff::Timestamp) -> Self {
        let shop = shop::Shop::of(shop);
        Self { rng: fastrand::Rng::with_seed(seed ^ shop.id), now, shop }
    }

    /// The body of the next webhook of this topic; `None` for a topic that is not in [`topics`].
    pub fn body(&mut self, topic: &str) -> Option<String> {
        let place = topics().binary_search(&topic).ok()?;
        let (_, draw) = TABLE[place];
        Some(draw(self).to_string())
    }

    /// The body of an `orders/create` of at least this many bytes, and few more. Even an order with one
    /// line item takes some 6 to 9 KB.
    pub fn sized_order(&mut self, bytes: usize) -> String {
        order::of_size(self, bytes)
    }
}

/// Every topic that bodies can be generated for, sorted.
pub fn topics() -> &'static [&'static str] {
    &TOPICS
}

type Draw = fn(&mut Samples) -> Value;

static TOPICS: [&str; TABLE.len()] = {
    let mut names = [""; TABLE.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = TABLE[place].0;
        place += 1;
    }
    names
};

/// Sorted by topic: `body` searches it by halves.
const TABLE: &[(&str, Draw)] = &[
    ("app/scopes_update", app::scopes_update),
    ("app/uninstalled", shop::body),
    ("app_subscriptions/update", app::subscription),
    ("bulk_operations/finish", app::bulk_operation),
    ("carts/create", checkout::cart_created),
    ("carts/update", checkout::cart_updated),
    ("checkouts/create", checkout::created),
    ("checkouts/update", checkout::updated),
    ("collections/create", product::collection),
    ("collections/delete", product::collection_deleted),
    ("collections/update", product::collection),
    ("customer.tags_added", customer::tags_added),
    ("customers/create", customer::created),
    ("customers/data_request", privacy::data_request),
    ("customers/delete", customer::deleted),
    ("customers/redact", privacy::customer_redact),
    ("customers/update", customer::updated),
    ("draft_orders/create", draft_order::created),
    ("draft_orders/delete", draw::id_alone),
    ("draft_orders/update", draft_order::updated),
    ("fulfillment_orders/order_routing_complete", fulfillment::routed),
    ("fulfillments/create", fulfillment::created),
    ("fulfillments/update", fulfillment::updated),
    ("inventory_items/create", inventory::item_created),
    ("inventory_items/delete", inventory::item_deleted),
    ("inventory_items/update", inventory::item_updated),
    ("inventory_levels/connect", inventory::level),
    ("inventory_levels/disconnect", inventory::level_disconnected),
    ("inventory_levels/update", inventory::level),
    ("locations/create", inventory::location_created),
    ("locations/update", inventory::location_updated),
    ("metaobjects/create", app::metaobject_created),
    ("metaobjects/update", app::metaobject_updated),
    ("order_transactions/create", refund::transaction_created),
    ("orders/cancelled", order::cancelled),
    ("orders/create", order::created),
    ("orders/delete", draw::id_alone),
    ("orders/edited", order::edited),
    ("orders/fulfilled", order::fulfilled),
    ("orders/paid", order::paid),
    ("orders/partially_fulfilled", order::partially_fulfilled),
    ("orders/updated", order::updated),
    ("products/create", product::created),
    ("products/delete", draw::id_alone),
    ("products/update", product::updated),
    ("refunds/create", refund::created),
    ("returns/request", refund::return_requested),
    ("shop/redact", privacy::shop_redact),
    ("shop/update", shop::body),
    ("themes/publish", app::theme),
    ("variants/in_stock", product::in_stock),
    ("variants/out_of_stock", product::out_of_stock),
];
