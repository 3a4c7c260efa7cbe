//! GraphQL on the wire: what an operation is, and what a reply says.

mod document;
mod redact;
mod reply;

pub use document::OperationKind;
pub use reply::{GraphError, UserError};
pub(crate) use reply::{parse, user_errors};
