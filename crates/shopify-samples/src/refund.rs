//! `refunds/create`, `order_transactions/create` and `returns/request`: what happens to an order's money.

use crate::Samples;
use crate::draw::{gid, joined};
use crate::line_item::{self, Progress};
use crate::money::{Currencies, Money};
use crate::order::Order;
use serde_json::{Value, json};

pub(crate) struct Refund {
    /// Which lines of the order, all of each.
    lines: Vec<usize>,
    shipping: bool,
    restock: Restock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restock {
    /// Never left the shop.
    Cancel,
    /// Came back.
    Return,
    /// Stays where it is.
    No,
}

pub(crate) fn created(samples: &mut Samples) -> Value {
    let order = samples.older_order();
    let restock = *samples.pick(&[Restock::Return, Restock::No]);
    let refund = if samples.one_in(3) {
        Refund::of_all(&order, restock)
    } else {
        let lines = samples.rng.usize(1..=order.basket.lines.len());
        Refund { lines: (0..lines).collect(), shipping: false, restock }
    };
    refund.json(&order, samples)
}

pub(crate) fn transaction_created(samples: &mut Samples) -> Value {
    let order = samples.order();
    transaction(&order, "sale", order.basket.total(), samples)
}

pub(crate) fn return_requested(samples: &mut Samples) -> Value {
    let order = samples.older_order();
    let id = samples.id();
    let lines: Vec<_> = (order.basket.lines.iter().take(2))
        .map(|line| {
            let (id, shipped) = (samples.id(), samples.id());
            json!({
                "id": id,
                "admin_graphql_api_id": gid("ReturnLineItem", id),
                "fulfillment_line_item": {
                    "id": shipped,
                    "admin_graphql_api_id": gid("FulfillmentLineItem", shipped),
                    "line_item": { "id": line.id, "admin_graphql_api_id": gid("LineItem", line.id) },
                },
                "quantity": line.quantity,
                "return_reason": *samples.pick(&["defective", "size_too_small", "unwanted", "other"]),
                "return_reason_note": "",
                "customer_note": samples.note(),
            })
        })
        .collect();
    json!({
        "id": id,
        "admin_graphql_api_id": gid("Return", id),
        "name": format!("{}-R1", order.name()),
        "status": "requested",
        "order": { "id": order.id, "admin_graphql_api_id": gid("Order", order.id) },
        "total_return_line_items": lines.len(),
        "return_line_items": lines,
        "return_shipping_fees": [],
        "exchange_line_items": [],
        "total_exchange_line_items": 0,
    })
}

impl Refund {
    /// Everything that was paid.
    pub(crate) fn of_all(order: &Order, restock: Restock) -> Self {
        Self { lines: (0..order.basket.lines.len()).collect(), shipping: true, restock }
    }

    fn total(&self, order: &Order) -> Money {
        let basket = &order.basket;
        let lines: Money =
            (self.lines.iter().map(|line| &basket.lines[*line])).map(|line| basket.gross(line.net(), line.tax())).sum();
        let shipping = basket.shipping.iter().filter(|_| self.shipping);
        lines + shipping.map(|shipping| basket.gross(shipping.price, shipping.tax())).sum()
    }

    pub(crate) fn json(&self, order: &Order, samples: &mut Samples) -> Value {
        let currencies = order.basket.currencies;
        let id = samples.id();
        let lines: Vec<_> = self.lines.iter().map(|line| self.line(order, *line, samples)).collect();
        let shipping: Vec<_> = (order.basket.shipping.iter().filter(|_| self.shipping))
            .map(|shipping| {
                json!({
                    "id": samples.id(),
                    "shipping_line": line_item::of_shipping(shipping, Money::default(), currencies),
                    "subtotal_amount_set": currencies.set(shipping.price),
                    "tax_amount_set": currencies.set(shipping.tax()),
                })
            })
            .collect();
        let transactions =
            if order.paid { vec![transaction(order, "refund", self.total(order), samples)] } else { Vec::new() };
        json!({
            "id": id,
            "admin_graphql_api_id": gid("Refund", id),
            "order_id": order.id,
            "created_at": samples.ago(0),
            "processed_at": samples.ago(0),
            "note": samples.note(),
            "user_id": samples.shop.id_of("StaffMember", "owner"),
            "restock": self.restock != Restock::No,
            "return": null,
            "duties": [],
            "total_duties_set": currencies.set(Money::default()),
            "order_adjustments": [],
            "refund_line_items": lines,
            "refund_shipping_lines": shipping,
            "transactions": transactions,
        })
    }

    fn line(&self, order: &Order, place: usize, samples: &mut Samples) -> Value {
        let currencies = order.basket.currencies;
        let line = &order.basket.lines[place];
        let (restock_type, progress) = match self.restock {
            Restock::Cancel => ("cancel", Progress::Removed),
            Restock::Return => ("return", Progress::Fulfilled),
            Restock::No => ("no_restock", Progress::Fulfilled),
        };
        let restocked = self.restock != Restock::No;
        json!({
            "id": samples.id(),
            "line_item_id": line.id,
            "line_item": line_item::of_shipment(line, currencies, progress),
            "quantity": line.quantity,
            "location_id": restocked.then(|| samples.shop.location_id()),
            "restock_type": restock_type,
            "subtotal": float(line.net()),
            "subtotal_set": currencies.set(line.net()),
            "total_tax": float(line.tax()),
            "total_tax_set": currencies.set(line.tax()),
        })
    }
}

/// Shopify writes these two as numbers, unlike all other money.
fn float(money: Money) -> f64 {
    money.shop as f64 / 100.0
}

/// A payment, or one going back, in the currency that the buyer paid in.
fn transaction(order: &Order, kind: &str, amount: Money, samples: &mut Samples) -> Value {
    let id = samples.id();
    let currency = order.basket.currencies.presentment;
    let refund = kind == "refund";
    let card = json!({
        "avs_result_code": "Y",
        "buyer_action_info": null,
        "credit_card_bin": "424242",
        "credit_card_company": "Visa",
        "credit_card_expiration_month": 4,
        "credit_card_expiration_year": 2031,
        "credit_card_name": null,
        "credit_card_number": "•••• •••• •••• 4242",
        "credit_card_wallet": *samples.pick(&[None, Some("apple_pay")]),
        "cvv_result_code": "M",
        "payment_method_name": "visa",
    });
    joined([
        json!({
            "id": id,
            "admin_graphql_api_id": gid("OrderTransaction", id),
            "order_id": order.id,
            "parent_id": refund.then(|| samples.id()),
            "kind": kind,
            "status": "success",
            "gateway": "shopify_payments",
            "manual_payment_gateway": false,
            "message": "Transaction approved",
            "created_at": samples.ago(0),
            "processed_at": samples.ago(0),
            "test": false,
            "authorization": samples.hex(24),
            "amount": currency.write(amount.presentment),
            "amount_rounding": null,
        }),
        json!({
            "currency": currency.code,
            "total_unsettled_set": unsettled(order.basket.currencies),
            "payment_id": format!("{}.{}", order.name(), if refund { 2 } else { 1 }),
            "payment_details": card,
            "receipt": {},
            "source_name": "web",
            "device_id": null,
            "error_code": null,
            "location_id": null,
            "user_id": null,
        }),
    ])
}

/// Nothing is left to settle. Transactions say `currency` where all others say `currency_code`.
fn unsettled(currencies: Currencies) -> Value {
    json!({
        "shop_money": { "amount": currencies.shop.write(0), "currency": currencies.shop.code },
        "presentment_money": { "amount": currencies.presentment.write(0), "currency": currencies.presentment.code },
    })
}
