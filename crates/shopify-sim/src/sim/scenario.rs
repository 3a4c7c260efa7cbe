//! What happens to shops: buyers, merchants, and what tests and the CLI do to them.

use shopify_webhook::ShopDomain;

use super::{Sim, hold};
use crate::{
    DeliveryFaults, Plan, Rule,
    sender::{ShopEvent, announce},
    store::ShopStatus,
};

impl Sim {
    /// Another plan, from now on. What the bucket holds is capped to the new one.
    pub fn set_plan(&self, shop: &ShopDomain, plan: Plan) {
        self.change(shop, |shop, now| {
            // What came back until now came back at the old rate.
            shop.bucket.level(shop.plan.bucket(), shop.plan.restore_rate(), now);
            shop.plan = plan;
            shop.bucket.level(plan.bucket(), plan.restore_rate(), now);
        });
    }

    /// Adds a rule of misbehaviour behind those that are there.
    pub fn script(&self, rule: Rule) {
        hold(&self.0.moving).script.add(rule);
    }

    /// Forgets the rules.
    pub fn clear_script(&self) {
        hold(&self.0.moving).script.clear();
    }

    /// What goes wrong with deliveries, from now on.
    pub fn set_delivery_faults(&self, faults: DeliveryFaults) {
        hold(&self.0.moving).faults = faults;
    }

    /// Buyers place `n` orders now, and every other one pays. Returns the orders' ids.
    pub fn place_orders(&self, shop: &ShopDomain, n: u32) -> Vec<u64> {
        // What one buyer does is one action: what it causes shares an event id.
        let mut actions = Vec::new();
        let mut ids = Vec::new();
        self.change(shop, |shop, now| {
            for index in 0..n {
                let Some((id, changed)) = shop.place_order(now) else { return };
                ids.push(id);
                let mut events = vec![ShopEvent::OrderCreated(id)];
                if index % 2 == 1 {
                    if let Some(order) = shop.catalog.orders.get_mut(&id) {
                        order.paid = Some(now);
                    }
                    events.push(ShopEvent::OrderPaid(id));
                }
                events.extend(changed.into_iter().map(|(item, place)| ShopEvent::InventoryChanged(item, place)));
                actions.push(events);
            }
        });
        for events in actions {
            announce(self, shop, &events);
        }
        ids
    }

    /// The merchant pays for an order at the counter: it is paid and updated.
    pub fn pay_order(&self, shop: &ShopDomain, order: u64) {
        let known = self.change(shop, |shop, now| {
            shop.catalog.orders.get_mut(&order).map(|order| {
                order.paid = Some(now);
                order.updated = now;
            })
        });
        if known.flatten().is_some() {
            announce(self, shop, &[ShopEvent::OrderPaid(order), ShopEvent::OrderUpdated(order)]);
        }
    }

    /// The merchant renames a product.
    pub fn update_product(&self, shop: &ShopDomain, product: u64, title: &str) {
        let known = self.change(shop, |shop, now| {
            shop.catalog.products.get_mut(&product).map(|product| {
                title.clone_into(&mut product.title);
                product.updated = now;
            })
        });
        if known.flatten().is_some() {
            announce(self, shop, &[ShopEvent::ProductUpdated(product)]);
        }
    }

    /// The merchant removes the app: its tokens are void, `app/uninstalled` is sent, then its subscriptions go.
    pub fn uninstall(&self, shop: &ShopDomain) {
        announce(self, shop, &[ShopEvent::Uninstalled]);
        self.change(shop, |shop, _| {
            shop.status = ShopStatus::Uninstalled;
            shop.tokens.revoke();
            // The last delivery needs its subscription.
            shop.subscriptions.retain(|_, one| one.topic == "APP_UNINSTALLED");
        });
    }

    /// Access tokens expire now; refresh tokens stay.
    pub fn expire_tokens(&self, shop: &ShopDomain) {
        self.change(shop, |shop, now| shop.tokens.expire(now));
    }

    /// All tokens are void from now on: 401.
    pub fn revoke(&self, shop: &ShopDomain) {
        self.change(shop, |shop, _| shop.tokens.revoke());
    }

    /// The shop stopped paying: 402 from now on.
    pub fn freeze(&self, shop: &ShopDomain) {
        self.change(shop, |shop, _| shop.status = ShopStatus::Frozen);
    }

    /// The shop is locked: 423 from now on.
    pub fn lock(&self, shop: &ShopDomain) {
        self.change(shop, |shop, _| shop.status = ShopStatus::Locked);
    }

    /// The shop may be called again.
    pub fn reopen(&self, shop: &ShopDomain) {
        self.change(shop, |shop, _| shop.status = ShopStatus::Open);
    }

    /// The shop is gone: 404 from now on.
    pub fn remove(&self, shop: &ShopDomain) {
        hold(&self.0.shops).remove(shop);
    }

    /// What the app may do in a shop, from now on.
    pub fn set_scopes(&self, shop: &ShopDomain, scopes: &[&str]) {
        self.change(shop, |shop, _| shop.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect());
    }

    /// The shop's next bulk operation fails once it has written so many objects; what there is, is partial data.
    pub fn fail_next_bulk(&self, shop: &ShopDomain, after_objects: u64) {
        hold(&self.0.moving).failing_bulks.insert(shop.clone(), after_objects);
    }
}
