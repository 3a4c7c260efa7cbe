//! Inventory quantities: set, set on hand, adjust, move. All rows of a call change, or none.
//!
//! Checks come in steps, as Shopify's do, and the first step that refuses decides the answer: what a call must say,
//! reason and names, each row by itself, rows together, what they name, and last the quantities they expect.

mod apply;
mod ledger;
mod moves;
mod rows;

use apollo_compiler::resolvers::{FieldError, ResolveInfo};
use serde_json::{Value, json};

use super::{refused, user_error};
use crate::{
    context::Cx,
    graphql_error::GraphqlError,
    store::{Catalog, Gid},
};

const GROUP: &str = "inventoryAdjustmentGroup";
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

/// What can be adjusted and moved: on hand is a sum, and committed follows from orders.
const ADJUSTABLE: [&str; 6] = ["available", "damaged", "incoming", "quality_control", "reserved", "safety_stock"];

/// The bounds of a quantity that is set.
const MOST_SET: i64 = 1_000_000_000;
/// The bounds of a difference, and of what it leads to.
const MOST_ADJUSTED: i64 = 2_000_000_000;

/// One entry of `userErrors`, on its way.
type Fault = (Value, String, &'static str);

fn fault(path: Value, message: impl Into<String>, code: &'static str) -> Fault {
    (path, message.into(), code)
}

/// Refuses rows that leave `changeFromQuantity` out: null must be said.
pub(super) fn complete(cx: &Cx<'_>, info: &ResolveInfo<'_>, input: &Value) -> Result<(), FieldError> {
    let (list, kind) = match info.field_name() {
        "inventorySetQuantities" => ("quantities", "InventoryQuantityInput"),
        "inventorySetOnHandQuantities" => ("setQuantities", "InventorySetQuantityInput"),
        "inventoryMoveQuantities" => ("changes", "InventoryMoveQuantityTerminalInput"),
        _ => ("changes", "InventoryChangeInput"),
    };
    let said = |row: &Value| match kind {
        "InventoryMoveQuantityTerminalInput" => {
            ["from", "to"].iter().all(|end| row[*end].get("changeFromQuantity").is_some())
        }
        _ => row.get("changeFromQuantity").is_some(),
    };
    if input["input"][list].as_array().into_iter().flatten().all(said) {
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
    let problem = GraphqlError::code(message, "INVALID_FIELD_ARGUMENTS");
    Err(cx.fail(problem.at(at.map(|range| (range.start.line, range.start.column)))))
}

/// Applies the rows of a call.
pub(super) fn change(cx: &Cx<'_>, mutation: &str, input: &Value) -> Value {
    let faults = general(input);
    let outcome = match (faults.is_empty(), mutation) {
        (false, _) => Err(faults),
        (true, "inventoryAdjustQuantities") => rows::adjusted(cx, input),
        (true, "inventoryMoveQuantities") => moves::moved(cx, input),
        (true, _) => rows::set(cx, mutation == "inventorySetOnHandQuantities", input),
    };
    match outcome {
        Ok(changes) => apply::apply(cx, input, &changes),
        Err(faults) => {
            let errors = faults.into_iter().map(|(field, message, code)| user_error(field, &message, Some(code)));
            refused(GROUP, errors.collect())
        }
    }
}

/// What is wrong with a call, whatever its rows say.
fn general(input: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !REASONS.contains(&input["reason"].as_str().unwrap_or_default()) {
        let message = format!("The specified reason is invalid. Valid values are: {}.", REASONS.join(", "));
        faults.push(fault(json!(["input", "reason"]), message, "INVALID_REASON"));
    }
    if input["referenceDocumentUri"].as_str().is_some_and(|uri| !ledger::is_uri(uri)) {
        let message = "The specified reference document is invalid.";
        faults.push(fault(json!(["input", "referenceDocumentUri"]), message, "INVALID_REFERENCE_DOCUMENT"));
    }
    faults
}

/// What is wrong with the name of a quantity that is adjusted or moved.
fn name_fault(path: Value, name: &Value) -> Option<Fault> {
    let known = ADJUSTABLE.contains(&name.as_str().unwrap_or_default());
    let message = || format!("The specified quantity name is invalid. Valid values are: {}.", ADJUSTABLE.join(", "));
    (!known).then(|| fault(path, message(), "INVALID_QUANTITY_NAME"))
}

/// The item that a row names, or what is wrong with it.
fn item(catalog: &Catalog, path: Value, row: &Value) -> Result<u64, Fault> {
    let id = row["inventoryItemId"].as_str().and_then(|id| Gid::of("InventoryItem", id));
    match id.filter(|id| catalog.items.contains_key(id)) {
        None => Err(fault(path, "The specified inventory item could not be found.", "INVALID_INVENTORY_ITEM")),
        Some(id) if catalog.bundles.contains(&id) => {
            let message = "The specified inventory item is not allowed to be adjusted via API.";
            Err(fault(path, message, "NON_MUTABLE_INVENTORY_ITEM"))
        }
        Some(id) => Ok(id),
    }
}

/// The location that a row or an end of it names, or what is wrong with it.
fn location(catalog: &Catalog, path: Value, end: &Value) -> Result<u64, Fault> {
    let id = end["locationId"].as_str().and_then(|id| Gid::of("Location", id));
    let known = id.filter(|id| catalog.locations.contains_key(id));
    known.ok_or_else(|| fault(path, "The specified location could not be found.", "INVALID_LOCATION"))
}

/// What is wrong with the quantity that a row expects to find.
fn stale(path: Value, row: &Value, held: i64) -> Option<Fault> {
    let message = "The changeFromQuantity value does not match the persisted quantity.";
    let moved = row["changeFromQuantity"].as_i64().is_some_and(|expected| expected != held);
    moved.then(|| fault(path, message, "CHANGE_FROM_QUANTITY_STALE"))
}
