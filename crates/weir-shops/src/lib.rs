//! Shops, their tokens and what the Shopify client's processes share, in three DynamoDB tables.
//!
//! | table | key | what is in it |
//! |---|---|---|
//! | shops | `pk` = shop domain, `sk` = app | [`Shop`], and its tokens, sealed: one item, so that a shop is one read |
//! | state | `pk` = name of the document | small JSON documents that are replaced by compare-and-swap: [`DynamoState`] |
//! | cache | `pk` = `{shop}/{kind}/{id}` | objects of the Admin API, and when they were invalidated: [`Cache`](cache::DynamoCache) |
//!
//! The feature `client` adds what the Shopify client asks of a store, and what seals tokens. Without it this crate
//! is small enough for a worker.

mod attribute;
pub mod cache;
pub mod registry;
mod shop;
mod state;

#[cfg(feature = "client")]
mod clients;
#[cfg(feature = "client")]
mod instrumentation;
#[cfg(feature = "client")]
pub mod seal;
#[cfg(feature = "client")]
mod tokens;

pub use attribute::BadItem;
#[cfg(feature = "client")]
pub use clients::{ClientError, ClientNames, Clients};
#[cfg(feature = "client")]
pub use instrumentation::instrument;
pub use registry::Registry;
pub use shop::{Plan, Shop, ShopState, TokenKind, TokenSummary, UnknownName};
pub use state::DynamoState;
#[cfg(feature = "client")]
pub use tokens::DynamoTokens;
