//! One shop's data, in memory.

mod catalog;
mod gid;
mod seed;
mod shop;

pub(crate) use catalog::{Catalog, Customer, Level, LineItem, Location, Metafield, Order, Product, Variant, money};
pub(crate) use gid::Gid;
pub use seed::ShopSeed;
pub(crate) use shop::{BulkJob, BulkKind, Declared, DeclaredBy, Idempotent, Shop, ShopStatus, Subscription};
