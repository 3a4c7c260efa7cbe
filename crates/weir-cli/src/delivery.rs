//! One webhook as Shopify sends it.

use bytes::Bytes;
use jiff::Timestamp;
use secrecy::SecretString;
use shopify_schema::API_VERSION;
use shopify_webhook::{DeliveryId, ShopDomain, Topic, sign};

use crate::problem::Usage;

/// A delivery, before it is signed.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) topic: Topic,
    pub(crate) shop: ShopDomain,
    pub(crate) webhook_id: DeliveryId,
    pub(crate) event_id: DeliveryId,
    pub(crate) triggered_at: Timestamp,
    pub(crate) body: Bytes,
}

impl Delivery {
    /// The headers of the request, signed with `secret` over the very bytes of the body.
    pub(crate) fn headers(&self, secret: &SecretString) -> [(&'static str, String); 8] {
        [
            ("Content-Type", "application/json".to_owned()),
            ("X-Shopify-Topic", self.topic.to_string()),
            ("X-Shopify-Hmac-Sha256", sign(&self.body, secret)),
            ("X-Shopify-Shop-Domain", self.shop.to_string()),
            ("X-Shopify-API-Version", API_VERSION.to_owned()),
            ("X-Shopify-Webhook-Id", self.webhook_id.to_string()),
            ("X-Shopify-Event-Id", self.event_id.to_string()),
            // Shopify sends nanoseconds.
            ("X-Shopify-Triggered-At", format!("{:.9}", self.triggered_at)),
        ]
    }
}

/// An id as Shopify makes them.
pub(crate) fn id(uuid: uuid::Uuid) -> DeliveryId {
    #[expect(clippy::expect_used, reason = "a UUID is 36 characters of 0-9, a-f and -")]
    DeliveryId::parse(&uuid.to_string()).expect("a UUID is a delivery id")
}

/// A shop's domain, for every command that takes one.
pub(crate) fn shop(text: &str) -> Result<ShopDomain, Usage> {
    ShopDomain::parse(text).ok_or_else(|| not_a_shop(text))
}

/// The mistake of a text that is not a shop's domain.
pub(crate) fn not_a_shop(text: &str) -> Usage {
    let full = format!("{text}.myshopify.com");
    let meant = ShopDomain::parse(&full).map_or("north.myshopify.com", |_| &full).to_owned();
    Usage::new(format!("{text:?} is not the domain of a shop"), format!("it looks like {meant}"))
}

#[cfg(test)]
mod tests {
    use shopify_webhook::{ClientSecrets, Unverified};

    use super::*;

    #[test]
    fn what_is_sent_passes_the_door_that_ingest_has() {
        let secret = SecretString::from("hush");
        let delivery = Delivery {
            topic: Topic::parse("orders/create").unwrap(),
            shop: ShopDomain::parse("north.myshopify.com").unwrap(),
            webhook_id: id(uuid::Uuid::from_u128(1)),
            event_id: id(uuid::Uuid::from_u128(2)),
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
        assert_eq!(read.api_version.as_deref(), Some(API_VERSION));
    }
}
