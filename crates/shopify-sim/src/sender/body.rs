//! Bodies: realistic ones, with the ids, times and figures of the shop's own data.

use serde_json::{Value, json};
use shopify_samples::Samples;

use super::ShopEvent;
use crate::{
    UnixMillis,
    store::{Gid, Shop, money},
};

/// The webhook body of an event; `None` if its resource is gone.
pub(super) fn body(shop: &mut Shop, event: &ShopEvent, now: UnixMillis) -> Option<Value> {
    match event {
        ShopEvent::OrderCreated(id)
        | ShopEvent::OrderPaid(id)
        | ShopEvent::OrderCancelled(id)
        | ShopEvent::OrderUpdated(id) => {
            return order_body(shop, *id);
        }
        ShopEvent::ProductCreated(id) | ShopEvent::ProductUpdated(id) => return product_body(shop, *id),
        ShopEvent::ProductDeleted(id) => return Some(json!({ "id": id })),
        ShopEvent::InventoryChanged(item, location) => return level_body(shop, *item, *location),
        ShopEvent::BulkFinished(_) | ShopEvent::Uninstalled | ShopEvent::Compliance { .. } => {}
    }
    let seed = shop.rng.u64(..);
    let mut body = sample(shop, event.topic(), seed, now)?;
    match event {
        ShopEvent::BulkFinished(id) => {
            let job = shop.bulks.get(id)?;
            body = json!({
                "admin_graphql_api_id": Gid::print("BulkOperation", *id),
                "completed_at": job.completed.map(UnixMillis::rfc3339),
                "created_at": job.created.rfc3339(),
                "error_code": job.error.map(str::to_lowercase),
                "status": job.status.to_lowercase(),
                "type": if job.is_query() { "query" } else { "mutation" },
            });
        }
        ShopEvent::Uninstalled => {
            put(&mut body, "id", shop.id);
            put(&mut body, "myshopify_domain", shop.domain.as_str());
        }
        ShopEvent::Compliance { .. } => {
            put(&mut body, "shop_id", shop.id);
            put(&mut body, "shop_domain", shop.domain.as_str());
        }
        _ => {}
    }
    Some(body)
}

/// A realistic body of a topic; `None` if there is no sample of it.
pub(super) fn sample(shop: &Shop, topic: &str, seed: u64, now: UnixMillis) -> Option<Value> {
    let sample = Samples::new(seed, shop.domain.as_str(), now.timestamp()).body(topic)?;
    serde_json::from_str(&sample).ok()
}

/// An order as webhooks and REST have it: the same at each reading until it changes.
pub(crate) fn order_body(shop: &Shop, id: u64) -> Option<Value> {
    let mut body = sample(shop, "orders/create", id, shop.catalog.orders.get(&id)?.created)?;
    order(shop, id, &mut body)?;
    Some(body)
}

/// A product, in the same way. Its variants' quantities change without it.
pub(crate) fn product_body(shop: &Shop, id: u64) -> Option<Value> {
    let mut body = sample(shop, "products/create", id, shop.catalog.products.get(&id)?.created)?;
    product(shop, id, &mut body)?;
    Some(body)
}

/// An inventory level, in the same way.
pub(crate) fn level_body(shop: &Shop, item: u64, location: u64) -> Option<Value> {
    let level = shop.catalog.levels.get(&(item, location))?;
    let mut body = sample(shop, "inventory_levels/update", item, level.updated)?;
    put(&mut body, "inventory_item_id", item);
    put(&mut body, "location_id", location);
    put(&mut body, "available", level.available);
    put(&mut body, "updated_at", level.updated.rfc3339());
    let gid = format!("gid://shopify/InventoryLevel/{location}?inventory_item_id={item}");
    put(&mut body, "admin_graphql_api_id", gid);
    Some(body)
}

fn order(shop: &Shop, id: u64, body: &mut Value) -> Option<()> {
    let order = shop.catalog.orders.get(&id)?;
    put(body, "id", id);
    put(body, "admin_graphql_api_id", Gid::print("Order", id));
    put(body, "name", format!("#{}", order.number));
    put(body, "order_number", order.number);
    put(body, "email", order.email.as_str());
    put(body, "created_at", order.created.rfc3339());
    put(body, "processed_at", order.created.rfc3339());
    put(body, "updated_at", order.updated.rfc3339());
    put(body, "financial_status", if order.paid.is_some() { "paid" } else { "pending" });
    put(body, "total_price", money(order.total()));
    put(body, "current_total_price", money(order.total()));
    put(body, "tags", order.tags.join(", "));
    put(body, "note", order.note.as_deref());
    put(body, "cancelled_at", order.cancelled.map(UnixMillis::rfc3339));
    let template = body["line_items"][0].clone();
    let lines: Vec<Value> = (order.lines.iter())
        .map(|line| {
            let mut one = template.clone();
            put(&mut one, "id", line.id);
            put(&mut one, "admin_graphql_api_id", Gid::print("LineItem", line.id));
            put(&mut one, "title", line.title.as_str());
            put(&mut one, "name", line.title.as_str());
            put(&mut one, "sku", line.sku.as_str());
            put(&mut one, "quantity", line.quantity);
            put(&mut one, "price", money(line.price));
            put(&mut one, "product_id", line.product);
            put(&mut one, "variant_id", line.variant);
            one
        })
        .collect();
    put(body, "line_items", lines);
    Some(())
}

fn product(shop: &Shop, id: u64, body: &mut Value) -> Option<()> {
    let product = shop.catalog.products.get(&id)?;
    put(body, "id", id);
    put(body, "admin_graphql_api_id", Gid::print("Product", id));
    put(body, "title", product.title.as_str());
    put(body, "vendor", product.vendor.as_str());
    put(body, "product_type", product.product_type.as_str());
    put(body, "status", product.status.to_lowercase());
    put(body, "tags", product.tags.join(", "));
    put(body, "created_at", product.created.rfc3339());
    put(body, "updated_at", product.updated.rfc3339());
    let template = body["variants"][0].clone();
    let variants = product.variants.iter().filter_map(|id| Some((id, shop.catalog.variants.get(id)?)));
    let variants: Vec<Value> = variants
        .map(|(variant_id, variant)| {
            let mut one = template.clone();
            put(&mut one, "id", *variant_id);
            put(&mut one, "admin_graphql_api_id", Gid::print("ProductVariant", *variant_id));
            put(&mut one, "product_id", id);
            put(&mut one, "title", variant.title.as_str());
            put(&mut one, "sku", variant.sku.as_str());
            put(&mut one, "price", money(variant.price));
            put(&mut one, "position", variant.position);
            put(&mut one, "inventory_item_id", variant.item);
            put(&mut one, "inventory_quantity", shop.catalog.available(variant.item));
            put(&mut one, "updated_at", variant.updated.rfc3339());
            one
        })
        .collect();
    put(body, "variants", variants);
    Some(())
}

/// Puts a value where the sample has one of that name: samples decide which fields there are.
fn put(body: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(field) = body.get_mut(name) {
        *field = value.into();
    }
}
