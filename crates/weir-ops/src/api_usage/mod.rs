//! What was asked of Shopify's Admin API, counted from the log lines of the Shopify client.
//!
//! Lines are counted as they are read: what is kept grows with operations and shops, not with lines.

mod line;
mod logs;
mod recent;
mod report;
mod tally;

pub use line::{Call, Line};
pub use logs::{FunctionLogs, LogsError, Step};
pub use report::{Lines, OperationRow, RedundantRow, Report, ShopRow};
pub use tally::Tally;
