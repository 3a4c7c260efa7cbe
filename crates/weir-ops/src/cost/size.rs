//! How large an event is on its way, and how many billed pieces that makes.

use jiff::Timestamp;
use resilience::UnixMillis;
use shopify_samples::Samples;
use weir_core::{
    ApiVersion, EventId, EventShop, Topic, WebhookId,
    envelope::{BusBody, Meta, detail, json, seal},
};

pub(super) const KB: f64 = 1_024.0;

/// An order with one line item takes some 6 to 9 KB, so a smaller body is made of something else.
const ORDERS_FROM: usize = 12 << 10;

/// So many bytes, in pieces of so many KB, each begun one counted.
pub(super) fn pieces(bytes: f64, kb: f64) -> f64 {
    (bytes / (kb * KB)).ceil().max(1.0)
}

/// What a webhook with a body of that size is on a lane, and on the bus: made by the code that makes it, above 64 KB
/// compressed as an order is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sizes {
    pub(super) body: f64,
    /// As ingest sends it to SQS.
    pub(super) message: f64,
    /// As the worker publishes it.
    pub(super) event: f64,
}

impl Sizes {
    pub(super) fn of(body_bytes: usize) -> Option<Self> {
        let meta = meta();
        let body = if body_bytes < ORDERS_FROM {
            // The same size to the byte, down to nothing.
            format!("\"{}\"", "x".repeat(body_bytes.saturating_sub(2)))
        } else {
            Samples::new(7, meta.shop.as_str(), Timestamp::UNIX_EPOCH).sized_order(body_bytes)
        };
        let message = seal(&meta, body.as_bytes()).ok()?;
        let event = detail(&meta, BusBody::Inline(json(body.as_bytes()).ok()?));
        Some(Self { body: body.len() as f64, message: message.len() as f64, event: event.len() as f64 })
    }
}

/// As long as real ones are.
fn meta() -> Meta {
    Meta {
        event_id: Some(EventId::from_stored("98880550-7158-44d4-b7cd-2c97c8a091b5")),
        api_version: Some(ApiVersion::from_stored(shopify_schema::API_VERSION)),
        triggered_at: Some("2026-11-22T12:00:00.123456789Z".to_owned()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        ..Meta::new(
            WebhookId::from_stored("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
            EventShop::from_stored("north-of-everything.myshopify.com"),
            Topic::from_stored("orders/create"),
            UnixMillis(1_795_755_600_000),
            b"{}",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_begun_piece_counts() {
        for (bytes, expected) in
            [(0.0, 1.0), (1.0, 1.0), (65_536.0, 1.0), (65_537.0, 2.0), (131_072.0, 2.0), (131_073.0, 3.0)]
        {
            assert_eq!(pieces(bytes, 64.0), expected, "{bytes}");
        }
        assert_eq!((pieces(1_024.0, 1.0), pieces(1_025.0, 1.0)), (1.0, 2.0));
    }

    #[test]
    fn a_small_body_travels_as_it_is_in_its_envelope() {
        let sizes = Sizes::of(6_000).unwrap();
        assert_eq!(sizes.body, 6_000.0);
        assert!((6_400.0..7_200.0).contains(&sizes.message), "{sizes:?}");
        assert!((6_400.0..7_200.0).contains(&sizes.event), "{sizes:?}");
    }

    #[test]
    fn a_large_order_is_compressed_for_the_lane_and_whole_on_the_bus() {
        let sizes = Sizes::of(300 << 10).unwrap();
        assert_eq!(pieces(sizes.message, 64.0), 1.0, "{sizes:?}");
        assert_eq!(pieces(sizes.event, 64.0), 5.0, "{sizes:?}");
    }
}
