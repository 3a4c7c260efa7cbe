//! The archive: where the body of an event lies for some days, and in which form.
//!
//! An object holds the events of one batch that weir received from one shop within one hour. It is gzip of JSON lines, an
//! [`ArchivedEvent`] a line. Its [`ObjectKey`] says the shop, the hour and the time of the first and the last event, so that
//! whoever looks for one event reads only the objects that can have it.
//!
//! The hour is that in which ingest received the event: it is in the ledger too, and no retry changes it.

mod event;
mod key;

pub use event::{ArchivedBody, ArchivedEvent};
pub use key::{Hour, ObjectKey};
