//! `fulfillments/*` and `fulfillment_orders/order_routing_complete`.

use crate::Samples;
use crate::draw::{HOUR, gid, joined};
use crate::line_item::{self, Progress};
use crate::order::Order;
use serde_json::{Value, json};

pub(crate) fn created(samples: &mut Samples) -> Value {
    let order = samples.older_order();
    shipment(&order, 0, samples)
}

pub(crate) fn updated(samples: &mut Samples) -> Value {
    let mut order = samples.older_order();
    order.age += 6 * HOUR;
    let age = samples.age(HOUR, 6 * HOUR);
    shipment(&order, age, samples)
}

pub(crate) fn routed(samples: &mut Samples) -> Value {
    json!({ "fulfillment_order": { "id": gid("FulfillmentOrder", samples.id()), "status": "open" } })
}

/// A fulfillment of its own, which says to whom it goes.
fn shipment(order: &Order, age: i64, samples: &mut Samples) -> Value {
    let fulfillment = body(order, order.basket.lines.len(), age, 0, samples);
    let destination = order.buyer.at(&order.recipient);
    joined([fulfillment, json!({ "email": order.buyer.email, "destination": destination })])
}

/// The fulfillment of the first `lines` lines, as orders contain it.
pub(crate) fn body(order: &Order, lines: usize, created: i64, updated: i64, samples: &mut Samples) -> Value {
    let id = samples.id();
    let number = format!("EX{:09}", samples.rng.u32(0..1_000_000_000));
    let url = format!("https://parcels.example.com/track?number={number}");
    let line_items: Vec<_> = (order.basket.lines.iter().take(lines))
        .map(|line| line_item::of_shipment(line, order.basket.currencies, Progress::Fulfilled))
        .collect();
    json!({
        "id": id,
        "admin_graphql_api_id": gid("Fulfillment", id),
        "order_id": order.id,
        "name": format!("{}.1", order.name()),
        "status": "success",
        "shipment_status": if created > updated { Some("in_transit") } else { None },
        "service": "manual",
        "created_at": samples.ago(created),
        "updated_at": samples.ago(updated),
        "location_id": samples.shop.location_id(),
        "origin_address": {},
        "receipt": {},
        "tracking_company": "Example Parcels",
        "tracking_number": number,
        "tracking_numbers": [number],
        "tracking_url": url,
        "tracking_urls": [url],
        "line_items": line_items,
    })
}
