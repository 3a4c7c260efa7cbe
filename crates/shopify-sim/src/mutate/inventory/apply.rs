//! Writing checked changes, and the group that tells of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{super::done, GROUP};
use crate::{
    context::Cx,
    sender::ShopEvent,
    store::{Gid, Level},
};

/// One checked change of a quantity.
pub(super) struct Change {
    pub(super) item: u64,
    pub(super) location: u64,
    pub(super) name: String,
    pub(super) delta: i64,
    pub(super) document: Option<String>,
    /// Whether the group names what is on hand beside it.
    pub(super) mirrored: bool,
}

impl Change {
    fn told(&self, name: &str, document: Option<&str>) -> Value {
        json!({
            "name": name,
            "delta": self.delta,
            "quantityAfterChange": null,
            "ledgerDocumentUri": document,
            "item": { "$gid": Gid::print("InventoryItem", self.item) },
            "location": { "$gid": Gid::print("Location", self.location) },
        })
    }
}

/// Writes the changes. A row that changes nothing is not told of; if no row does, there is no group.
pub(super) fn apply(cx: &Cx<'_>, input: &Value, changes: &[Change]) -> Value {
    let mut touched = BTreeSet::new();
    let id = {
        let mut shop = cx.hold();
        for change in changes {
            let place = (change.item, change.location);
            if change.delta == 0 && shop.catalog.levels.contains_key(&place) {
                continue;
            }
            let level = shop.catalog.levels.entry(place).or_insert(Level::new(0, cx.now));
            if let Some(quantity) = level.quantity_mut(&change.name) {
                *quantity = quantity.saturating_add(change.delta);
            }
            level.updated = cx.now;
            touched.insert(place);
        }
        shop.new_id()
    };
    for (item, location) in touched {
        cx.happened(ShopEvent::InventoryChanged(item, location));
    }
    let real = || changes.iter().filter(|change| change.delta != 0);
    if real().next().is_none() {
        return done(GROUP, Value::Null);
    }
    let named = real().map(|change| change.told(&change.name, change.document.as_deref()));
    let on_hand = real().filter(|change| change.mirrored).map(|change| change.told("on_hand", None));
    let group = json!({
        "id": Gid::print("InventoryAdjustmentGroup", id),
        "createdAt": cx.now.rfc3339(),
        "reason": input["reason"],
        "referenceDocumentUri": input["referenceDocumentUri"],
        "changes": named.chain(on_hand).collect::<Vec<_>>(),
    });
    done(GROUP, group)
}
