//! The fields of `QueryRoot`.

use apollo_compiler::resolvers::{FieldError, ResolveInfo, ResolvedValue};

use super::{
    connection::{Entry, connection, text},
    stock::named,
    value::count,
};
use crate::{
    UnixMillis,
    context::{Cx, Object},
    graphql_error::GraphqlError,
    search::{FieldValue, Search},
};

pub(super) fn field<'a>(cx: &'a Cx<'a>, info: &ResolveInfo<'_>) -> Result<Option<ResolvedValue<'a>>, FieldError> {
    let name = info.field_name();
    if let Some(scope) = scope(name) {
        cx.allowed(name, scope)?;
    }
    Ok(Some(match name {
        "shop" => cx.object(Object::Shop),
        "currentAppInstallation" => cx.object(Object::Installation),
        "product" => named(cx, info, "Product")?,
        "productVariant" => named(cx, info, "ProductVariant")?,
        "inventoryItem" => named(cx, info, "InventoryItem")?,
        "inventoryLevel" => named(cx, info, "InventoryLevel")?,
        "order" => named(cx, info, "Order")?,
        "customer" => named(cx, info, "Customer")?,
        "webhookSubscription" => named(cx, info, "WebhookSubscription")?,
        "bulkOperation" => named(cx, info, "BulkOperation")?,
        "location" if text(info.arguments(), "id").is_some() => named(cx, info, "Location")?,
        "location" => cx.maybe(cx.hold().catalog.locations.keys().next().map(|id| Object::Location(*id))),
        "productByIdentifier" => identified(cx, info),
        "currentBulkOperation" => {
            let query = text(info.arguments(), "type") != Some("MUTATION");
            let shop = cx.hold();
            let last = shop.bulks.iter().rev().find(|(_, job)| job.is_query() == query).map(|(id, _)| *id);
            cx.maybe(last.map(Object::Bulk))
        }
        "node" => {
            let id = text(info.arguments(), "id").unwrap_or_default();
            node(cx, id)?
        }
        "nodes" => {
            let ids = info.arguments().get("ids").and_then(|ids| ids.as_array()).cloned().unwrap_or_default();
            if ids.len() > 250 {
                let path = vec!["nodes".into(), "ids".into()];
                return Err(cx.fail(crate::graphql::too_long_problem(ids.len(), path, None)));
            }
            let found: Vec<_> = ids.iter().map(|id| node(cx, id.as_str().unwrap_or_default())).collect();
            ResolvedValue::List(Box::new(found.into_iter()))
        }
        "productsCount" => count(cx, listed(cx, info, "products").len()),
        "ordersCount" => count(cx, listed(cx, info, "orders").len()),
        "customersCount" => count(cx, listed(cx, info, "customers").len()),
        "webhookSubscriptionsCount" => count(cx, listed(cx, info, "webhookSubscriptions").len()),
        "products"
        | "productVariants"
        | "inventoryItems"
        | "locations"
        | "orders"
        | "customers"
        | "webhookSubscriptions"
        | "bulkOperations" => {
            let query = text(info.arguments(), "query").unwrap_or_default();
            if name == "bulkOperations" && Search::parse(query).bad_moment("created_at") {
                let message = "Invalid timestamp for query filter `created_at`.";
                return Err(cx.fail(GraphqlError::code(message, "BAD_REQUEST")));
            }
            let mut entries = listed(cx, info, name);
            if cx.bulk {
                let (skip, take) = cx.window;
                entries = entries.into_iter().skip(skip).take(take).collect();
            }
            return connection(cx, info, entries).map(Some);
        }
        _ => return Ok(None),
    }))
}

fn node<'a>(cx: &'a Cx<'a>, id: &str) -> Result<ResolvedValue<'a>, FieldError> {
    let Some(object) = cx.find(id) else { return Ok(ResolvedValue::null()) };
    if let Some(scope) = object.scope() {
        cx.allowed("node", scope)?;
    }
    Ok(cx.object(object))
}

fn identified<'a>(cx: &'a Cx<'a>, info: &ResolveInfo<'_>) -> ResolvedValue<'a> {
    let arguments = crate::graphql::plain(info.arguments().clone());
    let identifier = &arguments["identifier"];
    if let Some(id) = identifier["id"].as_str() {
        return cx.maybe(cx.find(id).filter(|object| matches!(object, Object::Product(_))));
    }
    let handle = identifier["handle"].as_str().unwrap_or_default();
    let shop = cx.hold();
    let found = shop.catalog.products.iter().find(|(_, product)| super::goods::handle(product) == handle);
    let found = found.map(|(id, _)| *id);
    drop(shop);
    cx.maybe(found.map(Object::Product))
}

/// The scope that a root field takes.
fn scope(field: &str) -> Option<&'static str> {
    Some(match field {
        "product" | "products" | "productVariant" | "productVariants" | "productsCount" | "productByIdentifier" => {
            "read_products"
        }
        "inventoryItem" | "inventoryItems" | "inventoryLevel" => "read_inventory",
        "location" | "locations" => "read_locations",
        "order" | "orders" | "ordersCount" => "read_orders",
        "customer" | "customers" | "customersCount" => "read_customers",
        _ => return None,
    })
}

