//! One line of an archived object.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    ApiVersion, AppName, EventId, EventShop, Topic, UnixMillis, WebhookId,
    envelope::{self, Envelope, Meta},
};

/// An event with its body, as a line of JSON. The names of the fields are columns of Athena: they never change.
#[derive(Serialize, Deserialize)]
pub struct ArchivedEvent<'a> {
    /// The id under which the event left weir.
    pub webhook_id: Cow<'a, str>,
    /// The shop's domain.
    pub shop: Cow<'a, str>,
    /// The topic, as Shopify wrote it.
    pub topic: Cow<'a, str>,
    /// The app of the path.
    pub app: Cow<'a, str>,
    /// Shopify's id of what caused it.
    pub event_id: Option<Cow<'a, str>>,
    /// The version that serialized the body.
    pub api_version: Option<Cow<'a, str>>,
    /// The subscription's name or handle.
    pub subscription: Option<Cow<'a, str>>,
    /// When it happened, as Shopify said.
    pub triggered_at: Option<Cow<'a, str>>,
    /// When ingest received it, as `2026-11-27T05:00:00.120Z`.
    pub received_at: Cow<'a, str>,
    /// What tells the event from others of its shop, where that is not the webhook id.
    pub dedupe_key: Option<Cow<'a, str>>,
    /// What made it, if Shopify did not deliver it.
    pub synthetic: Option<Cow<'a, str>>,
    /// Whether it is a test notification, as Shopify said.
    pub test: bool,
    /// Zero; one more with each forced replay.
    pub generation: u32,
    /// Whether a newer state of its resource had taken effect before.
    pub superseded: bool,
    /// SHA-256 of `body`, or of the body at `body_ref`, in hexadecimal.
    pub body_sha256: Cow<'a, str>,
    /// The body: a text, so that every digit of it stays.
    pub body: Option<Cow<'a, str>>,
    /// Where the body lies, if it is too large for the bus: `s3://bucket/key`.
    pub body_ref: Option<Cow<'a, str>>,
}

/// Where an archived body is.
#[derive(Clone, PartialEq, Eq)]
pub enum ArchivedBody {
    /// In the line: the bytes.
    Here(Vec<u8>),
    /// In the bucket of large bodies, at this reference.
    At(String),
}

impl std::fmt::Debug for ArchivedBody {
    /// Not the body: it holds customer data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Here(body) => write!(f, "Here({} bytes)", body.len()),
            Self::At(reference) => write!(f, "At({reference})"),
        }
    }
}

impl ArchivedEvent<'_> {
    /// The line of an event that came from the bus, with a line feed at its end. `None` if its body is neither JSON nor at a
    /// reference: the bus carries no other.
    pub fn line(envelope: &Envelope) -> Option<String> {
        let meta = &envelope.meta;
        let (topic, superseded) = match meta.topic.as_str().strip_prefix(envelope::SUPERSEDED_PREFIX) {
            Some(topic) => (topic, true),
            None => (meta.topic.as_str(), false),
        };
        let (body, body_ref) = (envelope.peek().map(|json| json.get()), envelope.reference());
        if body.is_none() && body_ref.is_none() {
            return None;
        }
        let event = ArchivedEvent { superseded, ..of(meta, topic, body, body_ref) };
        let mut line = serde_json::to_string(&event).ok()?;
        line.push('\n');
        Some(line)
    }

    /// When weir received it; `None` if the line was altered.
    pub fn received_at(&self) -> Option<UnixMillis> {
        let at: jiff::Timestamp = self.received_at.parse().ok()?;
        Some(UnixMillis(at.as_millisecond()))
    }

    /// All of the event but its body; `None` if the line was altered. It has no trace: that of its delivery ended.
    pub fn meta(&self) -> Option<Meta> {
        let owned = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
        Some(Meta {
            webhook_id: WebhookId::from_stored(&*self.webhook_id),
            shop: EventShop::from_stored(&*self.shop),
            topic: Topic::from_stored(&*self.topic),
            app: AppName::from_stored(&*self.app),
            event_id: self.event_id.as_deref().map(EventId::from_stored),
            api_version: self.api_version.as_deref().map(ApiVersion::from_stored),
            subscription: owned(&self.subscription),
            triggered_at: owned(&self.triggered_at),
            received_at: self.received_at()?,
            body_sha256: self.body_sha256.clone().into_owned(),
            traceparent: None,
            dedupe_key: owned(&self.dedupe_key),
            synthetic: owned(&self.synthetic),
            test: self.test,
            generation: self.generation,
        })
    }

    /// Its body.
    pub fn into_body(self) -> Option<ArchivedBody> {
        match (self.body, self.body_ref) {
            (Some(body), _) => Some(ArchivedBody::Here(body.into_owned().into_bytes())),
            (None, Some(reference)) => Some(ArchivedBody::At(reference.into_owned())),
            (None, None) => None,
        }
    }
}

