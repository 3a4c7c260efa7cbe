//! What is sent.

use bytes::Bytes;
use jiff::Timestamp;
use shopify_schema::API_VERSION;
use uuid::Uuid;
use weir_core::{Lane, check};
use weir_load::{HeaderValues, Headers};

use super::CheckedEvent;

/// As large as small webhooks are.
const SMALL_BYTES: usize = 1_024;

/// More than EventBridge took before 2026, and in some regions perhaps still does.
const LARGE_BYTES: usize = 300 * 1_024;

/// A webhook of the check's own.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) webhook_id: String,
    pub(super) lane: Lane,
    pub(super) body: Bytes,
}

impl Event {
    /// A small one for each lane that is on, and a large one for the lane that orders take.
    pub(super) fn all(off: &[Lane]) -> Vec<Self> {
        let sizes = Lane::ALL.map(|lane| (lane, SMALL_BYTES)).into_iter().chain([(Lane::Standard, LARGE_BYTES)]);
        sizes.filter(|(lane, _)| !off.contains(lane)).map(|(lane, bytes)| Self::new(lane, bytes)).collect()
    }

    /// Each has an id of its own, so that each check sends new events.
    fn new(lane: Lane, bytes: usize) -> Self {
        Self { webhook_id: format!("weir-check-{}", Uuid::new_v4()), lane, body: body(bytes) }
    }

    /// Which one, for a finding.
    pub(super) fn checked(&self) -> CheckedEvent {
        CheckedEvent { event: self.key(), lane: self.lane, bytes: self.body.len() }
    }

    /// The ledger's name for it.
    pub(super) fn key(&self) -> String {
        format!("{}#{}", check::SHOP, self.webhook_id)
    }

    /// What a finding is about.
    pub(super) fn subject(&self) -> String {
        format!("lane {}, {} KB", self.lane, self.body.len() / 1_024)
    }

    /// Its headers, without a signature. It is marked as a test, as Shopify marks those that a person asks for.
    pub(super) fn headers(&self) -> Headers {
        let (topic, now) = (check::topic(self.lane), Timestamp::now().to_string());
        let values = HeaderValues {
            topic: &topic,
            shop: check::SHOP,
            webhook_id: &self.webhook_id,
            event_id: None,
            triggered_at: Some(&now),
        };
        let mut headers = values.unsigned();
        headers.push(("X-Shopify-Test", "true".to_owned()));
        headers
    }
}

/// A body of exactly so many bytes, which compresses badly: what is compressed well would not be large on its way.
fn body(bytes: usize) -> Bytes {
    let head = format!("{{\"weir_check\":\"{API_VERSION}\",\"padding\":\"");
    let tail = "\"}";
    let padding = bytes.saturating_sub(head.len() + tail.len());
    let mut text = String::with_capacity(bytes);
    text.push_str(&head);
    text.extend((0..padding).map(|_| fastrand::alphanumeric()));
    text.push_str(tail);
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_gets_a_small_event_and_one_a_large_one() {
        let sizes = |off: &[Lane]| -> Vec<(Lane, usize)> {
            Event::all(off).iter().map(|event| (event.lane, event.body.len())).collect()
        };
        let small = |lane| (lane, 1_024);
        let large = (Lane::Standard, 307_200);
        assert_eq!(sizes(&[]), [small(Lane::Urgent), small(Lane::Standard), small(Lane::Bulk), large]);
        assert_eq!(sizes(&[Lane::Standard]), [small(Lane::Urgent), small(Lane::Bulk)]);
        assert_eq!(sizes(&Lane::ALL), []);
    }

    #[test]
    fn event_is_json_and_marked_as_a_test() {
        let event = &Event::all(&[])[0];
        assert!(serde_json::from_slice::<serde_json::Value>(&event.body).is_ok());
        assert!(event.headers().contains(&("X-Shopify-Test", "true".to_owned())));
        assert!(event.headers().contains(&("X-Shopify-Topic", "weir_check/urgent".to_owned())));
    }
}
