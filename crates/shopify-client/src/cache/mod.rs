//! A cache of what changes seldom.

mod memory;
mod store;

pub use memory::MemoryCache;
pub use store::{CacheStore, CacheStoreError, Entry};
