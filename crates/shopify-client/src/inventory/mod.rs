//! Inventory writes: in batches, compared with what is there, each once.
//!
//! Shopify takes 250 rows at once and applies **all or none**: one bad row, and nothing of the batch is written. So
//! what is refused is taken out, and the rest is sent again:
//!
//! - A row whose quantity is not the expected one any more is read again, and the caller decides anew.
//! - A row that Shopify rejects is reported. The good rows of its batch are written all the same.
//! - An item that is twice at one location goes in two batches, in the order of its rows: Shopify refuses both in one.
//!
//! Each request carries an idempotency key made from the event, so that an event that comes again writes nothing twice:
//!
//! - **set** puts an absolute number, compared with the one before: doing it twice does no harm. What is left of a
//!   refused batch goes as one batch, its key made from its rows too.
//! - **adjust** adds: doing it twice is wrong. What is left of a refused batch goes row by row, each row under keys
//!   of its own that do not depend on what was read, so that Shopify notices a repeat even where the quantity has
//!   changed in between: [`RowResult::Unclear`].

mod levels;
mod refusal;
mod set_once;
mod write;

#[cfg(test)]
mod tests;

use shopify_webhook::ShopDomain;

pub use self::{
    levels::{Level, Levels, read_levels},
    refusal::Verdict,
    set_once::{SetOnce, set_once},
};
use crate::{Call, Client, Error};

/// The most rows that Shopify takes at once.
pub const MOST_ROWS: usize = 250;

/// What is written, and why: the same for all rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which quantity.
    pub name: QuantityName,
    /// One of Shopify's reasons, such as `correction` or `received`.
    pub reason: String,
    /// A URI that says what caused it (`erp://receipts/17`). Merchants see it in the history.
    pub reference: Option<String>,
}

/// Which of an item's quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantityName {
    /// What can be sold; below zero where more was sold than there is.
    Available,
    /// What is there, whether promised or not. It can be set, to zero at least, and not be adjusted.
    OnHand,
}

impl QuantityName {
    fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::OnHand => "on_hand",
        }
    }
}

/// One quantity of one item at one location. For an adjustment it must follow from the event alone, so that the
/// event, when it comes again, makes the same row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `gid://shopify/InventoryItem/…`.
    pub item: String,
    /// `gid://shopify/Location/…`.
    pub location: String,
    /// The quantity to set; for an adjustment, the difference.
    pub amount: i64,
    /// What must be there for it to be written.
    pub expected: Expected,
}

/// What a row is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// This quantity: else nothing is written, and the caller decides anew.
    Quantity(i64),
    /// Nothing: whatever is there is overwritten or added to.
    Unconditional,
}

/// What to do with a row whose quantity is not the expected one any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Write this amount, if the quantity is still the one just read.
    Write(i64),
    /// Leave what is there.
    Leave,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowResult {
    /// It is written: now, or when the event came before.
    Written,
    /// The caller left what is there.
    Left {
        /// The quantity there.
        current: i64,
    },
    /// The quantity kept changing between reading and writing. Nothing is written.
    Stale {
        /// The quantity read last.
        current: i64,
    },
    /// Shopify refuses the row. Nothing is written.
    Rejected {
        /// Shopify's code, such as `INVALID_LOCATION`; `NOT_STOCKED` where the item has no level at the location.
        code: String,
    },
    /// An adjustment that was sent before under the same key with other values: it may be written. Look at the
    /// item's history before adjusting it again.
    Unclear,
}

/// Sets quantities: one result a row, in their order.
///
/// `event` is the same whenever the event comes again. `decide` is asked for each row whose quantity is not the
/// expected one any more, with the quantity that is there now, up to three times a row.
///
/// # Errors
/// If a call fails other than by a row's fault. Rows before it may be written: run it again for the same event, and
/// these are not written twice.
pub async fn set_quantities(
    client: &Client,
    shop: &ShopDomain,
    change: &Change,
    rows: &[Row],
    event: &str,
    decide: impl FnMut(&Row, i64) -> Decision + Send,
    call: &Call,
) -> Result<Vec<RowResult>, Error> {
    write::Writer { client, shop, change, verb: write::Verb::Set, event, call, decide }.write(rows).await
}

/// Adds to quantities, or takes from them: one result a row, in their order.
///
/// As [`set_quantities`]; a row's amount is the difference.
///
/// # Errors
/// As [`set_quantities`].
pub async fn adjust_quantities(
    client: &Client,
    shop: &ShopDomain,
    change: &Change,
    rows: &[Row],
    event: &str,
    decide: impl FnMut(&Row, i64) -> Decision + Send,
    call: &Call,
) -> Result<Vec<RowResult>, Error> {
    write::Writer { client, shop, change, verb: write::Verb::Adjust, event, call, decide }.write(rows).await
}
