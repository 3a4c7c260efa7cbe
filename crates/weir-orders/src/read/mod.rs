//! From a delivery to what it says of its order.

mod order;
mod parts;
#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use weir_core::envelope::{Meta, SUPERSEDED_PREFIX};

use crate::{
    payload::{
        EditedBody, FulfillmentBody, FulfillmentOrdersBody, Id, OrderBody, OrderIdBody, RefundBody, ReturnBody,
        TransactionBody,
    },
    stamp::DeliveryStamp,
    state::OrderState,
};

/// What a delivery says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Something of this order.
    Order(Id, Box<OrderState>),
    /// Something of an order that the body does not name: `returns/update` and most of `fulfillment_orders/*`.
    Unnamed(Part, Box<OrderState>),
    /// Nothing that the projection has.
    Nothing,
}

/// What leads to the order of a body that does not name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A return.
    Return(Id),
    /// A fulfillment order.
    FulfillmentOrder(Id),
}

/// A body can't be read. Says where, and shows nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is not JSON, or a field has another type than Shopify's.
    #[error("the body is not one of {topic} (line {line}, column {column})")]
    Syntax {
        /// The topic.
        topic: String,
        /// Counted from one.
        line: usize,
        /// Counted from one.
        column: usize,
    },
    /// It names nothing that could be found.
    #[error("the body of {topic} names no order: the subscription's include_fields must have the order's id")]
    NoOrder {
        /// The topic.
        topic: String,
    },
}

/// Reads a body. A snapshot that came too late, which is published as `superseded/…`, says as much as any other.
///
/// # Errors
/// If the body has not its topic's shape, or names no order.
pub fn read(meta: &Meta, body: &[u8]) -> Result<Reading, ReadError> {
    let topic = meta.topic.as_str();
    let topic = topic.strip_prefix(SUPERSEDED_PREFIX).unwrap_or(topic);
    let at = DeliveryStamp::of(meta);
    let mut state = OrderState::default();
    let order = match topic {
        "orders/create"
        | "orders/updated"
        | "orders/paid"
        | "orders/partially_fulfilled"
        | "orders/fulfilled"
        | "orders/cancelled"
        | "orders/link_requested" => {
            let body: OrderBody = parse(topic, body)?;
            let id = body.id();
            state.read_order(body, at);
            id
        }
        "orders/delete" => {
            let body: OrderIdBody = parse(topic, body)?;
            state.deleted = true;
            body.id.or(body.admin_graphql_api_id)
        }
        "orders/edited" => {
            let body: EditedBody = parse(topic, body)?;
            body.order_edit.and_then(|edit| {
                let order = edit.order_id;
                state.read_edit(edit, at);
                order
            })
        }
        "refunds/create" => {
            let body: RefundBody = parse(topic, body)?;
            let order = body.order_id;
            state.read_refund(body, at);
            order
        }
        "fulfillments/create" | "fulfillments/update" => {
            let body: FulfillmentBody = parse(topic, body)?;
            let order = body.order_id;
            state.read_fulfillment(body, at);
            order
        }
        "order_transactions/create" => {
            let body: TransactionBody = parse(topic, body)?;
            let order = body.order_id;
            state.read_transaction(body, at);
            order
        }
        _ if topic.starts_with("returns/") => {
            let Some(body) = parse::<Option<ReturnBody>>(topic, body)? else { return Ok(Reading::Nothing) };
            let (order, part) = (body.order(), body.id().map(Part::Return));
            // Its documented body is empty.
            if topic == "returns/process" && order.is_none() && part.is_none() {
                return Ok(Reading::Nothing);
            }
            state.read_return(body, at);
            return placed(topic, order, part, state);
        }
        _ if topic.starts_with("fulfillment_orders/") => {
            let body: FulfillmentOrdersBody = parse(topic, body)?;
            let part = body.all().find_map(|order| order.id).map(Part::FulfillmentOrder);
            let order = body.order();
            state.read_fulfillment_orders(&body, at);
            // `fulfillment_orders/merged` has lists of another shape: the other topics say the same.
            if part.is_none() && order.is_none() {
                return Ok(Reading::Nothing);
            }
            return placed(topic, order, part, state);
        }
        _ => return Ok(Reading::Nothing),
    };
    placed(topic, order, None, state)
}

fn placed(topic: &str, order: Option<Id>, part: Option<Part>, state: OrderState) -> Result<Reading, ReadError> {
    match (order, part) {
        (Some(order), _) => Ok(Reading::Order(order, Box::new(state))),
        (None, Some(part)) => Ok(Reading::Unnamed(part, Box::new(state))),
        (None, None) => Err(ReadError::NoOrder { topic: topic.to_owned() }),
    }
}

fn parse<T: DeserializeOwned>(topic: &str, body: &[u8]) -> Result<T, ReadError> {
    serde_json::from_slice(body).map_err(|error| ReadError::Syntax {
        topic: topic.to_owned(),
        line: error.line(),
        column: error.column(),
    })
}
