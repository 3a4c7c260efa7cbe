//! What can be seen of the simulator from outside.

use shopify_webhook::ShopDomain;

use super::{CallRecord, Sim, hold};
use crate::{
    DeliveryRecord,
    sender::{order_body, product_body},
};

impl Sim {
    /// What a shop's bucket holds now, in points; `None` for an unknown shop.
    #[must_use]
    pub fn bucket_level(&self, shop: &ShopDomain) -> Option<f64> {
        self.change(shop, |shop, now| shop.bucket.level(shop.plan.bucket(), shop.plan.restore_rate(), now))
    }

    /// Every call so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRecord> {
        hold(&self.0.moving).calls.clone()
    }

    /// How many calls of an operation (a GraphQL name or the path's last part) there were.
    #[must_use]
    pub fn calls_of(&self, operation: &str) -> usize {
        hold(&self.0.moving).calls.iter().filter(|call| call.operation == operation).count()
    }

    /// How many operations of that name ran.
    #[must_use]
    pub fn executions_of(&self, operation: &str) -> usize {
        hold(&self.0.moving).calls.iter().filter(|call| call.executed && call.operation == operation).count()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        hold(&self.0.moving).calls.clear();
    }

    /// How often the shop's refresh tokens were exchanged.
    #[must_use]
    pub fn refreshes(&self, shop: &ShopDomain) -> u64 {
        self.change(shop, |shop, _| shop.tokens.refreshes).unwrap_or(0)
    }

    /// Every attempt of every delivery so far, in order.
    #[must_use]
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        hold(&self.0.moving).deliveries.clone()
    }

    /// The ids of the shop's products.
    #[must_use]
    pub fn products(&self, shop: &ShopDomain) -> Vec<u64> {
        self.change(shop, |shop, _| shop.catalog.products.keys().copied().collect()).unwrap_or_default()
    }

    /// The ids of the shop's orders.
    #[must_use]
    pub fn orders(&self, shop: &ShopDomain) -> Vec<u64> {
        self.change(shop, |shop, _| shop.catalog.orders.keys().copied().collect()).unwrap_or_default()
    }

    /// An order, as its webhooks carry it now.
    #[must_use]
    pub fn order(&self, shop: &ShopDomain, order: u64) -> Option<serde_json::Value> {
        self.change(shop, |shop, _| order_body(shop, order)).flatten()
    }

    /// A product, as its webhooks carry it now.
    #[must_use]
    pub fn product(&self, shop: &ShopDomain, product: u64) -> Option<serde_json::Value> {
        self.change(shop, |shop, _| product_body(shop, product)).flatten()
    }

    /// The ids of the shop's inventory items, and of its locations.
    #[must_use]
    pub fn inventory(&self, shop: &ShopDomain) -> (Vec<u64>, Vec<u64>) {
        let both = self.change(shop, |shop, _| {
            let items = shop.catalog.items.keys().copied().collect();
            (items, shop.catalog.locations.keys().copied().collect())
        });
        both.unwrap_or_default()
    }

    /// What a location has available of an item.
    #[must_use]
    pub fn available(&self, shop: &ShopDomain, item: u64, location: u64) -> Option<i64> {
        self.change(shop, |shop, _| shop.catalog.levels.get(&(item, location)).map(|level| level.available)).flatten()
    }

    /// The ids and topics of the shop's listed webhook subscriptions.
    #[must_use]
    pub fn subscriptions(&self, shop: &ShopDomain) -> Vec<(u64, String)> {
        let all =
            self.change(shop, |shop, _| shop.subscriptions.iter().map(|(id, one)| (*id, one.topic.clone())).collect());
        all.unwrap_or_default()
    }
}
