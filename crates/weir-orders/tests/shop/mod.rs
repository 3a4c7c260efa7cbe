//! An order at Shopify, as far as webhooks show it: each action changes it and sends what Shopify sends.
#![allow(dead_code, reason = "each test binary uses another part of it")]

mod body;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_core::{
    Topic,
    envelope::{self, Envelope, Meta},
};
use weir_orders::{OrderState, Reading, read};

/// 27 November 2026, 5:00 UTC.
const START: i64 = 1_795_755_600;

/// A line as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) id: u64,
    pub(crate) ordered: u32,
    pub(crate) current: u32,
    pub(crate) fulfilled: u32,
    pub(crate) returned: u32,
    pub(crate) restocked: u32,
    pub(crate) gift_card: bool,
}

/// A webhook.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) meta: Meta,
    pub(crate) body: Vec<u8>,
}

impl Delivery {
    /// What it says of the order.
    pub(crate) fn says(&self) -> OrderState {
        match read(&self.meta, &self.body).expect("a body of Shopify") {
            Reading::Order(_, said) => *said,
            Reading::Unnamed(..) | Reading::Nothing => panic!("{} names no order", self.meta.topic),
        }
    }

    /// The event as the service takes it from its queue.
    pub(crate) fn envelope(&self) -> Envelope {
        Envelope::parse(&envelope::seal(&self.meta, &self.body).expect("it is small")).expect("it was sealed")
    }
}

/// The order, and all that was sent of it.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) order: u64,
    pub(crate) lines: Vec<Line>,
    pub(crate) payment: &'static str,
    pub(crate) sent: Vec<Delivery>,
    /// The events that are to be published, by what really happened.
    pub(crate) expected: BTreeSet<String>,
    pub(crate) cancelled: bool,
    pub(crate) deleted: bool,
    pub(crate) test: bool,
    pub(crate) source: &'static str,
    /// Cents of one item, in the shop's currency.
    pub(crate) price: u32,
    /// Of the buyer, with its units to one cent of the shop's.
    pub(crate) presentment: (&'static str, u32),
    /// Fields that no order of the subscription has.
    pub(crate) left_out: &'static [&'static str],
    /// Whether each action sends one snapshot only.
    pub(crate) is_terse: bool,
    fulfillments: Vec<Value>,
    refunds: Vec<Value>,
    returns: Vec<Value>,
    /// Seconds between two actions: at 0, all of them share their `updated_at`.
    pub(crate) pace: i64,
    now: i64,
    ids: u64,
}

impl Shop {
    /// An order with these quantities, which nobody knows yet.
    pub(crate) fn new(quantities: &[u32]) -> Self {
        let line = |(place, quantity): (usize, &u32)| Line {
            id: 10_000_000_000_001 + place as u64,
            ordered: *quantity,
            current: *quantity,
            fulfilled: 0,
            returned: 0,
            restocked: 0,
            gift_card: false,
        };
        Self {
            order: 820_982_911_946_154_508,
            lines: quantities.iter().enumerate().map(line).collect(),
            payment: "pending",
            sent: Vec::new(),
            expected: BTreeSet::new(),
            cancelled: false,
            deleted: false,
            test: false,
            source: "web",
            price: 1999,
            presentment: ("USD", 1),
            left_out: &[],
            is_terse: false,
            fulfillments: Vec::new(),
            refunds: Vec::new(),
            returns: Vec::new(),
            pace: 1,
            now: START,
            ids: 50_000_000_000_000,
        }
    }

    fn id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    fn expect(&mut self, event: impl Into<String>) {
        self.expected.insert(event.into());
    }

    /// Sends a body, some milliseconds after the one before it.
    fn send(&mut self, topic: &str, body: &Value) {
        let body = body.to_string().into_bytes();
        let count = self.sent.len();
        let sample = Meta::sample(&format!("delivery-{count}"), &body);
        let triggered = format!("{}.{:09}Z", time(self.now).trim_end_matches('Z'), 1_000_000 * (count + 1));
        let received_at = weir_core::UnixMillis(self.now * 1000 + count as i64);
        let meta = Meta { topic: Topic::from_stored(topic), triggered_at: Some(triggered), received_at, ..sample };
        self.sent.push(Delivery { meta, body });
    }

