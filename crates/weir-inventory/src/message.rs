//! What a message of the queue says.

use serde::Deserialize;
use shopify_webhook::ShopDomain;
use weir_consumer::QueueSource;
use weir_stock::{
    LevelKey,
    engine::SkuLine,
    pool::{Line, LineId},
};

/// A message, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A level may have changed.
    Level(LevelKey),
    /// The lines of an order are like this.
    Lines(Vec<SkuLine>),
    /// All levels are to be looked at: webhooks may be lost.
    Sweep,
    /// Nothing of it concerns stock.
    Nothing,
}

/// Why a message can't be read. It shows nothing of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable(pub &'static str);

#[derive(Deserialize)]
struct BusEvent<'a> {
    source: &'a str,
    #[serde(borrow, rename = "detail-type")]
    detail_type: &'a str,
}

/// The body of `inventory_levels/*`: ids alone, because the number is read from Shopify.
#[derive(Deserialize)]
struct LevelBody {
    inventory_item_id: u64,
    location_id: u64,
}

#[derive(Deserialize)]
struct OrderEvent {
    detail: OrderDetail,
}

#[derive(Deserialize)]
struct OrderDetail {
    data: OrderData,
}

#[derive(Deserialize)]
struct OrderData {
    shop: String,
    revision: u64,
    order: Order,
}

#[derive(Deserialize)]
struct Order {
    id: String,
    #[serde(default)]
    test: bool,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    lifecycle: String,
    #[serde(default)]
    lines: Vec<OrderLine>,
}

#[derive(Deserialize)]
struct OrderLine {
    id: String,
    #[serde(default)]
    sku: Option<String>,
    #[serde(default)]
    current: Option<i64>,
    #[serde(default)]
    ordered: Option<i64>,
}

/// Reads a message: an event of the bus, or what the schedule sends.
///
/// # Errors
/// If it is neither.
pub fn read(message: &str) -> Result<Input, Unreadable> {
    if message.trim() == r#"{"sweep":true}"# {
        return Ok(Input::Sweep);
    }
    let event: BusEvent<'_> = serde_json::from_str(message).map_err(|_| Unreadable("the message is not an event"))?;
    if event.source == "weir.orders" {
        return lines(message);
    }
    if !event.detail_type.trim_start_matches("superseded/").starts_with("inventory_levels/") {
        return Ok(Input::Nothing);
    }
    let envelope = QueueSource::Rule("inventory".into()).read(message);
    let envelope = envelope.map_err(|_| Unreadable("the event is not one of weir's"))?;
    let shop = ShopDomain::parse(envelope.meta.shop.as_str()).ok_or(Unreadable("the event names no shop"))?;
    let body = envelope.open(None).map_err(|_| Unreadable("the event has no body"))?;
    let body: LevelBody = serde_json::from_slice(&body).map_err(|_| Unreadable("the body names no level"))?;
    Ok(Input::Level(LevelKey { shop, item: body.inventory_item_id, location: body.location_id }))
}

/// Test orders take no units.
fn lines(message: &str) -> Result<Input, Unreadable> {
    let event: OrderEvent = serde_json::from_str(message).map_err(|_| Unreadable("the event is not an order's"))?;
    let OrderData { shop, revision, order } = event.detail.data;
    let shop = ShopDomain::parse(&shop).ok_or(Unreadable("the event names no shop"))?;
    let id: u64 = order.id.parse().map_err(|_| Unreadable("the order has no id"))?;
    let ordered_at_ms =
        order.created_at.and_then(|at| at.parse().ok()).map_or(0, |at: jiff::Timestamp| at.as_millisecond());
    let is_taken = !order.test && !matches!(order.lifecycle.as_str(), "cancelled" | "deleted");
    let lines = order.lines.into_iter().filter_map(|line| {
        let (sku, line_id) = (line.sku.filter(|sku| !sku.is_empty())?, line.id.parse().ok()?);
        let units = line.current.or(line.ordered).filter(|_| is_taken).unwrap_or(0);
        let id = LineId { shop: shop.clone(), order: id, line: line_id };
        Some(SkuLine { sku, line: Line { id, ordered_at_ms, units, revision } })
    });
    Ok(Input::Lines(lines.collect()))
}
