//! What a shop sells, where it lies, who bought it.

use std::collections::BTreeMap;

use crate::UnixMillis;

#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub(crate) title: String,
    pub(crate) handle: Option<String>,
    pub(crate) vendor: String,
    pub(crate) product_type: String,
    pub(crate) status: String,
    pub(crate) description: String,
    pub(crate) tags: Vec<String>,
    pub(crate) variants: Vec<u64>,
    pub(crate) created: UnixMillis,
    pub(crate) updated: UnixMillis,
}

#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) product: u64,
    pub(crate) item: u64,
    pub(crate) position: u32,
    pub(crate) title: String,
    pub(crate) sku: String,
    /// In minor units.
    pub(crate) price: u64,
    pub(crate) tracked: bool,
    pub(crate) created: UnixMillis,
    pub(crate) updated: UnixMillis,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    pub(crate) available: i64,
    /// What is there beside that: committed, reserved, damaged.
    pub(crate) held: i64,
    pub(crate) updated: UnixMillis,
}

#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(crate) name: String,
    pub(crate) created: UnixMillis,
}

#[derive(Debug, Clone)]
pub(crate) struct LineItem {
    pub(crate) id: u64,
    pub(crate) variant: u64,
    pub(crate) product: u64,
    pub(crate) title: String,
    pub(crate) sku: String,
    pub(crate) quantity: u32,
    pub(crate) price: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) number: u32,
    pub(crate) email: String,
    pub(crate) customer: Option<u64>,
    /// When, if it is.
    pub(crate) paid: Option<UnixMillis>,
    pub(crate) cancelled: Option<UnixMillis>,
    pub(crate) note: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) lines: Vec<LineItem>,
    pub(crate) created: UnixMillis,
    pub(crate) updated: UnixMillis,
}

impl Order {
    /// In minor units.
    pub(crate) fn total(&self) -> u64 {
        self.lines.iter().map(|line| line.price * u64::from(line.quantity)).sum()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) email: String,
    pub(crate) tags: Vec<String>,
    pub(crate) created: UnixMillis,
    pub(crate) updated: UnixMillis,
}

#[derive(Debug, Clone)]
pub(crate) struct Metafield {
    /// The global id of what it belongs to.
    pub(crate) owner: String,
    pub(crate) namespace: String,
    pub(crate) key: String,
    pub(crate) kind: String,
    pub(crate) value: String,
    pub(crate) created: UnixMillis,
    pub(crate) updated: UnixMillis,
}

/// Everything by id.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) products: BTreeMap<u64, Product>,
    pub(crate) variants: BTreeMap<u64, Variant>,
    /// Which variant an inventory item is of.
    pub(crate) items: BTreeMap<u64, u64>,
    /// By item and location.
    pub(crate) levels: BTreeMap<(u64, u64), Level>,
    pub(crate) locations: BTreeMap<u64, Location>,
    pub(crate) orders: BTreeMap<u64, Order>,
    pub(crate) customers: BTreeMap<u64, Customer>,
    pub(crate) metafields: BTreeMap<u64, Metafield>,
}

impl Catalog {
    /// What all locations have of an item.
    pub(crate) fn available(&self, item: u64) -> i64 {
        self.levels_of(item).map(|(_, level)| level.available).sum()
    }

    /// An item's levels, by location.
    pub(crate) fn levels_of(&self, item: u64) -> impl Iterator<Item = (u64, &Level)> {
        self.levels.range((item, 0)..=(item, u64::MAX)).map(|((_, location), level)| (*location, level))
    }

    /// What all locations have of a product.
    pub(crate) fn stock(&self, product: &Product) -> i64 {
        let items =
            product.variants.iter().filter_map(|variant| self.variants.get(variant)).map(|variant| variant.item);
        items.map(|item| self.available(item)).sum()
    }

    /// The metafields of the object with this global id.
    pub(crate) fn metafields_of(&self, owner: &str) -> impl Iterator<Item = (u64, &Metafield)> {
        self.metafields
            .iter()
            .filter(move |(_, metafield)| metafield.owner == owner)
            .map(|(id, metafield)| (*id, metafield))
    }
}

/// `12.50`
pub(crate) fn money(minor: u64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}
