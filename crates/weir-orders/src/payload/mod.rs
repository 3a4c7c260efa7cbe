//! Bodies as Shopify sends them, as far as weir reads them. Each field may be missing: `include_fields` leaves out what a
//! subscription does not ask for. Customers' data has no field here, so it is never in memory as a value.

mod field;
mod fulfillment;
mod order;
mod refund;
mod returns;

pub use field::{Given, Id, Instant};
pub use fulfillment::{FulfillmentBody, FulfillmentOrdersBody, ShippedLineBody};
pub use order::{EditBody, EditedBody, LineBody, OrderBody, OrderIdBody};
pub use refund::{RefundBody, TransactionBody};
pub use returns::ReturnBody;
pub(crate) use returns::ReturnLines;
