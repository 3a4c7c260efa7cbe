//! What Shopify does beside answering and telling: test notifications, the admin's own webhooks, requests of the
//! compliance topics, and changes that come while somebody reads.

use secrecy::SecretString;
use shopify_webhook::ShopDomain;

use super::{Sim, hold};
use crate::{
    Change,
    sender::{ShopEvent, announce, test_notification},
    store::{Declared, DeclaredBy},
};

/// The topics that an app has to take, whatever it subscribes to.
const COMPLIANCE: [&str; 3] = ["customers/data_request", "customers/redact", "shop/redact"];

/// What is to happen once calls of an operation were answered.
pub(super) struct Hook {
    operation: String,
    calls_left: usize,
    act: Box<dyn FnOnce(&Sim) + Send>,
}

impl Sim {
    /// The merchant makes a webhook in the admin: no API lists it, and it is signed with the shop's own key, which the
    /// admin shows; `None` if there is no such shop.
    pub fn admin_webhook(&self, shop: &ShopDomain, topic: &str, uri: &str) -> Option<SecretString> {
        self.change(shop, |shop, _| {
            let (topic, uri) = (topic.to_owned(), uri.to_owned());
            shop.declared.push(Declared { topic, uri, by: DeclaredBy::Merchant });
            shop.signing_key.clone()
        })
    }

    /// Somebody presses "Send test notification": each subscription of the topic gets a made-up body once, with
    /// `X-Shopify-Test: true` and signed with the shop's own key. Returns how many there are.
    pub fn send_test_notification(&self, shop: &ShopDomain, topic: &str) -> usize {
        test_notification(self, shop, topic)
    }

    /// A customer or Shopify asks for what a compliance topic is about. `named` says whether the delivery has the
    /// header with the shop's domain: such without it have been seen. Returns whether there is such a topic.
    pub fn request_compliance(&self, shop: &ShopDomain, topic: &str, named: bool) -> bool {
        let known = COMPLIANCE.into_iter().find(|known| *known == topic);
        if let Some(topic) = known {
            announce(self, shop, &[ShopEvent::Compliance { topic, nameless: !named }]);
        }
        known.is_some()
    }

    /// Something happens in a shop, all of it within one second.
    pub fn happen(&self, shop: &ShopDomain, change: &Change) {
        let newest = |ids: Vec<u64>, count: u32| {
            let first = ids.len().saturating_sub(usize::try_from(count).unwrap_or(usize::MAX));
            ids[first..].to_vec()
        };
        match change {
            Change::PlaceOrders(count) => drop(self.place_orders(shop, *count)),
            Change::UpdateProducts(count) => {
                for id in newest(self.products(shop), *count) {
                    self.update_product(shop, id, &format!("Renamed {}", self.with_rng(|rng| rng.u32(..))));
                }
            }
            Change::UpdateOrders(count) => {
                let ids = self.change(shop, |shop, _| shop.catalog.orders.keys().copied().collect());
                for id in newest(ids.unwrap_or_default(), *count) {
                    let note = format!("Note {}", self.with_rng(|rng| rng.u32(..)));
                    self.note_on_order(shop, id, &note);
                }
            }
            Change::SellInventory(count) => {
                let levels = self.change(shop, |shop, now| {
                    let all: Vec<_> = shop.catalog.levels.keys().copied().collect();
                    let first = all.len().saturating_sub(usize::try_from(*count).unwrap_or(usize::MAX));
                    for place in &all[first..] {
                        let Some(level) = shop.catalog.levels.get_mut(place) else { continue };
                        level.available -= 1;
                        level.committed += 1;
                        level.updated = now;
                    }
                    all[first..].to_vec()
                });
                for (item, location) in levels.unwrap_or_default() {
                    announce(self, shop, &[ShopEvent::InventoryChanged(item, location)]);
                }
            }
        }
    }

    /// The merchant writes a note on an order.
    pub fn note_on_order(&self, shop: &ShopDomain, order: u64, note: &str) {
        let known = self.change(shop, |shop, now| {
            shop.catalog.orders.get_mut(&order).map(|order| {
                order.note = Some(note.to_owned());
                order.updated = now;
            })
        });
        if known.flatten().is_some() {
            announce(self, shop, &[ShopEvent::OrderUpdated(order)]);
        }
    }

    /// Nobody may write this inventory item's quantities from now on: a bundle's follow from its parts.
    pub fn make_bundle(&self, shop: &ShopDomain, item: u64) {
        self.change(shop, |shop, _| shop.catalog.bundles.insert(item));
    }

    /// Once this many calls of an operation (a GraphQL name or the path's last part) were answered from now on, `act`
    /// runs, before the last of the answers arrives: a change between the pages of a walk, say.
    pub fn after_calls(&self, operation: &str, calls: usize, act: impl FnOnce(&Self) + Send + 'static) {
        let hook = Hook { operation: operation.to_owned(), calls_left: calls.max(1), act: Box::new(act) };
        hold(&self.0.moving).hooks.push(hook);
    }

    /// Counts a call for the hooks, and runs those that are due.
    pub(super) fn answered(&self, operation: &str) {
        let due = {
            let hooks = &mut hold(&self.0.moving).hooks;
            for hook in hooks.iter_mut().filter(|hook| hook.operation == operation) {
                hook.calls_left -= 1;
            }
            let (due, waiting) = std::mem::take(hooks).into_iter().partition::<Vec<_>, _>(|hook| hook.calls_left == 0);
            *hooks = waiting;
            due
        };
        // Without the lock: what they do takes it, too.
        for hook in due {
            (hook.act)(self);
        }
    }
}
