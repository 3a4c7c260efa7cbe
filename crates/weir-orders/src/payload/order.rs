//! `orders/*`.

use serde::Deserialize;

use super::{FulfillmentBody, Given, Id, Instant, RefundBody, ReturnBody};
use crate::{
    money::{Amount, Currency, MoneyBag},
    status::{FulfilmentStatus, PaymentStatus},
};

/// An order, or as much of it as the subscription asks for.
#[derive(Deserialize)]
pub struct OrderBody {
    pub(crate) id: Option<Id>,
    pub(crate) admin_graphql_api_id: Option<Id>,
    pub(crate) name: Option<String>,
    pub(crate) created_at: Option<Instant>,
    pub(crate) updated_at: Option<Instant>,
    #[serde(default)]
    pub(crate) cancelled_at: Given<Instant>,
    #[serde(default)]
    pub(crate) closed_at: Given<Instant>,
    pub(crate) test: Option<bool>,
    pub(crate) source_name: Option<String>,
    pub(crate) financial_status: Option<PaymentStatus>,
    #[serde(default)]
    pub(crate) fulfillment_status: Given<FulfilmentStatus>,
    pub(crate) currency: Option<Currency>,
    pub(crate) total_price: Option<Amount>,
    pub(crate) total_price_set: Option<MoneyBag>,
    pub(crate) current_total_price: Option<Amount>,
    pub(crate) current_total_price_set: Option<MoneyBag>,
    pub(crate) line_items: Option<Vec<LineBody>>,
    pub(crate) fulfillments: Option<Vec<FulfillmentBody>>,
    pub(crate) refunds: Option<Vec<RefundBody>>,
    pub(crate) returns: Option<Vec<ReturnBody>>,
}

impl OrderBody {
    /// The order's id.
    pub(crate) fn id(&self) -> Option<Id> {
        self.id.or(self.admin_graphql_api_id)
    }
}

/// One line of an order.
#[derive(Deserialize)]
pub struct LineBody {
    pub(crate) id: Option<Id>,
    pub(crate) sku: Option<String>,
    pub(crate) variant_id: Option<Id>,
    pub(crate) product_id: Option<Id>,
    pub(crate) quantity: Option<u32>,
    pub(crate) current_quantity: Option<u32>,
    pub(crate) gift_card: Option<bool>,
    pub(crate) requires_shipping: Option<bool>,
    pub(crate) price_set: Option<MoneyBag>,
}

/// `orders/edited`
#[derive(Deserialize)]
pub struct EditedBody {
    pub(crate) order_edit: Option<EditBody>,
}

/// What an edit added and removed.
#[derive(Deserialize)]
pub struct EditBody {
    pub(crate) id: Option<Id>,
    pub(crate) order_id: Option<Id>,
    pub(crate) committed_at: Option<Instant>,
    pub(crate) line_items: Option<EditedLines>,
}

/// The lines that an edit touched.
#[derive(Deserialize)]
pub(crate) struct EditedLines {
    #[serde(default)]
    pub(crate) additions: Vec<EditedLine>,
    #[serde(default)]
    pub(crate) removals: Vec<EditedLine>,
}

/// By how many items an edit changed a line.
#[derive(Deserialize)]
pub(crate) struct EditedLine {
    pub(crate) id: Option<Id>,
    pub(crate) delta: Option<u32>,
}

/// `orders/delete`, and what else only names its order.
#[derive(Deserialize)]
pub struct OrderIdBody {
    pub(crate) id: Option<Id>,
    pub(crate) admin_graphql_api_id: Option<Id>,
}
