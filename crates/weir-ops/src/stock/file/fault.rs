//! What is wrong with a file.

use std::fmt;

/// A file that is not taken. Nothing of it is applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct FileError {
    /// Its faults, at least one, in the order of the lines.
    pub faults: Vec<Fault>,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut faults = self.faults.iter();
        if let Some(first) = faults.next() {
            write!(f, "{first}")?;
        }
        faults.try_for_each(|fault| write!(f, "\n{fault}"))
    }
}

/// A fault, with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {reason}", named(column))]
pub struct Fault {
    /// The line, counted from one.
    pub line: u64,
    /// The column's name; `None` if the fault is the line's.
    pub column: Option<String>,
    /// The fault.
    pub reason: Reason,
}

fn named(column: &Option<String>) -> String {
    column.as_ref().map(|column| format!(", column {column}")).unwrap_or_default()
}

/// A kind of fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The file is longer than it may be.
    #[error("the file has {0} bytes, and 10 MB is the most: split it")]
    TooLarge(usize),
    /// The file is no text.
    #[error("the file is not UTF-8: save it as CSV UTF-8")]
    NotUtf8,
    /// The file has a header at most.
    #[error("the file has no lines below its header")]
    NoLines,
    /// The line is not CSV.
    #[error("the line is not CSV: {0}")]
    Malformed(String),
    /// The line has more or fewer fields than the header.
    #[error(
        "the line has {found} fields, and the header has {expected}: separate fields by commas, and quote those with a comma"
    )]
    Fields {
        /// Fields of the line.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// A column that no file needs.
    #[error("the column is unknown: expected sku, shop, location, buffer and available, separated by commas")]
    UnknownColumn,
    /// A column that every file needs.
    #[error("the column is missing from the header")]
    MissingColumn,
    /// A column twice in the header.
    #[error("the header has the column twice")]
    ColumnTwice,
    /// An empty field.
    #[error("the field is empty")]
    Empty,
    /// A SKU that Shopify can't have.
    #[error("the SKU is longer than 255 characters")]
    LongSku,
    /// A text that is no shop.
    #[error("{0:?} is not the domain of a shop: write it like north.myshopify.com")]
    NotAShop(String),
    /// A text that is no number.
    #[error("{0:?} is not a whole number")]
    NotANumber(String),
    /// A number below zero.
    #[error("{0} is below zero")]
    Negative(i64),
    /// A number that Shopify does not take.
    #[error("{0} is more than the 1,000,000,000 units that a level can have")]
    TooMany(i64),
    /// Two lines for one member.
    #[error("an earlier line has the same SKU, shop and location")]
    MemberTwice,
    /// Two numbers for one pool.
    #[error("an earlier line of this SKU says {earlier}, this one {now}: a pool has one stock")]
    AvailableDiffers {
        /// The earlier number.
        earlier: i64,
        /// This line's number.
        now: i64,
    },
}

impl Reason {
    pub(super) fn malformed(error: &csv::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}
