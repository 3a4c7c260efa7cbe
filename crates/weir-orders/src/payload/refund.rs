//! `refunds/create` and `order_transactions/create`.

use serde::Deserialize;

use super::{Given, Id, Instant};
use crate::{
    money::{Amount, Currency, Money, MoneyBag},
    status::{RestockType, TransactionKind, TransactionStatus},
};

/// A refund.
#[derive(Deserialize)]
pub struct RefundBody {
    pub(crate) id: Option<Id>,
    pub(crate) order_id: Option<Id>,
    pub(crate) created_at: Option<Instant>,
    pub(crate) refund_line_items: Option<Vec<RefundLineBody>>,
    pub(crate) refund_shipping_lines: Option<Vec<RefundShippingBody>>,
    pub(crate) order_adjustments: Option<Vec<AdjustmentBody>>,
    pub(crate) total_duties_set: Option<MoneyBag>,
    pub(crate) transactions: Option<Vec<TransactionBody>>,
    #[serde(default, rename = "return")]
    pub(crate) of_return: Given<ReturnIdBody>,
}

/// The return that a refund belongs to.
#[derive(Deserialize)]
pub(crate) struct ReturnIdBody {
    pub(crate) id: Option<Id>,
    pub(crate) admin_graphql_api_id: Option<Id>,
}

/// Items of one line that were refunded.
#[derive(Deserialize)]
pub(crate) struct RefundLineBody {
    pub(crate) line_item_id: Option<Id>,
    pub(crate) quantity: Option<u32>,
    pub(crate) restock_type: Option<RestockType>,
    pub(crate) subtotal_set: Option<MoneyBag>,
    pub(crate) total_tax_set: Option<MoneyBag>,
}

/// Shipping that was refunded, from version 2024-10 on.
#[derive(Deserialize)]
pub(crate) struct RefundShippingBody {
    pub(crate) subtotal_amount_set: Option<MoneyBag>,
    pub(crate) tax_amount_set: Option<MoneyBag>,
}

/// By what a refund differs from its lines. What was refunded beyond them is negative.
#[derive(Deserialize)]
pub(crate) struct AdjustmentBody {
    pub(crate) kind: Option<String>,
    pub(crate) amount_set: Option<MoneyBag>,
    pub(crate) tax_amount_set: Option<MoneyBag>,
}

/// A transaction, as a body of its own or as a part of a refund.
#[derive(Deserialize)]
pub struct TransactionBody {
    pub(crate) id: Option<Id>,
    pub(crate) order_id: Option<Id>,
    pub(crate) kind: Option<TransactionKind>,
    pub(crate) status: Option<TransactionStatus>,
    pub(crate) amount: Option<Amount>,
    pub(crate) currency: Option<Currency>,
    pub(crate) created_at: Option<Instant>,
}

impl TransactionBody {
    /// The amount with its currency, if the body has both.
    pub(crate) fn money(&self) -> Option<Money> {
        Some(Money { amount: self.amount?, currency: self.currency.clone()? })
    }
}
