//! What weir asks the Admin API: one type an operation, made from the `.graphql` file of its name.
//!
//! By graphql_client rather than cynic: the operations stay GraphQL text that anybody can paste into GraphiQL, sent
//! as it stands, with directives such as `@idempotent`; the types follow from it. (With cynic it is the other way
//! round.) Each file is validated against Shopify's schema by a test of `shopify-schema`.
//!
//! Each operation `DoThis` comes with a module `do_this`: `Variables`, `ResponseData` and the types in them, named
//! after their path. Their shape is the file's. Ids are Shopify's global ids (`gid://shopify/Product/1`). Enums have
//! `Other` for values that this version did not know. Responses that hold customers' data or signed addresses have
//! no `Debug`.
//!
//! No operation asks a field of type `JSON`: inside `nodes` serde would read it through a buffer that rounds numbers.

#[expect(missing_docs, reason = "what is derived has the file for its document")]
mod bulk;
#[expect(missing_docs, reason = "what is derived has the file for its document")]
mod catalog;
#[expect(missing_docs, reason = "what is derived has the file for its document")]
mod changes;
#[expect(missing_docs, reason = "what is derived has the file for its document")]
mod inventory;
#[expect(missing_docs, reason = "what is derived has the file for its document")]
mod orders;
mod scalars;
#[expect(missing_docs, reason = "what is derived has the file for its document")]
mod shop;
#[expect(missing_docs, reason = "what is derived has the file for its document")]
mod webhooks;

pub use bulk::*;
pub use catalog::*;
pub use changes::*;
pub use inventory::*;
pub use orders::*;
pub use scalars::{DateTime, Decimal, Id, Money, UnsignedInt64, Url};
pub use shop::*;
pub use webhooks::*;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