/// The objects of a root connection that its `query` and other filters leave, each with what it is sorted by.
fn listed(cx: &Cx<'_>, info: &ResolveInfo<'_>, list: &str) -> Vec<Entry> {
    let arguments = info.arguments();
    let search = Search::parse(text(arguments, "query").unwrap_or_default());
    let by = text(arguments, "sortKey").unwrap_or("ID");
    let sorted = |id: u64, object: Object, created: UnixMillis, updated: UnixMillis, title: &str| match by {
        "CREATED_AT" | "PROCESSED_AT" | "PUBLISHED_AT" | "COMPLETED_AT" => Entry::by_time(created, id, object),
        "UPDATED_AT" => Entry::by_time(updated, id, object),
        "TITLE" | "NAME" => Entry::by_text(title, id, object),
        _ => Entry::by_id(id, object),
    };
    let number = |id: u64| Some(FieldValue::Number(i64::try_from(id).unwrap_or(i64::MAX)));
    let time = |time: UnixMillis| Some(FieldValue::Moment(time.whole_second().0));
    let shop = cx.hold();
    let goods = &shop.catalog;
    match list {
        "products" => (goods.products.iter())
            .filter(|(id, product)| {
                search.matches(|field| match field {
                    "id" => number(**id),
                    "created_at" => time(product.created),
                    "updated_at" => time(product.updated),
                    "status" => Some(FieldValue::Text(&product.status)),
                    "vendor" => Some(FieldValue::Text(&product.vendor)),
                    "product_type" => Some(FieldValue::Text(&product.product_type)),
                    "tag" => Some(FieldValue::Any(&product.tags)),
                    "" | "title" => Some(FieldValue::Text(&product.title)),
                    _ => None,
                })
            })
            .map(|(id, product)| sorted(*id, Object::Product(*id), product.created, product.updated, &product.title))
            .collect(),
        "productVariants" => (goods.variants.iter())
            .filter(|(id, variant)| {
                search.matches(|field| match field {
                    "id" => number(**id),
                    "product_id" => number(variant.product),
                    "updated_at" => time(variant.updated),
                    "sku" => Some(FieldValue::Text(&variant.sku)),
                    "" | "title" => Some(FieldValue::Text(&variant.title)),
                    _ => None,
                })
            })
            .map(|(id, variant)| sorted(*id, Object::Variant(*id), variant.created, variant.updated, &variant.title))
            .collect(),
        "inventoryItems" => (goods.items.iter())
            .filter_map(|(id, variant)| Some((id, goods.variants.get(variant)?)))
            .filter(|(id, variant)| {
                search.matches(|field| match field {
                    "id" => number(**id),
                    "updated_at" => time(variant.updated),
                    "" | "sku" => Some(FieldValue::Text(&variant.sku)),
                    _ => None,
                })
            })
            .map(|(id, _)| Entry::by_id(*id, Object::Item(*id)))
            .collect(),
        "locations" => (goods.locations.iter())
            .filter(|(id, location)| {
                search.matches(|field| match field {
                    "id" => number(**id),
                    "" | "name" => Some(FieldValue::Text(&location.name)),
                    _ => None,
                })
            })
            .map(|(id, place)| sorted(*id, Object::Location(*id), place.created, place.created, &place.name))
            .collect(),
        "orders" => (goods.orders.iter())
            .filter(|(id, order)| {
                search.matches(|field| match field {
                    "id" => number(**id),
                    "created_at" | "processed_at" => time(order.created),
                    "updated_at" => time(order.updated),
                    "financial_status" => Some(FieldValue::Text(if order.paid.is_some() { "paid" } else { "pending" })),
                    "" | "email" => Some(FieldValue::Text(&order.email)),
                    "tag" => Some(FieldValue::Any(&order.tags)),
                    _ => None,
                })
            })
            .map(|(id, order)| sorted(*id, Object::Order(*id), order.created, order.updated, ""))
            .collect(),
        "customers" => (goods.customers.iter())
            .filter(|(id, customer)| {
                search.matches(|field| match field {
                    "id" => number(**id),
                    "updated_at" | "customer_date" => time(customer.updated),
                    "" | "email" => Some(FieldValue::Text(&customer.email)),
                    _ => None,
                })
            })
            .map(|(id, one)| sorted(*id, Object::Customer(*id), one.created, one.updated, &one.last))
            .collect(),
        "webhookSubscriptions" => {
            let topics = arguments.get("topics").and_then(|topics| topics.as_array());
            let uri = text(arguments, "uri").or_else(|| text(arguments, "callbackUrl"));
            let format = text(arguments, "format");
            (shop.subscriptions.iter())
                .filter(|(_, one)| topics.is_none_or(|all| all.iter().any(|topic| topic.as_str() == Some(&one.topic))))
                .filter(|(_, one)| uri.is_none_or(|uri| uri == one.uri))
                .filter(|(_, one)| format.is_none_or(|format| format == one.format))
                .filter(|(id, one)| {
                    search.matches(|field| match field {
                        "id" => number(**id),
                        "created_at" => time(one.created),
                        "updated_at" => time(one.updated),
                        _ => None,
                    })
                })
                .map(|(id, one)| sorted(*id, Object::Subscription(*id), one.created, one.updated, ""))
                .collect()
        }
        _ => (shop.bulks.iter())
            .filter(|(id, job)| {
                search.matches(|field| match field {
                    "id" => number(**id),
                    "created_at" => time(job.created),
                    "completed_at" => time(job.completed.unwrap_or(UnixMillis(0))),
                    "status" => Some(FieldValue::Text(job.status)),
                    "operation_type" => Some(FieldValue::Text(if job.is_query() { "query" } else { "mutation" })),
                    _ => None,
                })
            })
            .map(|(id, job)| sorted(*id, Object::Bulk(*id), job.created, job.completed.unwrap_or(job.created), ""))
            .collect(),
    }
}
