//! Orders and customers.

use apollo_compiler::resolvers::{FieldError, ResolveInfo, ResolvedValue};
use serde_json::json;

use super::{goods::list, value::leaf};
use crate::{
    context::{Cx, Object, Resolved},
    store::{Gid, LineItem, money},
};

pub(super) fn order<'a>(
    cx: &'a Cx<'a>,
    id: u64,
    info: &ResolveInfo<'_>,
) -> Result<Option<ResolvedValue<'a>>, FieldError> {
    let shop = cx.hold();
    let Some(order) = shop.catalog.orders.get(&id) else { return Ok(None) };
    let paid = order.paid.is_some();
    Ok(Some(match info.field_name() {
        "name" => leaf(format!("#{}", order.number)),
        "email" => leaf(order.email.as_str()),
        "note" => leaf(serde_json::Value::from(order.note.clone())),
        "tags" => list(&order.tags),
        "test" | "closed" => leaf(false),
        "confirmed" => leaf(true),
        "fullyPaid" => leaf(paid),
        "currencyCode" => leaf("EUR"),
        "displayFinancialStatus" => leaf(if paid { "PAID" } else { "PENDING" }),
        "displayFulfillmentStatus" => leaf("UNFULFILLED"),
        "createdAt" | "processedAt" => leaf(order.created.rfc3339()),
        "updatedAt" => leaf(order.updated.rfc3339()),
        "cancelledAt" => leaf(serde_json::Value::from(order.cancelled.map(crate::UnixMillis::rfc3339))),
        "totalPriceSet" | "currentTotalPriceSet" => cx.plain(bag(order.total()), "MoneyBag"),
        "transactions" => {
            // A shop's order is paid at once or not at all.
            let paid = order.paid.map(|at| {
                json!({
                    "id": Gid::print("OrderTransaction", id),
                    "kind": "SALE",
                    "status": "SUCCESS",
                    "processedAt": at.rfc3339(),
                })
            });
            cx.plain(paid.into_iter().collect::<Vec<_>>().into(), "OrderTransaction")
        }
        "customer" => cx.maybe(order.customer.map(Object::Customer)),
        "lineItems" => {
            let lines = order.lines.clone();
            drop(shop);
            return lines_of(cx, &lines, info).map(Some);
        }
        _ => return Ok(None),
    }))
}

fn bag(minor: u64) -> serde_json::Value {
    let one = json!({ "amount": money(minor), "currencyCode": "EUR" });
    json!({ "shopMoney": one, "presentmentMoney": one })
}

/// Lines are no objects of their own here: the page is made at once, and holds up to 250 of them.
fn lines_of<'a>(cx: &'a Cx<'a>, lines: &[LineItem], info: &ResolveInfo<'_>) -> Resolved<'a> {
    let size = info.arguments().get("first").or_else(|| info.arguments().get("last")).and_then(|size| size.as_u64());
    let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(250);
    let nodes: Vec<_> = (lines.iter().take(size))
        .map(|line| {
            json!({
                "__typename": "LineItem",
                "id": Gid::print("LineItem", line.id),
                "title": line.title,
                "name": line.title,
                "sku": line.sku,
                "quantity": line.quantity,
                "currentQuantity": line.quantity,
                "product": { "$gid": Gid::print("Product", line.product) },
                "variant": { "$gid": Gid::print("ProductVariant", line.variant) },
                "originalUnitPriceSet": bag(line.price),
            })
        })
        .collect();
    let edges: Vec<_> = nodes.iter().map(|node| json!({ "cursor": node["id"], "node": node })).collect();
    let cursor = |edge: Option<&serde_json::Value>| edge.map(|edge| edge["cursor"].clone());
    let page = json!({
        "hasNextPage": lines.len() > size,
        "hasPreviousPage": false,
        "startCursor": cursor(edges.first()),
        "endCursor": cursor(edges.last()),
    });
    Ok(cx.plain(json!({ "nodes": nodes, "edges": edges, "pageInfo": page }), "LineItemConnection"))
}

pub(super) fn customer<'a>(cx: &'a Cx<'a>, id: u64, info: &ResolveInfo<'_>) -> Option<ResolvedValue<'a>> {
    let shop = cx.hold();
    let customer = shop.catalog.customers.get(&id)?;
    let mut orders = shop.catalog.orders.values().filter(|order| order.customer == Some(id));
    Some(match info.field_name() {
        "firstName" => leaf(customer.first.as_str()),
        "lastName" => leaf(customer.last.as_str()),
        "displayName" => leaf(format!("{} {}", customer.first, customer.last)),
        "email" => leaf(customer.email.as_str()),
        "tags" => list(&customer.tags),
        "numberOfOrders" => leaf(orders.count().to_string()),
        "amountSpent" => {
            let spent = orders.by_ref().filter(|order| order.paid.is_some()).map(crate::store::Order::total).sum();
            cx.plain(json!({ "amount": money(spent), "currencyCode": "EUR" }), "MoneyV2")
        }
        "createdAt" => leaf(customer.created.rfc3339()),
        "updatedAt" => leaf(customer.updated.rfc3339()),
        _ => return None,
    })
}
