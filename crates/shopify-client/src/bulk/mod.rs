//! Bulk operations: a query over the whole shop, or a mutation for each line of a file.
//!
//! ```text
//! start_query, start_mutation ─▶ id ─▶ wait, or webhook bulk_operations/finish ─▶ status ─▶ Ended ─▶ Lines or Groups
//! ```
//!
//! Shopify runs five of each type at a time for an app and shop. Who does not get a place, or whose operation is still
//! running at the end of the caller's time, gets [`BulkError::NotYet`]: a worker parks its message, nothing waits
//! inside a function.
//!
//! Results are read as they come, in constant memory, whatever their size: an object a line, children after their
//! parent with its id in `__parentId`. A connection that breaks is taken up where it broke.
//!
//! Starting is not idempotent: if an answer is lost, the operation may be running, and the error's
//! [`retry`](BulkError::retry) is `Never`. A query does no harm twice; look for a mutation by its client identifier in
//! [`BulkOperationsPage`](crate::operations::BulkOperationsPage) before starting it again.

mod download;
mod error;
mod groups;
mod kind;
mod lines;
mod split;
mod start;
mod status;
mod upload;

#[cfg(test)]
mod tests;

pub use error::{BulkError, Exchange, LineError, LineFault};
pub use groups::{Child, Group, Groups};
pub use lines::{Line, Lines};
pub use start::{Order, start_mutation, start_query};
pub use status::{Ended, Progress, ResultFile, Why, cancel, status, wait};
pub use upload::{MOST_UPLOAD_BYTES, Upload};
