//! The deliveries of a batch, by their orders: an order is read and written once a batch.

use std::collections::BTreeMap;

use weir_core::{Failure, envelope::Meta};

use crate::{OrderState, payload::Id, store::OrderKey};

/// A delivery, and what it says.
#[derive(Debug)]
pub(super) struct Delivery {
    /// Its place in the batch.
    pub(super) place: usize,
    pub(super) meta: Meta,
    pub(super) said: OrderState,
}

/// The deliveries of one order.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) key: OrderKey,
    pub(super) deliveries: Vec<Delivery>,
}

pub(super) fn group(deliveries: Vec<(Id, Delivery)>) -> Vec<Group> {
    let mut groups: BTreeMap<OrderKey, Vec<Delivery>> = BTreeMap::new();
    for (order, delivery) in deliveries {
        groups.entry(OrderKey { shop: delivery.meta.shop.clone(), order }).or_default().push(delivery);
    }
    groups.into_iter().map(|(key, deliveries)| Group { key, deliveries }).collect()
}

impl Group {
    /// Whether a delivery of this webhook id is in it.
    pub(super) fn has(&self, delivery: &str) -> bool {
        self.deliveries.iter().any(|one| one.meta.webhook_id.as_str() == delivery)
    }

    /// All of them fail.
    pub(super) fn fail(&self, failure: &Failure, results: &mut [Result<(), Failure>]) {
        self.fail_those(|_| true, failure, results);
    }

    /// The deliveries of this webhook id fail.
    pub(super) fn fail_delivery(&self, delivery: &str, failure: &Failure, results: &mut [Result<(), Failure>]) {
        self.fail_those(|one| one.meta.webhook_id.as_str() == delivery, failure, results);
    }

    fn fail_those(&self, which: impl Fn(&Delivery) -> bool, failure: &Failure, results: &mut [Result<(), Failure>]) {
        for delivery in self.deliveries.iter().filter(|delivery| which(delivery)) {
            if let Some(result) = results.get_mut(delivery.place) {
                *result = Err(failure.clone());
            }
        }
    }
}
