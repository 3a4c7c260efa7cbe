//! Rows of one quantity each: set, or adjusted.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Fault, MOST_ADJUSTED, MOST_SET, apply::Change, fault, item, ledger, location, name_fault, stale};
use crate::{context::Cx, store::Catalog};

fn list<'v>(input: &'v Value, name: &str) -> &'v [Value] {
    input[name].as_array().map_or(&[], Vec::as_slice)
}

/// The rows of `inventorySetQuantities`, or of `inventorySetOnHandQuantities`.
pub(super) fn set(cx: &Cx<'_>, on_hand: bool, input: &Value) -> Result<Vec<Change>, Vec<Fault>> {
    let name = if on_hand { "on_hand" } else { input["name"].as_str().unwrap_or_default() };
    if !["available", "on_hand"].contains(&name) {
        let message = "The quantity name must be either 'available' or 'on_hand'.";
        return Err(vec![fault(json!(["input", "name"]), message, "INVALID_NAME")]);
    }
    let key = if on_hand { "setQuantities" } else { "quantities" };
    let rows = list(input, key);
    let path = |row: usize, field: &str| json!(["input", key, row.to_string(), field]);
    let mut faults = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let quantity = row["quantity"].as_i64().unwrap_or(0);
        let wrong = if quantity > MOST_SET {
            Some(("The quantity can't be higher than 1,000,000,000.", "INVALID_QUANTITY_TOO_HIGH"))
        } else if name == "on_hand" && quantity < 0 {
            Some(("The quantity can't be negative.", "INVALID_QUANTITY_NEGATIVE"))
        } else if quantity < -MOST_SET {
            Some(("The quantity can't be lower than -1,000,000,000.", "INVALID_QUANTITY_TOO_LOW"))
        } else {
            None
        };
        faults.extend(wrong.map(|(message, code)| fault(path(index, "quantity"), message, code)));
    }
    // Setting on hand alone has no code for it: there the last row counts.
    if !on_hand {
        let message = "The combination of inventoryItemId and locationId must be unique.";
        let code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR";
        faults.extend(repeated(rows).map(|index| fault(path(index, "locationId"), message, code)));
    }
    settle(faults)?;
    let shop = cx.hold();
    let places = places(&shop.catalog, rows, key)?;
    let mut faults = Vec::new();
    let mut changes = Vec::new();
    let mut written = HashMap::new();
    for (index, (row, (item, location))) in rows.iter().zip(places).enumerate() {
        let held = held(&shop.catalog, item, location, name);
        faults.extend(stale(path(index, "changeFromQuantity"), row, held));
        let quantity = row["quantity"].as_i64().unwrap_or(0);
        let delta = quantity - written.insert((item, location), quantity).unwrap_or(held);
        changes.push(Change { item, location, name: "available".to_owned(), delta, document: None, mirrored: true });
    }
    settle(faults)?;
    Ok(changes)
}

/// The rows of `inventoryAdjustQuantities`.
pub(super) fn adjusted(cx: &Cx<'_>, input: &Value) -> Result<Vec<Change>, Vec<Fault>> {
    settle(name_fault(json!(["input", "name"]), &input["name"]).into_iter().collect())?;
    let name = input["name"].as_str().unwrap_or_default();
    let rows = list(input, "changes");
    let path = |row: usize, field: &str| json!(["input", "changes", row.to_string(), field]);
    let mut faults = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        faults.extend(ledger::fault_of(path(index, "ledgerDocumentUri"), name, &row["ledgerDocumentUri"]));
        faults.extend(bounds(path(index, "delta"), row["delta"].as_i64().unwrap_or(0)));
    }
    if faults.is_empty() {
        faults.extend(ledger::several(rows));
    }
    settle(faults)?;
    let shop = cx.hold();
    let places = places(&shop.catalog, rows, "changes")?;
    let mut faults = Vec::new();
    let mut changes = Vec::new();
    for (index, (row, (item, location))) in rows.iter().zip(places).enumerate() {
        let held = held(&shop.catalog, item, location, name);
        let delta = row["delta"].as_i64().unwrap_or(0);
        faults.extend(stale(path(index, "changeFromQuantity"), row, held));
        faults.extend(bounds(path(index, "delta"), held.saturating_add(delta)));
        changes.push(Change {
            item,
            location,
            name: name.to_owned(),
            delta,
            document: row["ledgerDocumentUri"].as_str().map(str::to_owned),
            mirrored: name != "incoming",
        });
    }
    settle(faults)?;
    Ok(changes)
}

fn settle(faults: Vec<Fault>) -> Result<(), Vec<Fault>> {
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn bounds(path: Value, quantity: i64) -> Option<Fault> {
    if quantity > MOST_ADJUSTED {
        Some(fault(path, "The quantity can't be higher than 2,000,000,000.", "INVALID_QUANTITY_TOO_HIGH"))
    } else if quantity < -MOST_ADJUSTED {
        Some(fault(path, "The quantity can't be lower than -2,000,000,000.", "INVALID_QUANTITY_TOO_LOW"))
    } else {
        None
    }
}

/// The rows whose item and location another row has too: all of them, the first as well.
fn repeated(rows: &[Value]) -> impl Iterator<Item = usize> {
    let mut seen: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        let text = |field: &str| row[field].as_str().unwrap_or_default();
        seen.entry((text("inventoryItemId"), text("locationId"))).or_default().push(index);
    }
    let mut all: Vec<usize> = seen.into_values().filter(|rows| rows.len() > 1).flatten().collect();
    all.sort_unstable();
    all.into_iter()
}

/// The items and locations that the rows name, or which of them are not there.
fn places(catalog: &Catalog, rows: &[Value], key: &str) -> Result<Vec<(u64, u64)>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut places = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let path = |field: &str| json!(["input", key, index.to_string(), field]);
        match (item(catalog, path("inventoryItemId"), row), location(catalog, path("locationId"), row)) {
            (Ok(item), Ok(location)) => places.push((item, location)),
            (item, location) => faults.extend(item.err().into_iter().chain(location.err())),
        }
    }
    settle(faults)?;
    Ok(places)
}

fn held(catalog: &Catalog, item: u64, location: u64, name: &str) -> i64 {
    catalog.levels.get(&(item, location)).and_then(|level| level.quantity(name)).unwrap_or(0)
}
