//! What a shop sells, where it lies, who bought it.

use std::collections::{BTreeMap, BTreeSet};

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

/// The quantities of an item at a location. What can be sold may be below zero: then more was sold than was there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    pub(crate) available: i64,
    /// Promised to orders, which alone change it.
    pub(crate) committed: i64,
    pub(crate) damaged: i64,
    pub(crate) incoming: i64,
    pub(crate) quality_control: i64,
    pub(crate) reserved: i64,
    pub(crate) safety_stock: i64,
    pub(crate) updated: UnixMillis,
}

impl Level {
    /// With nothing but this available.
    pub(crate) fn new(available: i64, updated: UnixMillis) -> Self {
        Self {
            available,
            committed: 0,
            damaged: 0,
            incoming: 0,
            quality_control: 0,
            reserved: 0,
            safety_stock: 0,
            updated,
        }
    }

    /// The quantity of that name; `on_hand` is the sum of what is there.
    pub(crate) fn quantity(&self, name: &str) -> Option<i64> {
        let mut level = *self;
        if name == "on_hand" {
            let there = [self.committed, self.damaged, self.quality_control, self.reserved, self.safety_stock];
            return Some(there.into_iter().fold(self.available, i64::saturating_add));
        }
        level.quantity_mut(name).map(|quantity| *quantity)
    }

    /// The quantity of that name, to change it; `None` for `on_hand`, which is none of its own.
    pub(crate) fn quantity_mut(&mut self, name: &str) -> Option<&mut i64> {
        Some(match name {
            "available" => &mut self.available,
            "committed" => &mut self.committed,
            "damaged" => &mut self.damaged,
            "incoming" => &mut self.incoming,
            "quality_control" => &mut self.quality_control,
            "reserved" => &mut self.reserved,
            "safety_stock" => &mut self.safety_stock,
            _ => return None,
        })
    }
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
    /// The inventory items of bundles: their quantities follow from their parts, and nobody may write them.
    pub(crate) bundles: BTreeSet<u64>,
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
