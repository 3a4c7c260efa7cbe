//! The parts of an order that have ids of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    join::{Latest, join_fields},
    money::{Money, MoneyBag},
    payload::Id,
    status::{RestockType, ReturnStatus, ShipmentStatus, TransactionKind, TransactionStatus},
};

/// How many items of which lines.
pub type Quantities = BTreeMap<Id, u32>;

/// A line as the order shows it. It has neither title nor properties: properties are what a customer wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// The SKU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// The variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<Id>,
    /// The product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Id>,
    /// How many were ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered: Option<u32>,
    /// How many are left after edits and refunds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u32>,
    /// Whether it is a gift card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gift_card: Option<bool>,
    /// Whether it has to be shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped: Option<bool>,
    /// The price of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<MoneyBag>,
}

/// A fulfillment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fulfillment {
    /// Its status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Latest<ShipmentStatus>>,
    /// What it sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Latest<Quantities>>,
}

join_fields!(Fulfillment { status, lines });

impl Fulfillment {
    /// What it has sent: nothing before it succeeded.
    pub fn sent(&self) -> Option<&Quantities> {
        let done = self.status.as_ref().is_some_and(|status| status.value == ShipmentStatus::Success);
        self.lines.as_ref().filter(|_| done).map(|lines| &lines.value)
    }
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Refund {
    /// What goes back; `None` while every body left it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Latest<RefundContent>>,
    /// The return that it belongs to; a null if it belongs to none.
    #[serde(rename = "return", skip_serializing_if = "Option::is_none")]
    pub of_return: Option<Latest<Option<Id>>>,
    /// Whether it brings items back and belongs to no return, so that nothing else says that they came back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub brings_back: bool,
}

join_fields!(Refund { content, of_return, brings_back });

/// What a refund gives back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RefundContent {
    /// The items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RefundLine>,
    /// All that goes back: items, taxes, shipping, duties and adjustments. `None` of a refund of nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<MoneyBag>,
}

/// Items of one line that were refunded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RefundLine {
    /// The line of the order.
    pub line: Id,
    /// How many.
    pub quantity: u32,
    /// What it does to the stock.
    pub restock: RestockType,
}

/// A return.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Return {
    /// Its status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Latest<ReturnStatus>>,
    /// What comes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Latest<Quantities>>,
    /// How many lines go out in exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchanged: Option<Latest<u32>>,
    /// Whether it was ever closed: it may have been opened again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
}

join_fields!(Return { status, lines, exchanged, closed });

impl Return {
    /// Whether its items came back: it was closed, and is neither open again nor cancelled.
    pub fn is_done(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.value == ReturnStatus::Closed)
    }
}

/// What an edit changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Edit {
    /// How many items it added.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub added: Quantities,
    /// How many items it removed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub removed: Quantities,
}

/// A transaction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Transaction {
    /// What it does.
    pub kind: TransactionKind,
    /// What became of it.
    pub status: TransactionStatus,
    /// How much, in the currency of the transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
}
