//! `returns/*`. No body of a return has a time of its own.

use serde::Deserialize;

use super::Id;
use crate::status::ReturnStatus;

/// A return, or a step of one.
#[derive(Deserialize)]
pub struct ReturnBody {
    pub(crate) id: Option<Id>,
    pub(crate) admin_graphql_api_id: Option<Id>,
    pub(crate) order_id: Option<Id>,
    pub(crate) order: Option<OrderRefBody>,
    pub(crate) status: Option<ReturnStatus>,
    /// A list of lines; of `returns/update` an object with what was removed.
    pub(crate) return_line_items: Option<ReturnLines>,
    pub(crate) total_return_line_items: Option<u32>,
    pub(crate) total_exchange_line_items: Option<u32>,
}

/// The order of a return.
#[derive(Deserialize)]
pub(crate) struct OrderRefBody {
    pub(crate) id: Option<Id>,
    pub(crate) admin_graphql_api_id: Option<Id>,
}

/// The lines of a return.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum ReturnLines {
    /// All of them.
    All(Vec<ReturnLineBody>),
    /// What changed: the lines of the order are not among it.
    Changes(serde::de::IgnoredAny),
}

/// Items of one line that come back.
#[derive(Deserialize)]
pub(crate) struct ReturnLineBody {
    pub(crate) fulfillment_line_item: Option<FulfilledLineBody>,
    pub(crate) quantity: Option<u32>,
}

/// The line as it was fulfilled.
#[derive(Deserialize)]
pub(crate) struct FulfilledLineBody {
    pub(crate) line_item: Option<OrderRefBody>,
}

impl ReturnBody {
    /// The return's id.
    pub(crate) fn id(&self) -> Option<Id> {
        self.id.or(self.admin_graphql_api_id)
    }

    /// Its order, where the body names it.
    pub(crate) fn order(&self) -> Option<Id> {
        self.order_id.or_else(|| self.order.as_ref().and_then(OrderRefBody::id))
    }
}

impl OrderRefBody {
    pub(crate) fn id(&self) -> Option<Id> {
        self.id.or(self.admin_graphql_api_id)
    }
}
