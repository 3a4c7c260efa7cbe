//! All that is known of an order: a join of what every delivery said.

mod milestone;
mod parts;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::{
    milestone::Milestone,
    parts::{Edit, Fulfillment, Line, Quantities, Refund, RefundContent, RefundLine, Return, Transaction},
};
use crate::{
    join::{Earliest, Join, Latest, join_fields},
    money::MoneyBag,
    payload::Id,
    status::{FulfillmentOrderStatus, FulfilmentStatus, PaymentStatus},
};

/// All that is known of an order. What nobody said yet is `None`.
///
/// Fields of the order are each the latest on their own: subscriptions may ask for different fields. Parts of the order
/// are kept by their ids, and never disappear.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderState {
    /// `#1001`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Latest<String>>,
    /// In seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Latest<i64>>,
    /// In seconds since 1970; a null says that it is not cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Latest<Option<i64>>>,
    /// In seconds since 1970; a null says that it is not closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Latest<Option<i64>>>,
    /// Whether it is a test order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<Latest<bool>>,
    /// `web`, `pos`, `shopify_draft_order`, or an app's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Latest<String>>,
    /// Shopify's `financial_status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<Latest<PaymentStatus>>,
    /// Shopify's `fulfillment_status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fulfilment: Option<Latest<FulfilmentStatus>>,
    /// What was ordered: it grows with what edits add, and refunds leave it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Latest<MoneyBag>>,
    /// What is left of it after edits, returns and refunds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_total: Option<Latest<MoneyBag>>,
    /// The lines, by their ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Latest<BTreeMap<Id, Line>>>,
    /// Whether it was deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// Fulfillments, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fulfillments: BTreeMap<Id, Fulfillment>,
    /// Fulfillment orders, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fulfillment_orders: BTreeMap<Id, Latest<FulfillmentOrderStatus>>,
    /// Refunds, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub refunds: BTreeMap<Id, Refund>,
    /// Returns, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub returns: BTreeMap<Id, Return>,
    /// Edits, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub edits: BTreeMap<Id, Latest<Edit>>,
    /// Transactions, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub transactions: BTreeMap<Id, Latest<Transaction>>,
    /// What the order has reached, and the second since 1970 at which a delivery first shows it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub milestones: BTreeMap<Milestone, Earliest<i64>>,
}

join_fields!(OrderState {
    name,
    created_at,
    cancelled_at,
    closed_at,
    test,
    source,
    payment,
    fulfilment,
    total,
    current_total,
    lines,
    deleted,
    fulfillments,
    fulfillment_orders,
    refunds,
    returns,
    edits,
    transactions,
    milestones,
});

impl OrderState {
    /// When something first showed that the order had got there, in seconds since 1970.
    pub fn reached(&self, milestone: Milestone) -> Option<i64> {
        self.milestones.get(&milestone).map(|at| at.0)
    }

    /// Notes that the order has got there.
    pub(crate) fn reach(&mut self, milestone: Milestone, at: i64) {
        self.milestones.join(BTreeMap::from([(milestone, Earliest(at))]));
    }
}
