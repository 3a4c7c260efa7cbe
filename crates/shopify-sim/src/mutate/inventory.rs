//! Inventory quantities: set, set on hand, adjust. All rows of a call change, or none.

use apollo_compiler::resolvers::{FieldError, ResolveInfo};
use serde_json::{Value, json};

use super::{done, refused, user_error};
use crate::{graphql::Problem, resolve::Cx, sender::Happening, store::Gid};

const GROUP: &str = "inventoryAdjustmentGroup";
const HIGHEST: i64 = 1_000_000_000;
const REASONS: [&str; 17] = [
    "correction",
    "cycle_count_available",
    "damaged",
    "movement_canceled",
    "movement_created",
    "movement_received",
    "movement_updated",
    "other",
    "promotion",
    "quality_control",
    "received",
    "reservation_created",
    "reservation_deleted",
    "reservation_updated",
    "restock",
    "safety_stock",
    "shrinkage",
];

/// The list of rows, and the input type of one, by mutation.
fn rows(mutation: &str) -> (&'static str, &'static str) {
    match mutation {
        "inventorySetQuantities" => ("quantities", "InventoryQuantityInput"),
        "inventorySetOnHandQuantities" => ("setQuantities", "InventorySetQuantityInput"),
        _ => ("changes", "InventoryChangeInput"),
    }
}

/// Refuses rows that leave `changeFromQuantity` out: null must be said.
pub(super) fn complete(cx: &Cx<'_>, info: &ResolveInfo<'_>, input: &Value) -> Result<(), FieldError> {
    let (list, kind) = rows(info.field_name());
    let rows = input["input"][list].as_array();
    if rows.into_iter().flatten().all(|row| row.get("changeFromQuantity").is_some()) {
        return Ok(());
    }
    let sources = &info.document().sources;
    let argument = info.field_selections().first().and_then(|field| field.specified_argument_by_name("input"));
    let defined = argument.and_then(|value| value.as_variable()).and_then(|name| {
        let mut variables = info.document().operations.iter().flat_map(|operation| &operation.variables);
        variables.find(|variable| variable.name == *name)?.line_column_range(sources)
    });
    let at = defined.or_else(|| argument.and_then(|value| value.line_column_range(sources)));
    let message = format!("{kind} must include the following argument: changeFromQuantity.");
    let problem = Problem::code(message, "INVALID_FIELD_ARGUMENTS");
    Err(cx.fail(problem.at(at.map(|range| (range.start.line, range.start.column)))))
}

/// One checked row.
struct Change {
    item: u64,
    location: u64,
    delta: i64,
}

/// Applies the rows of a call.
pub(super) fn change(cx: &Cx<'_>, mutation: &str, input: &Value) -> Value {
    let (list, _) = rows(mutation);
    let mut errors = Vec::new();
    let reason = input["reason"].as_str().unwrap_or_default();
    if !REASONS.contains(&reason) {
        let message = format!("The specified reason is invalid. Valid values are: {}.", REASONS.join(", "));
        errors.push(user_error(json!(["input", "reason"]), &message, Some("INVALID_REASON")));
    }
    let on_hand = mutation == "inventorySetOnHandQuantities" || input["name"] == "on_hand";
    if mutation != "inventorySetOnHandQuantities" && !on_hand && input["name"] != "available" {
        let code = if mutation == "inventorySetQuantities" { "INVALID_NAME" } else { "INVALID_QUANTITY_NAME" };
        let message = "The quantity name must be either 'available' or 'on_hand'.";
        errors.push(user_error(json!(["input", "name"]), message, Some(code)));
    }
    let mut changes = Vec::new();
    for (index, row) in input[list].as_array().into_iter().flatten().enumerate() {
        match self::row(cx, row, on_hand) {
            Ok(change) => changes.push(change),
            Err(faults) => errors.extend(faults.into_iter().map(|(field, message, code)| {
                user_error(json!(["input", list, index.to_string(), field]), message, Some(code))
            })),
        }
    }
    if !errors.is_empty() {
        return refused(GROUP, errors);
    }
    apply(cx, input, &changes)
}

type Fault = (&'static str, &'static str, &'static str);

fn row(cx: &Cx<'_>, row: &Value, on_hand: bool) -> Result<Change, Vec<Fault>> {
    let id = |field: &str, kind| row[field].as_str().and_then(|id| Gid::of(kind, id));
    let shop = cx.hold();
    let item = id("inventoryItemId", "InventoryItem").filter(|item| shop.catalog.items.contains_key(item));
    let location = id("locationId", "Location").filter(|place| shop.catalog.locations.contains_key(place));
    let mut faults = Vec::new();
    if item.is_none() {
        faults.push(("inventoryItemId", "The specified inventory item could not be found.", "INVALID_INVENTORY_ITEM"));
    }
    if location.is_none() {
        faults.push(("locationId", "The specified location could not be found.", "INVALID_LOCATION"));
    }
    let (quantity, delta) = (row["quantity"].as_i64(), row["delta"].as_i64());
    if quantity.is_some_and(|quantity| quantity < 0) {
        faults.push(("quantity", "The quantity can't be negative.", "INVALID_QUANTITY_NEGATIVE"));
    }
    if quantity.or(delta).is_some_and(|number| number > HIGHEST) {
        let field = if quantity.is_some() { "quantity" } else { "delta" };
        faults.push((field, "The quantity can't be higher than 1,000,000,000.", "INVALID_QUANTITY_TOO_HIGH"));
    }
    let (Some(item), Some(location), true) = (item, location, faults.is_empty()) else { return Err(faults) };
    let level = shop.catalog.levels.get(&(item, location));
    let held = level.map_or(0, |level| level.available + if on_hand { level.held } else { 0 });
    if row["changeFromQuantity"].as_i64().is_some_and(|expected| expected != held) {
        let message = "The changeFromQuantity value does not match the persisted quantity.";
        return Err(vec![("changeFromQuantity", message, "CHANGE_FROM_QUANTITY_STALE")]);
    }
    let delta = quantity.map_or(delta.unwrap_or(0), |quantity| quantity - held);
    Ok(Change { item, location, delta })
}

fn apply(cx: &Cx<'_>, input: &Value, changes: &[Change]) -> Value {
    let mut told = Vec::new();
    let id = {
        let mut shop = cx.hold();
        for change in changes {
            let empty = crate::store::Level { available: 0, held: 0, updated: cx.now };
            let level = shop.catalog.levels.entry((change.item, change.location)).or_insert(empty);
            level.available += change.delta;
            level.updated = cx.now;
            for name in ["available", "on_hand"] {
                told.push(json!({
                    "name": name,
                    "delta": change.delta,
                    "quantityAfterChange": null,
                    "item": { "$gid": Gid::print("InventoryItem", change.item) },
                    "location": { "$gid": Gid::print("Location", change.location) },
                }));
            }
        }
        shop.new_id()
    };
    for change in changes {
        cx.happened(Happening::InventoryChanged(change.item, change.location));
    }
    if changes.iter().all(|change| change.delta == 0) {
        return done(GROUP, Value::Null);
    }
    let group = json!({
        "id": Gid::print("InventoryAdjustmentGroup", id),
        "createdAt": cx.now.rfc3339(),
        "reason": input["reason"],
        "referenceDocumentUri": input["referenceDocumentUri"],
        "changes": told,
    });
    done(GROUP, group)
}
