//! The events of a pool as they leave weir: CloudEvents, made from its journal.

use serde::Serialize;

use crate::{
    Pool,
    pool::{Cause, Entry, NamedLine},
};

/// The `source` of every event, on the bus and in the CloudEvent.
pub const SOURCE: &str = "weir.inventory";

/// An event that is to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// `stock.changed`, `stock.oversold`, `stock.held` or `stock.released`: the bus's `detail-type`.
    pub event_type: &'static str,
    /// The same whenever and by whomever it is published: `SKU/NUMBER` of its journal entry.
    pub id: String,
    /// The CloudEvent as JSON.
    pub detail: String,
}

#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'static str,
    #[serde(rename = "type")]
    event_type: &'static str,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    datacontenttype: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    sku: &'a str,
    available: i64,
    #[serde(skip_serializing_if = "is_zero")]
    delta: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<&'a [NamedLine]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// The events of entries that are not published yet.
#[must_use]
pub fn outgoing(pool: &Pool) -> Vec<Outgoing> {
    pool.unpublished().iter().filter_map(|entry| event(&pool.sku, entry)).collect()
}

fn event(sku: &str, entry: &Entry) -> Option<Outgoing> {
    let id = format!("{sku}/{}", entry.number);
    let mut data =
        Data { sku, available: entry.available, delta: entry.delta, cause: None, units: None, lines: None, why: None };
    let event_type = match &entry.cause {
        Cause::Oversold { lines } => {
            data.units = Some(entry.available.saturating_neg().max(0));
            data.lines = Some(lines);
            "stock.oversold"
        }
        Cause::Held { why } => {
            data.why = Some(why);
            "stock.held"
        }
        Cause::Released => "stock.released",
        cause => {
            data.cause = Some(cause);
            "stock.changed"
        }
    };
    let time = jiff::Timestamp::from_millisecond(entry.at_ms).ok().map(|at| at.to_string());
    let cloud_event = CloudEvent {
        specversion: "1.0",
        id: &id,
        source: SOURCE,
        event_type,
        subject: sku,
        time,
        datacontenttype: "application/json",
        data,
    };
    // No entry has a key that is no text, which is all that JSON refuses.
    let detail = serde_json::to_string(&cloud_event).ok()?;
    Some(Outgoing { event_type, id, detail })
}
