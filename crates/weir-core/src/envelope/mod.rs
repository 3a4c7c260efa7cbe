//! The envelope: a CloudEvents 1.0 JSON event that carries the body byte for byte.
//!
//! | attribute | from |
//! |---|---|
//! | `id` | the webhook id |
//! | `source` | the shop domain |
//! | `type` | `com.shopify.` and the topic with dots |
//! | `time` | `X-Shopify-Triggered-At`, if it was sent |
//! | `datacontenttype` | `application/json` |
//! | `topic`, `app`, `eventid`, `apiversion`, `subscription` | extensions: what the headers and the path said |
//! | `receivedat`, `bodysha256`, `traceparent`, `generation` | extensions: what weir adds |
//! | `dedupekey` | extension of an event that several deliveries may be of: what they [share](crate::dedupe) |
//! | `synthetic` | extension of an event that Shopify did not deliver: what made it, such as `reconcile` |
//! | `test` | extension of a test notification: `true` |
//! | `parks`, `parkedat` | extensions of a parked message: how often, and when first |
//!
//! The body stands in one of four places, and [`open`](Envelope::open) gives the same bytes from each:
//!
//! * `data`: the body itself, white space around it included, if it is JSON that SQS can carry as it is;
//! * `data_base64`: any other bytes (not JSON, not UTF-8, U+FFFE or U+FFFF within, a bare `null`);
//! * `data_base64` with `dataencoding: zstd`: where the message would exceed 64 KB, the unit SQS bills by;
//! * `dataref`: in S3, where even that exceeds SQS's 1 MiB.

mod detail;
mod open;
mod seal;
mod wire;

pub use detail::{BadJson, BusBody, MAX_DEPTH, MAX_ENTRY_BYTES, detail, json};
pub use open::{BodyDecodeError, EnvelopeError};
pub use seal::{TooLarge, refer, seal};

use shopify_webhook::{ApiVersion, EventId, EventShop, Topic, WebhookId};

use crate::{AppName, UnixMillis, park::Parked, sha256};

/// What SQS takes: 1 MiB for a message and its attributes (weir sends none), less a little room.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024 - 4096;

/// Above this a message is compressed: SQS bills a request for every 64 KB.
pub const COMPRESS_ABOVE_BYTES: usize = 64 * 1024;

/// The largest body that is taken in: Lambda's limit for the payload of an invocation.
pub const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

/// What came too late is published under its topic with this in front: no rule for the topic takes it, and who counts
/// each creation whatever its snapshot says can ask for it.
pub const SUPERSEDED_PREFIX: &str = "superseded/";

/// [`Meta::synthetic`] of what the reconciliation read from the Admin API.
pub const RECONCILE: &str = "reconcile";

/// The beginning of every webhook id that the reconciliation makes. No delivery may carry one: it would take the place of an
/// event that is still to be sent.
pub const SYNTHETIC_ID_PREFIX: &str = "weir-reconcile-";

/// Whether a webhook id is reserved for synthetic events, in whatever case it is written.
pub fn is_reserved_id(webhook_id: &str) -> bool {
    let head = webhook_id.as_bytes().get(..SYNTHETIC_ID_PREFIX.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(SYNTHETIC_ID_PREFIX.as_bytes()))
}

/// All of an event but its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Shopify's id of the delivery, the same on each of its retries. The worker puts that of the event's first delivery in
    /// its place, so that an event leaves weir under one id.
    pub webhook_id: WebhookId,
    /// `{handle}.myshopify.com`; the `source` of an event of another publisher.
    pub shop: EventShop,
    /// As Shopify wrote it.
    pub topic: Topic,
    /// The app of the path: `default` for `/webhooks`.
    pub app: AppName,
    /// Shared by all deliveries of one merchant action.
    pub event_id: Option<EventId>,
    /// The version that serialized the body.
    pub api_version: Option<ApiVersion>,
    /// The subscription's name or handle.
    pub subscription: Option<String>,
    /// When it happened: the text that Shopify sent.
    pub triggered_at: Option<String>,
    /// When ingest took it in.
    pub received_at: UnixMillis,
    /// SHA-256 of the body, in hexadecimal.
    pub body_sha256: String,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// What tells the event from others of its shop, where that is not the webhook id: see [`dedupe`](crate::dedupe).
    pub dedupe_key: Option<String>,
    /// What made it, if Shopify did not deliver it: [`RECONCILE`].
    pub synthetic: Option<String>,
    /// Whether it is a test notification, as Shopify said.
    pub test: bool,
    /// Zero; one more with each forced replay.
    pub generation: u32,
}

impl Meta {
    /// An event of the default app, of which no more is known.
    ///
    /// ```
    /// use weir_core::{EventShop, Topic, UnixMillis, WebhookId, envelope::Meta};
    ///
    /// let (id, shop) = (WebhookId::from_stored("1"), EventShop::from_stored("north.myshopify.com"));
    /// let topic = Topic::from_stored("orders/create");
    /// Meta::new(id, shop, topic, UnixMillis(0), b"{}");
    /// ```
    ///
    /// No text can be passed in place of another:
    ///
    /// ```compile_fail,E0308
    /// use weir_core::{EventShop, Topic, UnixMillis, WebhookId, envelope::Meta};
    ///
    /// let (id, shop) = (WebhookId::from_stored("1"), EventShop::from_stored("north.myshopify.com"));
    /// let topic = Topic::from_stored("orders/create");
    /// Meta::new(id, topic, shop, UnixMillis(0), b"{}");
    /// ```
    pub fn new(webhook_id: WebhookId, shop: EventShop, topic: Topic, received_at: UnixMillis, body: &[u8]) -> Self {
        Self {
            webhook_id,
            shop,
            topic,
            app: AppName::default(),
            event_id: None,
            api_version: None,
            subscription: None,
            triggered_at: None,
            received_at,
            body_sha256: sha256::hex(body),
            traceparent: None,
            dedupe_key: None,
            synthetic: None,
            test: false,
            generation: 0,
        }
    }

    /// The event of which tests and examples tell: an order of `north.myshopify.com`, received on 27 November 2026 at 5:00
    /// UTC.
    pub fn sample(webhook_id: &str, body: &[u8]) -> Self {
        Self::new(
            WebhookId::from_stored(webhook_id),
            EventShop::from_stored("north.myshopify.com"),
            Topic::from_stored("orders/create"),
            UnixMillis(1_795_755_600_000),
            body,
        )
    }

    /// When it happened, if Shopify said so and it can be read.
    pub fn triggered_at_ms(&self) -> Option<UnixMillis> {
        let at: jiff::Timestamp = self.triggered_at.as_deref()?.parse().ok()?;
        Some(UnixMillis(at.as_millisecond()))
    }

    /// The CloudEvents `type`.
    pub fn event_type(&self) -> String {
        format!("com.shopify.{}", self.topic.as_str().replace('/', "."))
    }
}

/// An envelope as it was read from a lane. The body stays shut until [`Envelope::open`].
#[derive(Debug, Clone)]
pub struct Envelope {
    /// All but the body.
    pub meta: Meta,
    /// Of a message that was parked: its stay.
    pub parked: Option<Parked>,
    data: Data,
}

#[derive(Clone)]
enum Data {
    /// With the white space around it.
    Json(String),
    Base64(String),
    Zstd(String),
    Reference(String),
}

impl std::fmt::Debug for Data {
    /// Which kind, never the body.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Json(_) => "Json(…)",
            Self::Base64(_) => "Base64(…)",
            Self::Zstd(_) => "Zstd(…)",
            Self::Reference(_) => "Reference(…)",
        })
    }
}

#[cfg(test)]
mod tests;