    fn send_order(&mut self, topics: &[&str]) {
        // An edit may leave a part of a fulfilled order to do, and a refund nothing of one that was partly sent.
        if let (Some(status), Some(last)) = (self.fulfilment(), self.fulfillments.last()) {
            let name = if status == "partial" { "partially_fulfilled" } else { status };
            self.expected.insert(format!("{name}/{}", last["id"]));
        }
        let topics = if self.is_terse { &topics[..1] } else { topics };
        for topic in topics {
            let body = self.body();
            self.send(topic, &body);
        }
        self.now += self.pace;
    }

    pub(crate) fn create(&mut self, payment: &'static str) -> &mut Self {
        self.payment = payment;
        self.note_payment();
        self.send_order(&["orders/create"]);
        self
    }

    fn note_payment(&mut self) {
        if matches!(self.payment, "authorized" | "paid" | "partially_refunded") {
            self.expect("confirmed");
        }
        if matches!(self.payment, "paid" | "partially_refunded") {
            self.expect("paid");
        }
    }

    pub(crate) fn pay(&mut self) -> &mut Self {
        self.payment = "paid";
        self.note_payment();
        let (id, order) = (self.id(), self.order);
        let (now, amount) = (time(self.now), self.money(self.total()));
        let transaction = json!({ "id": id, "order_id": order, "kind": "sale", "status": "success", "created_at": now,
            "amount": amount["presentment_money"]["amount"], "currency": self.presentment.0 });
        self.send("order_transactions/create", &transaction);
        self.send_order(&["orders/paid", "orders/updated"]);
        self
    }

    /// Adds a line, and removes some items of the first one.
    pub(crate) fn edit(&mut self, added: u32, removed: u32) -> &mut Self {
        let id = self.id();
        let line = Line { id: self.id(), ordered: added, current: added, ..self.lines[0].clone() };
        let line = Line { fulfilled: 0, returned: 0, restocked: 0, ..line };
        self.lines[0].current -= removed;
        let (removals, additions) = (self.lines[0].id, line.id);
        self.lines.push(line);
        self.expect(format!("edited/{id}"));
        let edit = json!({ "order_edit": { "id": id, "order_id": self.order, "committed_at": time(self.now), "line_items": {
            "additions": [{ "id": additions, "delta": added }], "removals": [{ "id": removals, "delta": removed }] } } });
        self.send("orders/edited", &edit);
        self.send_order(&["orders/updated"]);
        self
    }

    /// Sends so many items of each line.
    pub(crate) fn fulfil(&mut self, quantities: &[u32]) -> &mut Self {
        let id = self.id();
        let lines = self.some_lines(quantities);
        for (line, quantity) in self.lines.iter_mut().zip(quantities) {
            line.fulfilled += quantity;
        }
        let fulfillment = json!({ "id": id, "order_id": self.order, "status": "success", "created_at": time(self.now),
            "updated_at": time(self.now), "line_items": lines });
        self.fulfillments.push(fulfillment.clone());
        let status = self.fulfilment();
        self.send("fulfillments/create", &fulfillment);
        let topic = if status == Some("partial") { "orders/partially_fulfilled" } else { "orders/fulfilled" };
        self.send_order(&[topic, "orders/updated"]);
        self
    }

    /// Refunds so many items of each line, as a part of a return if there is one.
    pub(crate) fn refund(&mut self, quantities: &[u32], restock: &str, of_return: Option<u64>) -> &mut Self {
        self.refund_in_place(quantities, restock, of_return);
        self.send_order(&["orders/updated"]);
        self
    }

