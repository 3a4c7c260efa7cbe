//! Reading quantities again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shopify_webhook::ShopDomain;

use super::QuantityName;
use crate::{
    Call, Client, Error,
    operations::{
        InventoryLevelsAt,
        inventory_levels_at::{InventoryLevelsAtNodes, Variables},
    },
};

/// A level as Shopify shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Units of the quantity that was asked for.
    pub quantity: i64,
    /// When the level last changed, in whole seconds since 1970.
    pub updated_s: i64,
}

/// Items a query: about four points each, and a query may cost a thousand.
const AT_ONCE: usize = 100;

/// Levels by item and location; what is not there is not stocked.
pub type Levels = HashMap<(String, String), Level>;

/// Reads one quantity of each (item, location): a query for each location and hundred items.
///
/// # Errors
/// If a query fails.
pub async fn read_levels(
    client: &Client,
    shop: &ShopDomain,
    name: QuantityName,
    wanted: impl IntoIterator<Item = (&str, &str)>,
    call: &Call,
) -> Result<Levels, Error> {
    let mut by_location: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (item, location) in wanted {
        by_location.entry(location).or_default().insert(item);
    }
    let mut levels = Levels::new();
    for (location, items) in by_location {
        let items: Vec<String> = items.into_iter().map(str::to_owned).collect();
        for ids in items.chunks(AT_ONCE) {
            let variables = Variables { ids: ids.to_vec(), location: location.to_owned() };
            let reply = client.run::<InventoryLevelsAt>(shop, variables, call).await?;
            for node in reply.data.nodes.into_iter().flatten() {
                let InventoryLevelsAtNodes::InventoryItem(item) = node else { continue };
                let Some(level) = item.inventory_level else { continue };
                if let Some(found) = level.quantities.iter().find(|quantity| quantity.name == name.as_str()) {
                    let updated_s = level.updated_at.as_second();
                    levels.insert((item.id, location.to_owned()), Level { quantity: found.quantity, updated_s });
                }
            }
        }
    }
    Ok(levels)
}
