//! A cache of what changes seldom: products, variants, metafields and a shop's settings, by id.
//!
//! ```text
//!  get ─▶ memory (15 s) ─▶ on its way already? ─▶ gather for 2 ms ─▶ shared store (5 min) ─▶ nodes query, 250 ids each
//! ```
//!
//! - **Many ask, one fetches**: callers of one object share a fetch, callers of many at about the same time a query.
//! - **What changed is fetched anew**: a webhook invalidates ([`invalidated_by`]); what was asked for before that is
//!   neither stored nor joined after it. Another process's memory is not reached by that, so memory is short.
//! - **A part goes with its product**: an invalidation is one write, of the product's key. A variant or metafield in
//!   the store counts only while an entry under its product's key stands that is not younger than it: an invalidation
//!   takes that away. Where no product is cached, a fetch of parts leaves a *placeholder* there: an entry without a
//!   product in it, that says only since when nothing changed.
//! - **Absence is cached too**, for 30 s. Errors are not.
//! - **Nothing outlives its time**, even while Shopify is out of order: a caller that can live with what is stale
//!   keeps its own copy, and knows so.
//! - **Never orders or inventory levels**: see [`Cacheable`].

mod cacheable;
mod fences;
mod layers;
mod lookup;
mod memory;
mod object;
mod store;
mod type_cache;

pub use cacheable::{Cacheable, Metafield, Product, ShopSettings, Variant};
pub use lookup::{Cache, Settings};
pub use memory::MemoryCache;
pub use object::{MetafieldId, Object, VariantId, invalidated_by, key};
pub use store::{CacheStore, CacheStoreError, Entry};

#[cfg(test)]
mod tests;
