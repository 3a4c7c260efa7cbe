//! Moves between the quantities of one item at one location.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Fault, MOST_ADJUSTED, apply::Change, fault, item, ledger, location, name_fault, stale};
use crate::context::Cx;

const ENDS: [&str; 2] = ["from", "to"];
/// So many ledger documents may all changes of a call name.
const MOST_DOCUMENTS: usize = 2;

/// The rows of `inventoryMoveQuantities`: each takes from one quantity, and gives to another.
pub(super) fn moved(cx: &Cx<'_>, input: &Value) -> Result<Vec<Change>, Vec<Fault>> {
    let rows = input["changes"].as_array().map_or(&[][..], Vec::as_slice);
    let path = |row: usize, rest: &[&str]| {
        let (list, row) = ("changes".to_owned(), row.to_string());
        let steps = ["input".to_owned(), list, row].into_iter().chain(rest.iter().map(|step| (*step).to_owned()));
        Value::from(steps.collect::<Vec<_>>())
    };
    each(rows, |index, row, faults| {
        for end in ENDS {
            faults.extend(name_fault(path(index, &[end, "name"]), &row[end]["name"]));
        }
    })?;
    each(rows, |index, row, faults| {
        let quantity = row["quantity"].as_i64().unwrap_or(0);
        let (from, to) = (&row["from"], &row["to"]);
        if quantity < 0 {
            let message = "The quantity can't be negative.";
            faults.push(fault(path(index, &["quantity"]), message, "INVALID_QUANTITY_NEGATIVE"));
        }
        if quantity > MOST_ADJUSTED {
            let message = "The quantity can't be higher than 2,000,000,000.";
            faults.push(fault(path(index, &["quantity"]), message, "INVALID_QUANTITY_TOO_HIGH"));
        }
        if from["name"] == to["name"] {
            let message = "The quantity names for each change can't be the same.";
            faults.push(fault(path(index, &[]), message, "SAME_QUANTITY_NAME"));
        }
        for end in ENDS {
            let name = row[end]["name"].as_str().unwrap_or_default();
            let document = &row[end]["ledgerDocumentUri"];
            faults.extend(ledger::fault_of(path(index, &[end, "ledgerDocumentUri"]), name, document));
        }
    })?;
    let ends = || rows.iter().flat_map(|row| ENDS.map(|end| &row[end]));
    let documents: BTreeSet<&str> = ends().filter_map(|end| end["ledgerDocumentUri"].as_str()).collect();
    if documents.len() > MOST_DOCUMENTS {
        let message = "Only a maximum of 2 ledger document URIs across all changes is allowed.";
        return Err(vec![fault(json!(["input", "changes"]), message, "MAXIMUM_LEDGER_DOCUMENT_URIS")]);
    }
    let shop = cx.hold();
    let catalog = &shop.catalog;
    each(rows, |index, row, faults| {
        faults.extend(item(catalog, path(index, &["inventoryItemId"]), row).err());
        for end in ENDS {
            faults.extend(location(catalog, path(index, &[end, "locationId"]), &row[end]).err());
        }
    })?;
    each(rows, |index, row, faults| {
        if row["from"]["locationId"] != row["to"]["locationId"] {
            let message = "The quantities can't be moved between different locations.";
            faults.push(fault(path(index, &[]), message, "DIFFERENT_LOCATIONS"));
        }
    })?;
    let mut changes = Vec::new();
    let mut faults = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let (Ok(item), quantity) = (item(catalog, Value::Null, row), row["quantity"].as_i64().unwrap_or(0)) else {
            continue;
        };
        for (end, delta) in ENDS.into_iter().zip([-quantity, quantity]) {
            let Ok(location) = location(catalog, Value::Null, &row[end]) else { continue };
            let name = row[end]["name"].as_str().unwrap_or_default();
            let held = catalog.levels.get(&(item, location)).and_then(|level| level.quantity(name)).unwrap_or(0);
            faults.extend(stale(path(index, &[end, "changeFromQuantity"]), &row[end], held));
            let document = row[end]["ledgerDocumentUri"].as_str().map(str::to_owned);
            changes.push(Change { item, location, name: name.to_owned(), delta, document, mirrored: false });
        }
    }
    if faults.is_empty() { Ok(changes) } else { Err(faults) }
}

/// Runs a check over all rows: each step of the checks is done for all of them.
fn each(rows: &[Value], mut check: impl FnMut(usize, &Value, &mut Vec<Fault>)) -> Result<(), Vec<Fault>> {
    let mut faults = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        check(index, row, &mut faults);
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}
