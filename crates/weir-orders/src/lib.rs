//! Orders as they are: a projection of every webhook about an order, and the events that follow from it.
//!
//! [`read()`] turns a delivery into what it says of its order. A [`Record`] takes that in: its [`OrderState`] is a join, so
//! any order of arrival, duplicates and ties end in the same state. [`OrderState::events`] says which events a state calls
//! for; those that it did not call for before go into the outbox of the record.
//!
//! The function reads what the worker published from a queue of its own ([`step`]), stores one item an order ([`store`])
//! and publishes its events as `weir.orders` ([`cloud_event`]).
//!
//! Neither state nor events have customers' data: ids, SKUs, quantities, amounts, statuses and times.

pub mod cloud_event;
pub mod event;
pub mod history;
pub mod join;
pub mod money;
pub mod payload;
pub mod projection;
pub mod read;
pub mod record;
pub mod settings;
pub mod stamp;
pub mod state;
pub mod status;
pub mod step;
pub mod store;

pub use event::{ConfirmedWhen, OrderEvent};
pub use projection::{Axes, LineView, Totals};
pub use read::{ReadError, Reading, read};
pub use record::Record;
pub use state::OrderState;
