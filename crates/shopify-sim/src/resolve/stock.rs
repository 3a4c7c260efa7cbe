//! Inventory items, levels, locations.

use apollo_compiler::resolvers::{FieldError, ResolveInfo, ResolvedValue};
use serde_json::{Value, json};

use super::{
    connection::{Entry, connection, text},
    value::leaf,
};
use crate::{
    context::{Cx, Object},
    graphql_error::GraphqlError,
    search::{FieldValue, Search},
    store::{Gid, money},
};

type Field<'a> = Result<Option<ResolvedValue<'a>>, FieldError>;

pub(super) fn item<'a>(cx: &'a Cx<'a>, id: u64, info: &ResolveInfo<'_>) -> Field<'a> {
    let shop = cx.hold();
    let Some(variant_id) = shop.catalog.items.get(&id) else { return Ok(None) };
    let Some(variant) = shop.catalog.variants.get(variant_id) else { return Ok(None) };
    Ok(Some(match info.field_name() {
        "sku" => leaf(Value::from(Some(variant.sku.as_str()).filter(|sku| !sku.is_empty()))),
        "tracked" => leaf(variant.tracked),
        "requiresShipping" => leaf(true),
        "createdAt" => leaf(variant.created.rfc3339()),
        "updatedAt" => leaf(variant.updated.rfc3339()),
        "variant" => cx.object(Object::Variant(*variant_id)),
        "measurement" => {
            let measurement = json!({
                "id": Gid::print("InventoryItemMeasurement", id),
                "weight": { "unit": "KILOGRAMS", "value": 0.0 },
            });
            cx.plain(measurement, "InventoryItemMeasurement")
        }
        "unitCost" => cx.plain(json!({ "amount": money(variant.price / 2), "currencyCode": "EUR" }), "MoneyV2"),
        "inventoryLevel" => {
            let location = text(info.arguments(), "locationId").and_then(|id| Gid::of("Location", id));
            let there = location.filter(|location| shop.catalog.levels.contains_key(&(id, *location)));
            cx.maybe(there.map(|location| Object::Level(id, location)))
        }
        "inventoryLevels" => {
            let levels: Vec<u64> = shop.catalog.levels_of(id).map(|(location, _)| location).collect();
            drop(shop);
            let entries = levels.into_iter().map(|place| Entry::by_id(place, Object::Level(id, place))).collect();
            return connection(cx, info, entries).map(Some);
        }
        _ => return Ok(None),
    }))
}

/// The quantities that have a name, and how they follow from a level.
pub(crate) const NAMES: [&str; 8] =
    ["available", "on_hand", "committed", "incoming", "reserved", "damaged", "quality_control", "safety_stock"];

pub(super) fn level<'a>(cx: &'a Cx<'a>, item: u64, location: u64, info: &ResolveInfo<'_>) -> Option<ResolvedValue<'a>> {
    let shop = cx.hold();
    let level = shop.catalog.levels.get(&(item, location))?;
    Some(match info.field_name() {
        "isActive" => leaf(true),
        "createdAt" | "updatedAt" => leaf(level.updated.rfc3339()),
        "item" => cx.object(Object::Item(item)),
        "location" => cx.object(Object::Location(location)),
        "quantities" => {
            let names = info.arguments().get("names").and_then(|names| names.as_array());
            let names = names.into_iter().flatten().filter_map(|name| name.as_str());
            let quantities = names.filter(|name| NAMES.contains(name)).map(|name| {
                json!({
                    "id": format!("gid://shopify/InventoryQuantity/{location}?inventory_item_id={item}&name={name}"),
                    "name": name,
                    "quantity": level.quantity(name),
                    "updatedAt": (name == "available").then(|| level.updated.rfc3339()),
                })
            });
            cx.plain(quantities.collect::<Vec<_>>().into(), "InventoryQuantity")
        }
        _ => return None,
    })
}

pub(super) fn location<'a>(cx: &'a Cx<'a>, id: u64, info: &ResolveInfo<'_>) -> Field<'a> {
    let shop = cx.hold();
    let Some(location) = shop.catalog.locations.get(&id) else { return Ok(None) };
    Ok(Some(match info.field_name() {
        "name" => leaf(location.name.as_str()),
        "isActive" | "fulfillsOnlineOrders" | "shipsInventory" | "hasActiveInventory" => leaf(true),
        "isFulfillmentService" => leaf(false),
        "isPrimary" => leaf(shop.catalog.locations.keys().next() == Some(&id)),
        "createdAt" | "updatedAt" => leaf(location.created.rfc3339()),
        "address" => {
            let address =
                json!({ "address1": "1 Example Street", "city": location.name, "countryCode": "DE", "zip": "04109" });
            cx.plain(address, "LocationAddress")
        }
        "inventoryLevel" => {
            let item = text(info.arguments(), "inventoryItemId").and_then(|item| Gid::of("InventoryItem", item));
            let there = item.filter(|item| shop.catalog.levels.contains_key(&(*item, id)));
            cx.maybe(there.map(|item| Object::Level(item, id)))
        }
        "inventoryLevels" => {
            let search = Search::parse(text(info.arguments(), "query").unwrap_or_default());
            let here = shop.catalog.levels.iter().filter(|((item, place), level)| {
                *place == id
                    && search.matches(|field| match field {
                        "inventory_item_id" => Some(FieldValue::Number(i64::try_from(*item).unwrap_or(i64::MAX))),
                        "updated_at" => Some(FieldValue::Moment(level.updated.whole_second().0)),
                        _ => None,
                    })
            });
            let items: Vec<u64> = here.map(|((item, _), _)| *item).collect();
            drop(shop);
            let entries = items.into_iter().map(|item| Entry::by_id(item, Object::Level(item, id))).collect();
            return connection(cx, info, entries).map(Some);
        }
        _ => return Ok(None),
    }))
}

/// The object that the field's `id` names, of this kind; null if it is gone, an error if it is of another kind.
pub(super) fn named<'a>(cx: &'a Cx<'a>, info: &ResolveInfo<'_>, kind: &str) -> Result<ResolvedValue<'a>, FieldError> {
    let id = text(info.arguments(), "id").unwrap_or_default();
    match Gid::parse(id) {
        Some(gid) if gid.kind == kind => Ok(cx.maybe(cx.find(id))),
        _ => Err(cx.fail(GraphqlError::code(format!("Invalid id: {id}"), "RESOURCE_NOT_FOUND"))),
    }
}
