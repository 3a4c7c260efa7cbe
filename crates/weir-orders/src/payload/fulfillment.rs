//! `fulfillments/*` and `fulfillment_orders/*`.

use serde::Deserialize;

use super::{Id, Instant};
use crate::status::{FulfillmentOrderStatus, ShipmentStatus};

/// A fulfillment: some items of an order that were sent together.
#[derive(Deserialize)]
pub struct FulfillmentBody {
    pub(crate) id: Option<Id>,
    pub(crate) order_id: Option<Id>,
    pub(crate) status: Option<ShipmentStatus>,
    pub(crate) updated_at: Option<Instant>,
    pub(crate) line_items: Option<Vec<ShippedLineBody>>,
}

/// Items of one line of the order.
#[derive(Deserialize)]
pub struct ShippedLineBody {
    pub(crate) id: Option<Id>,
    pub(crate) quantity: Option<u32>,
}

/// Every body of `fulfillment_orders/*`: it names one or more fulfillment orders, and few bodies name their order.
#[derive(Deserialize)]
pub struct FulfillmentOrdersBody {
    pub(crate) order_id: Option<Id>,
    pub(crate) fulfillment_order: Option<FulfillmentOrderBody>,
    pub(crate) original_fulfillment_order: Option<FulfillmentOrderBody>,
    pub(crate) submitted_fulfillment_order: Option<FulfillmentOrderBody>,
    pub(crate) moved_fulfillment_order: Option<FulfillmentOrderBody>,
    pub(crate) remaining_fulfillment_order: Option<FulfillmentOrderBody>,
    pub(crate) replacement_fulfillment_order: Option<FulfillmentOrderBody>,
}

/// One fulfillment order.
#[derive(Deserialize)]
pub(crate) struct FulfillmentOrderBody {
    pub(crate) id: Option<Id>,
    pub(crate) order_id: Option<Id>,
    pub(crate) status: Option<FulfillmentOrderStatus>,
    pub(crate) updated_at: Option<Instant>,
}

impl FulfillmentOrdersBody {
    /// All that it names.
    pub(crate) fn all(&self) -> impl Iterator<Item = &FulfillmentOrderBody> {
        [
            &self.fulfillment_order,
            &self.original_fulfillment_order,
            &self.submitted_fulfillment_order,
            &self.moved_fulfillment_order,
            &self.remaining_fulfillment_order,
            &self.replacement_fulfillment_order,
        ]
        .into_iter()
        .flatten()
    }

    /// The order, where the body names it.
    pub(crate) fn order(&self) -> Option<Id> {
        self.order_id.or_else(|| self.all().find_map(|order| order.order_id))
    }
}
