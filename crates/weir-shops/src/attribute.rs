//! Attributes of items: how they are written and read.

use std::{collections::HashMap, str::FromStr};

use aws_sdk_dynamodb::types::AttributeValue;
use resilience::UnixMillis;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// An item that no version of weir wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an item can't be read: its attribute {0} is missing, of another type, or has another value than expected")]
pub struct BadItem(pub &'static str);

/// The partition key of all three tables.
pub(crate) const PK: &str = "pk";
/// DynamoDB's TTL, in all tables that have one.
pub(crate) const EXPIRES_AT_S: &str = "expires_at_s";

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn key(pk: &str) -> Item {
    Item::from([(PK.to_owned(), text(pk))])
}

/// Reads attributes of one item.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a Item);

impl<'a> Reader<'a> {
    pub(crate) fn text(self, name: &'static str) -> Option<&'a str> {
        self.0.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
    }

    pub(crate) fn number<T: FromStr>(self, name: &'static str) -> Option<T> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    pub(crate) fn time(self, name: &'static str) -> Option<UnixMillis> {
        self.number(name).map(UnixMillis)
    }

    /// A name that must be there and be known.
    pub(crate) fn named<T: FromStr>(self, name: &'static str) -> Result<T, BadItem> {
        self.text(name).and_then(|text| text.parse().ok()).ok_or(BadItem(name))
    }
}
