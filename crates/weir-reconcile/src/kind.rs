//! What is read, and which topics follow from it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A kind of resource whose changes the Admin API lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Orders.
    Orders,
    /// Products with their variants.
    Products,
    /// Inventory levels: an item at a location.
    Inventory,
}

impl Kind {
    /// All of them, in the order in which they are read.
    pub const ALL: [Self; 3] = [Self::Orders, Self::Products, Self::Inventory];

    /// The name in commands, cursors and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Products => "products",
            Self::Inventory => "inventory",
        }
    }

    /// The topics of which a lost event shows in what is read. Of the others it does not: what was deleted is not listed,
    /// and a refund or an edit leaves no trace of its own in the order's snapshot.
    pub fn topics(self) -> &'static [&'static str] {
        match self {
            Self::Orders => &["orders/create", "orders/paid", "orders/cancelled", "orders/updated"],
            Self::Products => &["products/create", "products/update"],
            Self::Inventory => &["inventory_levels/update"],
        }
    }

    /// The kind that a topic follows from; `None` if there is none.
    pub fn of(topic: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.topics().contains(&topic))
    }

    /// What its resources are called in the keys of the fence, as in `infra/topics.toml`.
    pub(crate) fn resource(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Products => "products",
            Self::Inventory => "inventory_levels",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is none of orders, products, inventory"))
    }
}

#[cfg(test)]
mod tests {
    use weir_core::{Topics, topics::Reading};

    use super::*;

    /// The fence is what keeps a synthetic event from undoing a newer one.
    #[test]
    fn every_topic_passes_the_fence_under_its_kinds_name() {
        let (topics, body) = (Topics::built_in(), r#"{"id":1,"inventory_item_id":1,"location_id":2}"#);
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            for topic in kind.topics() {
                assert_eq!(Kind::of(topic), Some(kind));
                let meta = crate::event::tests::meta(topic);
                let resource = topics.latest(topic).unwrap();
                let reading = resource.snapshot(&meta, serde_json::from_str(body).unwrap(), meta.received_at);
                let start = format!("north.myshopify.com#default#{}/1", kind.resource());
                assert!(matches!(reading, Reading::Snapshot(snapshot) if snapshot.key.starts_with(&start)), "{topic}");
            }
        }
        assert_eq!(Kind::of("refunds/create"), None);
    }
}
