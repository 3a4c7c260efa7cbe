//! One webhook as Shopify sends it.

use bytes::Bytes;
use jiff::Timestamp;
use secrecy::SecretString;
use shopify_schema::API_VERSION;
use shopify_webhook::{EventId, ShopDomain, Topic, WebhookId, sign};

/// The headers of a request, by name.
pub type Headers = Vec<(&'static str, String)>;

/// What the headers of a delivery say, as text: a test may say what Shopify never would.
#[derive(Debug, Clone, Copy)]
pub struct HeaderValues<'a> {
    /// `orders/create`
    pub topic: &'a str,
    /// The domain of the shop.
    pub shop: &'a str,
    /// Names the delivery.
    pub webhook_id: &'a str,
    /// Names the merchant's action, of which there may be several deliveries.
    pub event_id: Option<&'a str>,
    /// When it happened, in RFC 3339.
    pub triggered_at: Option<&'a str>,
}

impl HeaderValues<'_> {
    /// The headers of a request with this body, without a signature.
    #[must_use]
    pub fn unsigned(&self) -> Headers {
        let always = [
            ("Content-Type", "application/json"),
            ("X-Shopify-Topic", self.topic),
            ("X-Shopify-Shop-Domain", self.shop),
            ("X-Shopify-API-Version", API_VERSION),
            ("X-Shopify-Webhook-Id", self.webhook_id),
        ];
        let sometimes = [("X-Shopify-Event-Id", self.event_id), ("X-Shopify-Triggered-At", self.triggered_at)];
        let sometimes = sometimes.into_iter().filter_map(|(name, value)| Some((name, value?)));
        always.into_iter().chain(sometimes).map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// The headers of a request with this body, signed with `secret` over its very bytes.
    #[must_use]
    pub fn signed(&self, body: &[u8], secret: &SecretString) -> Headers {
        let mut headers = self.unsigned();
        headers.push(("X-Shopify-Hmac-Sha256", sign(body, secret)));
        headers
    }
}

/// A delivery, before it is signed.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The topic.
    pub topic: Topic,
    /// The shop.
    pub shop: ShopDomain,
    /// Names the delivery.
    pub webhook_id: WebhookId,
    /// Names the merchant's action.
    pub event_id: EventId,
    /// When it happened.
    pub triggered_at: Timestamp,
    /// The raw body.
    pub body: Bytes,
}

impl Delivery {
    /// The headers of the request, signed with `secret` over the very bytes of the body.
    #[must_use]
    pub fn headers(&self, secret: &SecretString) -> Headers {
        // Shopify sends nanoseconds.
        let triggered_at = format!("{:.9}", self.triggered_at);
        let values = HeaderValues {
            topic: self.topic.as_str(),
            shop: self.shop.as_str(),
            webhook_id: self.webhook_id.as_str(),
            event_id: Some(self.event_id.as_str()),
            triggered_at: Some(&triggered_at),
        };
        values.signed(&self.body, secret)
    }
}

/// A webhook id as Shopify makes them.
#[must_use]
pub fn webhook_id(uuid: uuid::Uuid) -> WebhookId {
    #[expect(clippy::expect_used, reason = "a UUID is 36 characters of 0-9, a-f and -")]
    WebhookId::parse(&uuid.to_string()).expect("a UUID is a webhook id")
}

/// An event id as Shopify makes them.
#[must_use]
pub fn event_id(uuid: uuid::Uuid) -> EventId {
    #[expect(clippy::expect_used, reason = "a UUID is 36 characters of 0-9, a-f and -")]
    EventId::parse(&uuid.to_string()).expect("a UUID is an event id")
}

#[cfg(test)]
mod tests {
    use shopify_webhook::{ClientSecrets, Unverified};

    use super::*;

    #[test]
    fn signed_delivery_is_verified_by_ingest() {
        let secret = SecretString::from("hush");
        let delivery = Delivery {
            topic: Topic::parse("orders/create").unwrap(),
            shop: ShopDomain::parse("north.myshopify.com").unwrap(),
            webhook_id: webhook_id(uuid::Uuid::from_u128(1)),
            event_id: event_id(uuid::Uuid::from_u128(2)),
            triggered_at: Timestamp::from_second(1_790_000_000).unwrap(),
            body: Bytes::from_static(b"{\"id\": 9007199254740993}\xff"),
        };
        let headers = delivery.headers(&secret);
        let raw = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let secrets = ClientSecrets::new(vec![secret]).unwrap();
        let read = Unverified::new(raw, &delivery.body).verify(&secrets).unwrap().read().unwrap();
        assert_eq!((read.topic, read.shop), (delivery.topic, delivery.shop));
        assert_eq!((read.webhook_id, read.event_id), (delivery.webhook_id, Some(delivery.event_id)));
        assert_eq!(read.triggered_at.unwrap().instant(), delivery.triggered_at);
        assert_eq!(read.api_version.unwrap(), API_VERSION);
    }
}
