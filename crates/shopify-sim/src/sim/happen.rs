//! What merchants do that the Admin API has no call for here.

use shopify_webhook::ShopDomain;

use super::Sim;
use crate::sender::{ShopEvent, announce};

impl Sim {
    /// The merchant cancels an order: it is cancelled and updated.
    pub fn cancel_order(&self, shop: &ShopDomain, order: u64) {
        let known = self.change(shop, |shop, now| {
            shop.catalog.orders.get_mut(&order).map(|order| {
                order.cancelled = Some(now);
                order.updated = now;
            })
        });
        if known.flatten().is_some() {
            announce(self, shop, &[ShopEvent::OrderCancelled(order), ShopEvent::OrderUpdated(order)]);
        }
    }

    /// The merchant makes a product. Returns its id; `None` if there is no such shop.
    pub fn create_product(&self, shop: &ShopDomain, title: &str) -> Option<u64> {
        let id = self.change(shop, |shop, now| shop.new_product(title, now))?;
        announce(self, shop, &[ShopEvent::ProductCreated(id)]);
        Some(id)
    }

    /// The merchant counts an item at a location.
    pub fn set_available(&self, shop: &ShopDomain, item: u64, location: u64, available: i64) {
        let known = self.change(shop, |shop, now| {
            shop.catalog.levels.get_mut(&(item, location)).map(|level| {
                level.available = available;
                level.updated = now;
            })
        });
        if known.flatten().is_some() {
            announce(self, shop, &[ShopEvent::InventoryChanged(item, location)]);
        }
    }
}
