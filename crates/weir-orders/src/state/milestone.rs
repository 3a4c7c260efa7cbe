//! What an order has reached. An order that reached something has always reached it: so milestones only grow in number,
//! and the same deliveries lead to the same ones in any order.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::payload::Id;

/// A point in the life of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Milestone {
    /// It was placed.
    Created,
    /// Its whole amount was authorized or paid.
    Authorized,
    /// Its whole amount was paid.
    Paid,
    /// A part of it was fulfilled, most recently by this fulfillment.
    PartiallyFulfilled(Option<Id>),
    /// All of it was fulfilled, most recently by this fulfillment.
    Fulfilled(Option<Id>),
    /// It was cancelled.
    Cancelled,
}

impl fmt::Display for Milestone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created => f.write_str("created"),
            Self::Authorized => f.write_str("authorized"),
            Self::Paid => f.write_str("paid"),
            Self::PartiallyFulfilled(None) => f.write_str("partially_fulfilled"),
            Self::PartiallyFulfilled(Some(id)) => write!(f, "partially_fulfilled/{id}"),
            Self::Fulfilled(None) => f.write_str("fulfilled"),
            Self::Fulfilled(Some(id)) => write!(f, "fulfilled/{id}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

/// The text names no milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a milestone of an order")]
pub struct NotAMilestone;

impl FromStr for Milestone {
    type Err = NotAMilestone;

    fn from_str(text: &str) -> Result<Self, NotAMilestone> {
        let (name, id) = match text.split_once('/') {
            Some((name, id)) => (name, Some(id.parse().map_err(|_| NotAMilestone)?)),
            None => (text, None),
        };
        match (name, id) {
            ("created", None) => Ok(Self::Created),
            ("authorized", None) => Ok(Self::Authorized),
            ("paid", None) => Ok(Self::Paid),
            ("partially_fulfilled", id) => Ok(Self::PartiallyFulfilled(id)),
            ("fulfilled", id) => Ok(Self::Fulfilled(id)),
            ("cancelled", None) => Ok(Self::Cancelled),
            _ => Err(NotAMilestone),
        }
    }
}

impl Serialize for Milestone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Milestone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