fn of<'a>(meta: &'a Meta, topic: &'a str, body: Option<&'a str>, body_ref: Option<&'a str>) -> ArchivedEvent<'a> {
    let borrow = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
    ArchivedEvent {
        webhook_id: meta.webhook_id.as_str().into(),
        shop: meta.shop.as_str().into(),
        topic: topic.into(),
        app: meta.app.as_str().into(),
        event_id: meta.event_id.as_ref().map(|id| id.as_str().into()),
        api_version: meta.api_version.as_ref().map(|version| version.as_str().into()),
        subscription: borrow(&meta.subscription),
        triggered_at: borrow(&meta.triggered_at),
        received_at: meta.received_at.to_string().into(),
        dedupe_key: borrow(&meta.dedupe_key),
        synthetic: borrow(&meta.synthetic),
        test: meta.test,
        generation: meta.generation,
        superseded: false,
        body_sha256: meta.body_sha256.as_str().into(),
        body: body.map(Cow::Borrowed),
        body_ref: body_ref.map(Cow::Borrowed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sha256;

    fn meta(topic: &str, body: &str) -> Meta {
        Meta {
            topic: Topic::from_stored(topic),
            event_id: EventId::parse("98880550"),
            triggered_at: Some("2026-11-27T05:00:00Z".into()),
            received_at: UnixMillis(1_795_755_600_120),
            generation: 2,
            ..Meta::sample("b54557e4", body.as_bytes())
        }
    }

    #[test]
    fn line_has_the_body_to_the_last_digit_and_is_one_line() {
        let body = "{\"id\":820982911946154508,\n \"price\": \"10.10\", \"n\":1.10, \"note\":\"a\\nb\"}";
        let message = envelope::seal(&meta("orders/create", body), body.as_bytes()).unwrap();
        let line = ArchivedEvent::line(&Envelope::parse(&message).unwrap()).unwrap();
        assert_eq!(line.find('\n'), Some(line.len() - 1));
        let event: ArchivedEvent<'_> = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&*event.webhook_id, &*event.topic, event.superseded, event.generation),
            ("b54557e4", "orders/create", false, 2)
        );
        assert_eq!(event.received_at(), Some(UnixMillis(1_795_755_600_120)));
        assert_eq!(*event.body_sha256, sha256::hex(body.as_bytes()));
        assert_eq!(event.meta(), Some(meta("orders/create", body)), "nothing is lost on the way");
        assert_eq!(event.into_body(), Some(ArchivedBody::Here(body.as_bytes().to_vec())));
    }

    #[test]
    fn superseded_event_says_so_and_keeps_its_topic() {
        let message = envelope::seal(&meta("superseded/orders/create", "{}"), b"{}").unwrap();
        let line = ArchivedEvent::line(&Envelope::parse(&message).unwrap()).unwrap();
        let event: ArchivedEvent<'_> = serde_json::from_str(&line).unwrap();
        assert_eq!((&*event.topic, event.superseded), ("orders/create", true));
    }

    #[test]
    fn large_body_is_kept_by_its_reference_and_others_are_refused() {
        let message = envelope::refer(&meta("orders/create", "x"), "s3://bodies/north/1");
        let line = ArchivedEvent::line(&Envelope::parse(&message).unwrap()).unwrap();
        let event: ArchivedEvent<'_> = serde_json::from_str(&line).unwrap();
        assert_eq!(event.into_body(), Some(ArchivedBody::At("s3://bodies/north/1".into())));
        let message = envelope::seal(&meta("orders/create", "no JSON"), b"no JSON").unwrap();
        assert_eq!(ArchivedEvent::line(&Envelope::parse(&message).unwrap()), None);
    }
}
