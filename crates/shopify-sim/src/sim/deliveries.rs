//! What deliveries and bulk operations, in tasks of their own, need of the simulator.

use std::time::Duration;

use shopify_webhook::ShopDomain;

use super::{Sim, hold};
use crate::{DeliveryFaults, DeliveryRecord, Outlet};

impl Sim {
    pub(crate) fn outlet(&self) -> &Outlet {
        &self.0.options.outlet
    }

    pub(crate) fn faults(&self) -> DeliveryFaults {
        hold(&self.0.moving).faults
    }

    pub(crate) fn record_delivery(&self, record: DeliveryRecord) {
        hold(&self.0.moving).deliveries.push(record);
    }

    pub(crate) fn subscribed(&self, shop: &ShopDomain, id: u64) -> bool {
        self.change(shop, |shop, _| shop.subscriptions.contains_key(&id)).unwrap_or(false)
    }

    /// Counts an attempt for its subscription. One that never worked while a delivery used up its retries is removed.
    pub(crate) fn attempted(&self, shop: &ShopDomain, id: u64, taken: bool, last: bool) {
        self.change(shop, |shop, _| {
            let Some(subscription) = shop.subscriptions.get_mut(&id) else { return };
            subscription.failures = if taken { 0 } else { subscription.failures + 1 };
            if last && subscription.failures >= 8 {
                shop.subscriptions.remove(&id);
            }
        });
    }

    pub(crate) fn bulk_must_fail(&self, shop: &ShopDomain, objects: u64) -> bool {
        let mut moving = hold(&self.0.moving);
        let due = moving.failing_bulks.get(shop).is_some_and(|after| objects >= *after);
        due && moving.failing_bulks.remove(shop).is_some()
    }

    /// Made when the first delivery needs it: TLS wants a provider chosen, and tests that stay in the process want none.
    pub(crate) fn client(&self) -> Result<&reqwest::Client, String> {
        let made = self.0.client.get_or_init(|| {
            // Somebody else may have chosen already: then that one serves.
            drop(rustls::crypto::ring::default_provider().install_default());
            let client = reqwest::Client::builder()
                .connect_timeout(Duration::from_secs(1))
                .timeout(Duration::from_secs(5))
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build();
            client.map_err(|problem| problem.to_string())
        });
        made.as_ref().map_err(Clone::clone)
    }
}
