//! What a snapshot says of its order.

use std::collections::BTreeMap;

use crate::{
    join::Latest,
    money::{Amount, Currency, Money, MoneyBag},
    payload::{Id, LineBody, OrderBody},
    stamp::DeliveryStamp,
    state::{Line, Milestone, OrderState},
    status::{FulfilmentStatus, PaymentStatus, ShipmentStatus},
};

/// The longest SKU, name and source that are stored, in bytes.
const MAX_TEXT_LEN: usize = 255;

impl OrderState {
    pub(super) fn read_order(&mut self, body: OrderBody, at: DeliveryStamp) {
        let stamp = at.resource(body.updated_at.map(|at| at.0));
        let seconds = stamp.seconds();
        self.read_milestones(&body, seconds);
        let total = body.total_price_set.or_else(|| bag(body.total_price, body.currency.as_ref()));
        let current_total =
            body.current_total_price_set.or_else(|| bag(body.current_total_price, body.currency.as_ref()));
        self.name = body.name.map(|name| Latest { stamp, value: clip(name) });
        self.created_at = body.created_at.map(|at| Latest { stamp, value: at.0 });
        self.cancelled_at = body.cancelled_at.known().map(|at| Latest { stamp, value: at.map(|at| at.0) });
        self.closed_at = body.closed_at.known().map(|at| Latest { stamp, value: at.map(|at| at.0) });
        self.test = body.test.map(|value| Latest { stamp, value });
        self.source = body.source_name.map(|source| Latest { stamp, value: clip(source) });
        self.payment = body.financial_status.map(|value| Latest { stamp, value });
        let fulfilment = body.fulfillment_status.known();
        self.fulfilment =
            fulfilment.map(|status| Latest { stamp, value: status.unwrap_or(FulfilmentStatus::Unfulfilled) });
        self.total = total.map(|value| Latest { stamp, value });
        self.current_total = current_total.map(|value| Latest { stamp, value });
        self.lines = body.line_items.map(|lines| Latest { stamp, value: read_lines(lines) });
        for fulfillment in body.fulfillments.into_iter().flatten() {
            self.read_fulfillment(fulfillment, at);
        }
        for refund in body.refunds.into_iter().flatten() {
            self.read_refund(refund, at);
        }
        for of_order in body.returns.into_iter().flatten() {
            self.read_return(of_order, at);
        }
    }

    /// What the snapshot shows that the order has reached. Only statuses of Shopify's count, never what this service adds
    /// up: a sum depends on what has arrived.
    fn read_milestones(&mut self, body: &OrderBody, at: i64) {
        if let Some(created) = body.created_at {
            self.reach(Milestone::Created, created.0);
        }
        if body.financial_status.as_ref().is_some_and(PaymentStatus::is_authorized) {
            self.reach(Milestone::Authorized, at);
        }
        if body.financial_status.as_ref().is_some_and(PaymentStatus::is_paid) {
            self.reach(Milestone::Paid, at);
        }
        if let Some(cancelled) = body.cancelled_at.value() {
            self.reach(Milestone::Cancelled, cancelled.0);
        }
        match body.fulfillment_status.value() {
            Some(FulfilmentStatus::PartiallyFulfilled) => {
                self.reach(Milestone::PartiallyFulfilled(last_fulfillment(body)), at);
            }
            Some(FulfilmentStatus::Fulfilled) => self.reach(Milestone::Fulfilled(last_fulfillment(body)), at),
            _ => {}
        }
    }
}

/// The fulfillment that led to the order's status: ids of Shopify's grow.
fn last_fulfillment(body: &OrderBody) -> Option<Id> {
    let done = |status: &Option<ShipmentStatus>| matches!(status, Some(ShipmentStatus::Success));
    body.fulfillments.iter().flatten().filter(|one| done(&one.status)).filter_map(|one| one.id).max()
}

fn read_lines(lines: Vec<LineBody>) -> BTreeMap<Id, Line> {
    let read = |line: LineBody| {
        let read = Line {
            sku: line.sku.filter(|sku| !sku.is_empty()).map(clip),
            variant: line.variant_id,
            product: line.product_id,
            ordered: line.quantity,
            current: line.current_quantity,
            gift_card: line.gift_card.filter(|is_one| *is_one),
            shipped: line.requires_shipping,
            price: line.price_set,
        };
        Some((line.id?, read))
    };
    lines.into_iter().filter_map(read).collect()
}

/// An amount of which the body has no set: it is in the shop's currency.
fn bag(amount: Option<Amount>, currency: Option<&Currency>) -> Option<MoneyBag> {
    Some(MoneyBag { shop: Money { amount: amount?, currency: currency?.clone() }, presentment: None })
}

fn clip(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_TEXT_LEN));
    text
}