    fn refund_in_place(&mut self, quantities: &[u32], restock: &str, of_return: Option<u64>) {
        let (id, transaction) = (self.id(), self.id());
        let lines: Vec<Value> = (self.lines.iter().zip(quantities).filter(|(_, quantity)| **quantity > 0))
            .map(|(line, quantity)| {
                json!({ "line_item_id": line.id, "quantity": quantity, "restock_type": restock,
                    "subtotal": f64::from(quantity * self.price) / 100.0, "subtotal_set": self.money(quantity * self.price),
                    "total_tax": 0.0, "total_tax_set": self.money(0) })
            })
            .collect();
        for (line, quantity) in self.lines.iter_mut().zip(quantities) {
            line.current -= quantity;
            line.restocked += if restock == "no_restock" { 0 } else { *quantity };
            line.returned += if restock == "return" || of_return.is_some() { *quantity } else { 0 };
        }
        let amount = quantities.iter().sum::<u32>() * self.price;
        let all_gone = self.lines.iter().all(|line| line.current == 0);
        if self.payment == "paid" || self.payment == "partially_refunded" {
            self.payment = if all_gone { "refunded" } else { "partially_refunded" };
        }
        self.expect(format!("refunded/{id}"));
        if restock == "return" && of_return.is_none() {
            self.expect(format!("returned/refund/{id}"));
        }
        let refund = json!({ "id": id, "order_id": self.order, "created_at": time(self.now), "refund_line_items": lines,
            "refund_shipping_lines": [], "order_adjustments": [], "return": of_return.map(|id| json!({ "id": id })),
            "transactions": [{ "id": transaction, "order_id": self.order, "kind": "refund", "status": "success",
                "amount": self.money(amount)["presentment_money"]["amount"], "currency": self.presentment.0 }] });
        self.refunds.push(refund.clone());
        self.send("refunds/create", &refund);
    }

    /// A customer asks for a return, and the merchant approves.
    pub(crate) fn open_return(&mut self, quantities: &[u32], exchanged: u32) -> u64 {
        let id = self.id();
        let lines: Vec<Value> = (self.lines.iter().zip(quantities).filter(|(_, quantity)| **quantity > 0))
            .map(|(line, quantity)| json!({ "quantity": quantity, "fulfillment_line_item": { "line_item": { "id": line.id } } }))
            .collect();
        let mut body = json!({ "id": id, "status": "requested", "order": { "id": self.order }, "return_line_items": lines,
            "total_return_line_items": lines.len(), "exchange_line_items": [], "total_exchange_line_items": exchanged });
        self.send("returns/request", &body);
        body["status"] = json!("open");
        self.send("returns/approve", &body);
        self.returns.push(body);
        self.send_order(&["orders/updated"]);
        id
    }

    /// The goods are there. `refunded` says that a refund counted them already.
    pub(crate) fn close_return(&mut self, id: u64, quantities: &[u32], refunded: bool) -> &mut Self {
        for (line, quantity) in self.lines.iter_mut().zip(quantities) {
            line.returned += if refunded { 0 } else { *quantity };
        }
        for body in self.returns.iter_mut().filter(|body| body["id"] == id) {
            body["status"] = json!("closed");
        }
        self.expect(format!("returned/{id}"));
        self.send("returns/close", &json!({ "id": id, "order_id": self.order, "status": "closed" }));
        self.send_order(&["orders/updated"]);
        self
    }

    /// Refunds what is left, and puts it back into stock.
    pub(crate) fn cancel(&mut self) -> &mut Self {
        let left: Vec<u32> = self.lines.iter().map(|line| line.current).collect();
        if self.payment == "paid" || self.payment == "partially_refunded" {
            self.refund_in_place(&left, "cancel", None);
        } else {
            self.payment = "voided";
        }
        self.cancelled = true;
        self.expect("cancelled");
        self.send_order(&["orders/cancelled", "orders/updated"]);
        self
    }

    pub(crate) fn delete(&mut self) -> &mut Self {
        self.deleted = true;
        let id = self.order;
        self.send("orders/delete", &json!({ "id": id }));
        self
    }
}

/// RFC 3339 with an offset, as Shopify writes times.
fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).expect("a time").to_string()
}
