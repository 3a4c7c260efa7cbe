//! A resource as the Admin API lists it.

use jiff::Timestamp;
use shopify_webhook::ShopDomain;
use weir_core::topics::{Content, Version};

use crate::Kind;

/// A resource that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    /// `820982911946154508`, or `{item}:{location}`: as the keys of the fence have it.
    pub(crate) id: String,
    /// `None` for an inventory level: when it was connected makes no difference.
    pub(crate) created: Option<Timestamp>,
    pub(crate) updated: Timestamp,
    /// Of an order.
    pub(crate) cancelled: Option<Timestamp>,
    /// Of an order.
    pub(crate) payment: Payment,
    /// What of it can be compared with the state that the fence let in last.
    pub(crate) content: Option<Content>,
}

/// Whether an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payment {
    /// Not wholly.
    Open,
    /// Nobody asked when.
    Done,
    /// The last payment.
    DoneAt(Timestamp),
}

impl Change {
    /// A product, say.
    pub(crate) fn new(kind: Kind, id: String, created: Option<Timestamp>, updated: Timestamp) -> Self {
        Self { kind, id, created, updated, cancelled: None, payment: Payment::Open, content: None }
    }

    /// The key of the fence.
    pub(crate) fn key(&self, shop: &ShopDomain, app: &str) -> String {
        format!("{shop}#{app}#{}/{}", self.kind.resource(), self.id)
    }

    /// What the fence is asked about.
    pub(crate) fn state(&self) -> (Version, Option<&Content>) {
        (self.version(), self.content.as_ref())
    }

    pub(crate) fn version(&self) -> Version {
        Version::updated(self.updated)
    }
}

/// The number at the end of a global id: `gid://shopify/Order/820982911946154508`.
pub(crate) fn number(gid: &str) -> Option<&str> {
    let (_, last) = gid.rsplit_once('/')?;
    is_number(last).then_some(last)
}

/// The item of an inventory level: `gid://shopify/InventoryLevel/24?inventory_item_id=271`.
pub(crate) fn item_of_level(gid: &str) -> Option<&str> {
    let (_, item) = gid.rsplit_once("inventory_item_id=")?;
    is_number(item).then_some(item)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_to_the_last_digit() {
        assert_eq!(number("gid://shopify/Order/820982911946154508"), Some("820982911946154508"));
        assert_eq!(item_of_level("gid://shopify/InventoryLevel/24?inventory_item_id=271"), Some("271"));
        for gid in ["", "gid://shopify/Order/", "gid://shopify/Order/1?x=2", "1"] {
            assert_eq!(number(gid), None, "{gid}");
        }
        assert_eq!(item_of_level("gid://shopify/InventoryLevel/24"), None);
    }
}
