//! `orders/*`: an order and the stages of its life.

mod body;

use crate::Samples;
use crate::basket::Basket;
use crate::draw::{DAY, HOUR};
use crate::person::{Address, Person};
use serde_json::{Value, json};

pub(crate) struct Order {
    pub(crate) id: u64,
    number: u32,
    /// Seconds since it was placed.
    pub(crate) age: i64,
    pub(crate) basket: Basket,
    pub(crate) buyer: Person,
    pub(crate) recipient: Address,
    pub(crate) paid: bool,
    /// So many of its lines, from the first, have been fulfilled.
    fulfilled: usize,
    cancelled: bool,
    note: Option<&'static str>,
}

pub(crate) fn created(samples: &mut Samples) -> Value {
    let mut order = samples.order();
    order.paid = samples.one_in(2);
    order.json(samples)
}

pub(crate) fn updated(samples: &mut Samples) -> Value {
    let mut order = samples.older_order();
    order.paid = samples.one_in(2);
    order.json(samples)
}

pub(crate) fn paid(samples: &mut Samples) -> Value {
    let mut order = samples.order();
    order.age = samples.age(0, 120);
    order.json(samples)
}

pub(crate) fn fulfilled(samples: &mut Samples) -> Value {
    let mut order = samples.older_order();
    order.fulfilled = order.basket.lines.len();
    order.json(samples)
}

pub(crate) fn partially_fulfilled(samples: &mut Samples) -> Value {
    let lines = samples.lines().max(2);
    let mut order = samples.order_of(lines);
    order.age = samples.age(HOUR, 3 * DAY);
    order.fulfilled = lines / 2;
    order.json(samples)
}

/// Paid and refunded, or never paid at all.
pub(crate) fn cancelled(samples: &mut Samples) -> Value {
    let mut order = samples.older_order();
    order.paid = samples.one_in(2);
    order.cancelled = true;
    order.json(samples)
}

pub(crate) fn edited(samples: &mut Samples) -> Value {
    let (id, app, order) = (samples.id(), samples.id(), samples.id());
    json!({ "order_edit": {
        "id": id,
        "app_id": app,
        "created_at": samples.ago(60),
        "committed_at": samples.ago(0),
        "notify_customer": samples.one_in(2),
        "order_id": order,
        "staff_note": samples.note().unwrap_or(""),
        "user_id": samples.id(),
        "line_items": {
            "additions": [{ "id": samples.id(), "delta": samples.rng.i64(1..4) }],
            "removals": [{ "id": samples.id(), "delta": 1 }],
        },
        "discounts": { "line_item": { "additions": [], "removals": [] } },
        "shipping_lines": { "additions": [], "removals": [] },
    } })
}

/// The longest order that Shopify takes has 500 line items; what is still missing then is put into what the buyer
/// wrote on them.
pub(crate) fn of_size(samples: &mut Samples, bytes: usize) -> String {
    const BYTES_A_LINE: usize = 2_500;
    const BYTES_AROUND: usize = 9_000;
    const WORDS: [&str; 8] = ["with", "love", "from", "all", "of", "us", "at", "home"];

    let mut order = samples.order_of((bytes.saturating_sub(BYTES_AROUND) / BYTES_A_LINE).clamp(1, 500));
    order.note = None;
    for line in &mut order.basket.lines {
        line.properties = json!([]);
    }
    let mut body = order.json(samples);
    let missing = bytes.saturating_sub(body.to_string().len());
    let lines = order.basket.lines.len();
    if missing > 0 {
        for line in body["line_items"].as_array_mut().into_iter().flatten() {
            let mut message = String::new();
            while message.len() < missing.div_ceil(lines) {
                message.push_str(WORDS[samples.rng.usize(0..WORDS.len())]);
                message.push(' ');
            }
            line["properties"] = json!([{ "name": "Message", "value": message }]);
        }
    }
    body.to_string()
}

impl Samples {
    /// Placed now and paid.
    pub(crate) fn order(&mut self) -> Order {
        let lines = self.lines();
        self.order_of(lines)
    }

    /// Placed some hours or days ago and paid.
    pub(crate) fn older_order(&mut self) -> Order {
        let mut order = self.order();
        order.age = self.age(HOUR, 20 * DAY);
        order
    }

    fn order_of(&mut self, lines: usize) -> Order {
        let currencies = self.currencies();
        let buyer = self.person();
        Order {
            id: self.id(),
            number: self.rng.u32(1..90_000),
            age: 0,
            basket: self.basket(lines, currencies),
            recipient: if self.one_in(4) { self.address() } else { buyer.home.clone() },
            buyer,
            paid: true,
            fulfilled: 0,
            cancelled: false,
            note: self.note(),
        }
    }
}

impl Order {
    /// “#1234”
    pub(crate) fn name(&self) -> String {
        format!("#{}", self.number + 1_000)
    }
}
