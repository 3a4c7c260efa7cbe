//! A cache of what changes seldom.

mod store;

pub use store::{CacheStore, CacheStoreError, Entry};
