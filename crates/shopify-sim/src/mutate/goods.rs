//! Products, tags, metafields, orders: small mutations, none of which takes an idempotency key.

use serde_json::{Value, json};

use super::{done, refused, texts, user_error};
use crate::{
    context::{Cx, Object},
    sender::ShopEvent,
    store::{Gid, Metafield, Product},
};

pub(super) fn create(cx: &Cx<'_>, input: &Value) -> Value {
    let wanted = if input["product"].is_object() { &input["product"] } else { &input["input"] };
    let Some(title) = wanted["title"].as_str().filter(|title| !title.trim().is_empty()) else {
        return refused("product", vec![user_error(json!(["title"]), "Title can't be blank", None)]);
    };
    let id = {
        let mut shop = cx.hold();
        let id = shop.new_product(title, cx.now);
        if let Some(product) = shop.catalog.products.get_mut(&id) {
            fill(product, wanted);
        }
        id
    };
    cx.happened(ShopEvent::ProductCreated(id));
    done("product", json!({ "$gid": Gid::print("Product", id) }))
}

pub(super) fn update(cx: &Cx<'_>, input: &Value) -> Value {
    let wanted = if input["product"].is_object() { &input["product"] } else { &input["input"] };
    let id = wanted["id"].as_str().or_else(|| input["identifier"]["id"].as_str());
    let id = id.and_then(|id| Gid::of("Product", id));
    {
        let mut shop = cx.hold();
        let Some(product) = id.and_then(|id| shop.catalog.products.get_mut(&id)) else {
            return refused("product", vec![user_error(json!(["id"]), "Product does not exist", None)]);
        };
        fill(product, wanted);
        product.updated = cx.now;
    }
    let id = id.unwrap_or_default();
    cx.happened(ShopEvent::ProductUpdated(id));
    done("product", json!({ "$gid": Gid::print("Product", id) }))
}

fn fill(product: &mut Product, wanted: &Value) {
    let text = |name: &str| wanted[name].as_str().map(str::to_owned);
    let set = |field: &mut String, name: &str| {
        if let Some(value) = text(name) {
            *field = value;
        }
    };
    set(&mut product.title, "title");
    set(&mut product.vendor, "vendor");
    set(&mut product.product_type, "productType");
    set(&mut product.status, "status");
    set(&mut product.description, "descriptionHtml");
    product.handle = text("handle").or(product.handle.take());
    if wanted["tags"].is_array() {
        product.tags = texts(&wanted["tags"]);
        product.tags.sort_unstable();
        product.tags.dedup();
    }
}

pub(super) fn delete(cx: &Cx<'_>, input: &Value) -> Value {
    let given = &input["input"]["id"];
    let id = given.as_str().and_then(|id| Gid::of("Product", id));
    {
        let mut shop = cx.hold();
        let Some(product) = id.and_then(|id| shop.catalog.products.remove(&id)) else {
            let error = user_error(json!(["id"]), "Product does not exist", None);
            return refused("deletedProductId", vec![error]);
        };
        for id in product.variants {
            let Some(variant) = shop.catalog.variants.remove(&id) else { continue };
            shop.catalog.items.remove(&variant.item);
            shop.catalog.levels.retain(|(item, _), _| *item != variant.item);
        }
    }
    cx.happened(ShopEvent::ProductDeleted(id.unwrap_or_default()));
    done("deletedProductId", given.clone())
}

pub(super) fn tags(cx: &Cx<'_>, input: &Value, add: bool) -> Value {
    let given = texts(&input["tags"]);
    let object = input["id"].as_str().and_then(|id| cx.find(id));
    let event = {
        let mut shop = cx.hold();
        let goods = &mut shop.catalog;
        let found = match &object {
            Some(Object::Product(id)) => {
                let product = goods.products.get_mut(id);
                product.map(|one| (&mut one.tags, &mut one.updated, Some(ShopEvent::ProductUpdated(*id))))
            }
            Some(Object::Order(id)) => {
                let order = goods.orders.get_mut(id);
                order.map(|one| (&mut one.tags, &mut one.updated, Some(ShopEvent::OrderUpdated(*id))))
            }
            Some(Object::Customer(id)) => {
                goods.customers.get_mut(id).map(|one| (&mut one.tags, &mut one.updated, None))
            }
            _ => None,
        };
        let Some((tags, updated, event)) = found else {
            return refused("node", vec![user_error(json!(["id"]), "Record not found", None)]);
        };
        tags.retain(|tag| !given.contains(tag));
        if add {
            tags.extend(given);
            // As Shopify shows them.
            tags.sort_unstable();
        }
        *updated = cx.now;
        event
    };
    if let Some(event) = event {
        cx.happened(event);
    }
    done("node", json!({ "$gid": input["id"] }))
}

pub(super) fn metafields(cx: &Cx<'_>, input: &Value) -> Value {
    let mut made = Vec::new();
    for (index, one) in input["metafields"].as_array().into_iter().flatten().enumerate() {
        let owner = one["ownerId"].as_str().unwrap_or_default();
        if cx.find(owner).is_none() {
            let field = json!(["metafields", index.to_string(), "ownerId"]);
            let error = user_error(field, "Owner does not exist.", Some("INVALID"));
            return refused("metafields", vec![error]);
        }
        let text = |name: &str, default: &str| one[name].as_str().unwrap_or(default).to_owned();
        let (namespace, key) = (text("namespace", "custom"), text("key", ""));
        let mut shop = cx.hold();
        let found = shop.catalog.metafields_of(owner).find(|(_, old)| old.namespace == namespace && old.key == key);
        let (old, created) = found.map_or((None, cx.now), |(id, old)| (Some(id), old.created));
        let id = old.unwrap_or_else(|| shop.new_id());
        let metafield = Metafield {
            owner: owner.to_owned(),
            namespace,
            key,
            kind: text("type", "single_line_text_field"),
            value: text("value", ""),
            created,
            updated: cx.now,
        };
        shop.catalog.metafields.insert(id, metafield);
        drop(shop);
        if let Some(product) = Gid::of("Product", owner) {
            cx.happened(ShopEvent::ProductUpdated(product));
        }
        made.push(json!({ "$gid": Gid::print("Metafield", id) }));
    }
    done("metafields", made.into())
}

pub(super) fn mark_as_paid(cx: &Cx<'_>, input: &Value) -> Value {
    let given = &input["input"]["id"];
    let id = given.as_str().and_then(|id| Gid::of("Order", id));
    {
        let mut shop = cx.hold();
        let Some(order) = id.and_then(|id| shop.catalog.orders.get_mut(&id)) else {
            return refused("order", vec![user_error(json!(["id"]), "Order does not exist", None)]);
        };
        if order.paid.is_some() {
            return refused("order", vec![user_error(json!(["id"]), "Order cannot be marked as paid.", None)]);
        }
        order.paid = Some(cx.now);
        order.updated = cx.now;
    }
    let id = id.unwrap_or_default();
    cx.happened(ShopEvent::OrderPaid(id));
    cx.happened(ShopEvent::OrderUpdated(id));
    done("order", json!({ "$gid": given }))
}
