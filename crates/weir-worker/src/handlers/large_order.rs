//! An example, in no route yet: notes orders that somebody may want to look at.

use serde::Deserialize;
use weir_consumer::router::{Event, Payload};
use weir_core::Failure;

/// Only what the handler needs. Unknown fields are ignored; one that Shopify leaves out is `None`.
#[derive(Deserialize)]
pub struct Order {
    /// Beyond 2^53: an integer of 64 bits, never a float.
    id: u64,
    /// Money comes as text, and stays it.
    total_price: Option<String>,
    line_items: Option<Vec<LineItem>>,
}

#[derive(Deserialize)]
struct LineItem {
    quantity: Option<u64>,
}

/// From so many pieces on an order is large.
const LARGE: u64 = 50;

/// Logs the order's id and size; nothing of the customer. Harmless when run twice.
///
/// # Errors
/// Permanent, for a body that is no order: what the type asks for is what the handler insists on.
pub async fn note(event: Event, Payload(order): Payload<Order>) -> Result<(), Failure> {
    let pieces: u64 = order.line_items.iter().flatten().filter_map(|item| item.quantity).sum();
    if pieces >= LARGE {
        let (shop, total) = (event.meta().shop.as_str(), order.total_price.as_deref());
        tracing::info!(shop, order_id = order.id, pieces, total, "A large order");
    }
    Ok(())
}
