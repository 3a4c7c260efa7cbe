//! The queue that a consumer reads, and the form of its messages.

use std::{borrow::Cow, sync::Arc};

use serde::Deserialize;
use serde_json::value::RawValue;
use weir_core::{
    EventShop, Lane, Topic, UnixMillis, WebhookId,
    controls::Target,
    envelope::{self, Envelope, EnvelopeError, Meta},
    sha256,
};

/// The queue that a consumer reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueSource {
    /// A lane: its messages are envelopes.
    Lane(Lane),
    /// The queue of the service of this name, which an EventBridge rule fills: its messages are EventBridge events, and
    /// envelopes where a message was parked.
    Rule(Arc<str>),
}

/// An EventBridge event, as a rule sends it to a queue.
#[derive(Deserialize)]
struct BusEvent<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, rename = "detail-type")]
    detail_type: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow, default)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    detail: &'a RawValue,
}

/// The attributes of a CloudEvent that is not an envelope, as far as they are used.
#[derive(Deserialize)]
struct CloudEvent<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    traceparent: Option<Cow<'a, str>>,
}

impl QueueSource {
    /// The lane's name, or the service's: the field `lane` of log lines and spans.
    pub fn name(&self) -> &str {
        match self {
            Self::Lane(lane) => lane.as_str(),
            Self::Rule(service) => service,
        }
    }

    /// The lane, of which metrics have a dimension.
    pub fn lane(&self) -> Option<Lane> {
        match self {
            Self::Lane(lane) => Some(*lane),
            Self::Rule(_) => None,
        }
    }

    /// The lane that a record of the ledger has. A service's ledger is its own, and its records say `standard`.
    pub(crate) fn recorded_lane(&self) -> Lane {
        self.lane().unwrap_or(Lane::Standard)
    }

    /// The operator's switch of the whole queue.
    pub(crate) fn switch(&self) -> Option<Target<'static>> {
        self.lane().map(Target::Lane)
    }

    /// Reads a message.
    ///
    /// An event that the worker published keeps its id, and `detail-type` is its topic. Any other event is known by its
    /// source and its own id: that of the CloudEvent in `detail`, or else EventBridge's.
    ///
    /// # Errors
    /// If the message has neither form. The error shows nothing of the message.
    pub fn read(&self, message: &str) -> Result<Envelope, EnvelopeError> {
        match self {
            Self::Lane(_) => Envelope::parse(message),
            Self::Rule(_) => match serde_json::from_str::<BusEvent<'_>>(message) {
                Ok(event) => read_event(&event),
                // A parked copy, or nothing that can be read.
                Err(_) => Envelope::parse(message),
            },
        }
    }
}

fn read_event(event: &BusEvent<'_>) -> Result<Envelope, EnvelopeError> {
    let Ok(mut envelope) = Envelope::parse(event.detail.get()) else { return foreign(event) };
    envelope.meta.topic = Topic::from_stored(&*event.detail_type);
    // The hash is of the bytes that Shopify signed. The bus may print JSON anew, and only stacks' own roles may put
    // events: the hash of what came tells whether it is still the same in a parked copy.
    if let Some(json) = envelope.peek() {
        envelope.meta.body_sha256 = sha256::hex(json.get().as_bytes());
    }
    Ok(envelope)
}

/// An event of another publisher than the worker: all of its `detail` is the body.
fn foreign(event: &BusEvent<'_>) -> Result<Envelope, EnvelopeError> {
    let body = event.detail.get();
    let cloud_event: Option<CloudEvent<'_>> = serde_json::from_str(body).ok();
    let id = cloud_event.as_ref().map_or(&event.id, |cloud_event| &cloud_event.id);
    let mut meta = Meta {
        triggered_at: event.time.as_deref().map(str::to_owned),
        traceparent: cloud_event.as_ref().and_then(|cloud_event| cloud_event.traceparent.as_deref().map(str::to_owned)),
        ..Meta::new(
            WebhookId::from_stored(&**id),
            EventShop::from_stored(&*event.source),
            Topic::from_stored(&*event.detail_type),
            UnixMillis(0),
            body.as_bytes(),
        )
    };
    meta.received_at = meta.triggered_at_ms().unwrap_or(UnixMillis(0));
    let sealed = envelope::seal(&meta, body.as_bytes()).map_err(|_| EnvelopeError::Unknown("size"))?;
    Envelope::parse(&sealed)
}

#[cfg(test)]
mod tests {
    use weir_core::envelope::BusBody;

    use super::*;

    fn orders() -> QueueSource {
        QueueSource::Rule("orders".into())
    }

    fn bus_event(source: &str, detail_type: &str, detail: &str) -> String {
        format!(
            r#"{{"version":"0","id":"7bf73129","detail-type":"{detail_type}","source":"{source}","account":"1",
            "time":"2026-11-27T05:00:00Z","region":"us-east-1","resources":[],"detail":{detail}}}"#
        )
    }

    #[test]
    fn event_of_the_worker_keeps_its_id_and_takes_the_topic_of_the_bus() {
        let signed = r#"{ "id": 1 }"#;
        let detail = envelope::detail(
            &Meta::sample("1", signed.as_bytes()),
            BusBody::Inline(envelope::json(signed.as_bytes()).unwrap()),
        );
        // As a bus might print it.
        let printed = detail.replace(signed, r#"{"id":1}"#);
        let envelope = orders().read(&bus_event("weir", "superseded/orders/create", &printed)).unwrap();
        assert_eq!(envelope.meta.webhook_id, "1");
        assert_eq!(envelope.meta.shop, "north.myshopify.com");
        assert_eq!(envelope.meta.topic, "superseded/orders/create");
        assert_eq!(envelope.open(None).unwrap(), br#"{"id":1}"#);
    }

    #[test]
    fn event_of_another_service_is_known_by_its_source_and_id() {
        let detail = r#"{"specversion":"1.0","id":"cause-1","source":"weir.orders","type":"order.paid","data":{}}"#;
        let envelope = orders().read(&bus_event("weir.orders", "order.paid", detail)).unwrap();
        assert_eq!((envelope.meta.shop.as_str(), envelope.meta.webhook_id.as_str()), ("weir.orders", "cause-1"));
        assert_eq!(envelope.meta.topic, "order.paid");
        assert_eq!(envelope.meta.received_at, UnixMillis(1_795_755_600_000));
        assert_eq!(envelope.open(None).unwrap(), detail.as_bytes());
        let without_id = orders().read(&bus_event("aws.s3", "Object Created", r#"{"bucket":{}}"#)).unwrap();
        assert_eq!(without_id.meta.webhook_id, "7bf73129");
    }

    #[test]
    fn parked_copy_of_an_event_is_read_again() {
        let parked = weir_core::park::Parked { count: 1, since: UnixMillis(1_795_755_600_000) };
        let first = orders().read(&bus_event("weir.orders", "order.paid", r#"{"id":"cause-1"}"#)).unwrap();
        let again = orders().read(&first.park(parked)).unwrap();
        assert_eq!((&again.meta, again.parked), (&first.meta, Some(parked)));
        assert_eq!(again.open(None).unwrap(), br#"{"id":"cause-1"}"#);
    }

    #[test]
    fn message_of_neither_form_is_refused() {
        for message in ["", "{}", "no JSON", r#"{"detail-type":"x","detail":{}}"#] {
            assert!(orders().read(message).is_err(), "{message}");
        }
        let event = bus_event("weir", "orders/create", "{}");
        assert!(QueueSource::Lane(Lane::Standard).read(&event).is_err(), "a lane takes envelopes only");
    }
}
