//! The way of a delivery through the one door for trust: [`Unverified`] → [`Verified`] → [`Delivery`].

use crate::{
    BadSignature, ClientSecrets, DeliveryId, Header, HeaderProblem, RawHeaders, ShopDomain, Topic, TriggeredAt,
    signature,
};

/// A request as it came. Its body and headers can't be reached: verify it first.
pub struct Unverified<'a> {
    headers: RawHeaders<'a>,
    body: &'a [u8],
}

impl<'a> Unverified<'a> {
    /// Takes the headers and the raw body, its bytes exactly as they were sent.
    pub fn new(headers: RawHeaders<'a>, body: &'a [u8]) -> Self {
        Self { headers, body }
    }

    /// Opens the door to a body signed with one of `secrets`. Takes `&self`, so that a caller may try again
    /// with fresher secrets.
    pub fn verify(&self, secrets: &ClientSecrets) -> Result<Verified<'a>, BadSignature> {
        // Two signatures that differ are as bad as none: which one Shopify meant can't be known.
        let given = self.headers.get(Header::Hmac).map_err(|_conflict| BadSignature)?;
        signature::verify(self.body, given, secrets)?;
        Ok(Verified { headers: self.headers.clone(), body: self.body })
    }
}

/// A request whose body is Shopify's. Its headers are not signed; they are believed because the request is.
#[derive(Clone)]
pub struct Verified<'a> {
    headers: RawHeaders<'a>,
    body: &'a [u8],
}

impl<'a> Verified<'a> {
    /// The signed bytes.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Reads the headers strictly.
    ///
    /// Required: topic, shop domain and webhook id, without which the delivery could not be routed, shared
    /// out or deduplicated. The rest may be missing, but not malformed.
    pub fn read(&self) -> Result<Delivery, HeaderProblem> {
        let headers = &self.headers;
        let malformed = |header, expected| move || HeaderProblem::Malformed(header, expected);
        let shop_text = headers.require(Header::ShopDomain)?;
        let id_text = headers.require(Header::WebhookId)?;
        Ok(Delivery {
            topic: self.topic()?,
            shop: ShopDomain::parse(shop_text)
                .ok_or_else(malformed(Header::ShopDomain, "expected one name before .myshopify.com"))?,
            webhook_id: DeliveryId::parse(id_text)
                .ok_or_else(malformed(Header::WebhookId, "expected 1 to 100 letters, digits or - _ . :"))?,
            event_id: headers.optional(
                Header::EventId,
                "expected 1 to 100 letters, digits or - _ . :",
                DeliveryId::parse,
            )?,
            api_version: headers.optional(Header::ApiVersion, "expected YYYY-MM or unstable", api_version)?,
            triggered_at: headers.optional(
                Header::TriggeredAt,
                "expected an RFC 3339 timestamp",
                TriggeredAt::parse,
            )?,
            subscription: headers.optional(Header::Name, "expected 1 to 100 letters, digits or - _", name)?,
        })
    }

    fn topic(&self) -> Result<Topic, HeaderProblem> {
        let text = self.headers.require(Header::Topic)?;
        let action = self.headers.get(Header::Action)?;
        // Events name a resource and, beside it, what happened to it; webhooks name both in one.
        let topic = match action {
            Some(action) if !text.contains(['/', '.']) => Topic::from_event(text, action),
            _ => Topic::parse(text),
        };
        topic.ok_or(HeaderProblem::Malformed(Header::Topic, "expected a topic such as orders/create"))
    }
}

/// What the headers of a verified delivery say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What happened.
    pub topic: Topic,
    /// Where it happened.
    pub shop: ShopDomain,
    /// Unique to the delivery and the same on each of Shopify's retries: the deduplication key.
    pub webhook_id: DeliveryId,
    /// Shared by all deliveries of one merchant action: for correlation only.
    pub event_id: Option<DeliveryId>,
    /// The version that serialized the payload, `2026-10`.
    pub api_version: Option<String>,
    /// When it happened.
    pub triggered_at: Option<TriggeredAt>,
    /// The subscription's name (webhooks) or handle (Events).
    pub subscription: Option<String>,
}

fn api_version(text: &str) -> Option<String> {
    let dated = || {
        let (year, month) = text.split_once('-')?;
        let digits = |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
        (digits(year, 4) && digits(month, 2) && ("01"..="12").contains(&month)).then_some(())
    };
    (text == "unstable" || dated().is_some()).then(|| text.to_owned())
}

fn name(text: &str) -> Option<String> {
    let valid =
        (1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    valid.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign;

    const WEBHOOK: [(&str, &str); 7] = [
        ("X-Shopify-Topic", "orders/create"),
        ("x-shopify-shop-domain", "North.myshopify.com"),
        ("X-SHOPIFY-API-VERSION", "2026-10"),
        ("X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
        ("X-Shopify-Event-Id", "98880550-7158-44d4-b7cd-2c97c8a091b5"),
        ("X-Shopify-Triggered-At", "2026-11-27T05:00:00.123456789Z"),
        ("X-Shopify-Name", "big_orders"),
    ];
    const EVENT: [(&str, &str); 7] = [
        ("shopify-topic", "Product"),
        ("shopify-action", "update"),
        ("shopify-shop-domain", "north.myshopify.com"),
        ("shopify-api-version", "2026-10"),
        ("shopify-webhook-id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
        ("shopify-triggered-at", "2026-11-27T05:00:00Z"),
        ("shopify-handle", "price-changes"),
    ];

    fn read(headers: &[(&str, &str)]) -> Result<Delivery, HeaderProblem> {
        let secret = "hush".into();
        let signature = sign(b"{}", &secret);
        let all = headers.iter().copied().chain([("x-shopify-hmac-sha256", signature.as_str())]).collect();
        let secrets = ClientSecrets::new(vec![secret]).unwrap();
        Unverified::new(all, b"{}").verify(&secrets).unwrap().read()
    }

    #[test]
    fn a_webhook_is_read_whole() {
        let delivery = read(&WEBHOOK).unwrap();
        assert_eq!(delivery.topic.as_str(), "orders/create");
        assert_eq!(delivery.shop.as_str(), "north.myshopify.com");
        assert_eq!(delivery.subscription.as_deref(), Some("big_orders"));
        assert!(delivery.event_id.is_some() && delivery.api_version.is_some() && delivery.triggered_at.is_some());
    }

    #[test]
    fn an_event_of_the_newer_family_is_read_by_the_same_parser() {
        let delivery = read(&EVENT).unwrap();
        assert_eq!(delivery.topic.as_str(), "Product/update");
        assert_eq!(delivery.subscription.as_deref(), Some("price-changes"));
        assert_eq!(delivery.event_id, None);
    }

    #[test]
    fn each_required_header_is_missed_by_name() {
        for (index, header) in [(0, Header::Topic), (1, Header::ShopDomain), (3, Header::WebhookId)] {
            let mut headers = WEBHOOK.to_vec();
            headers.remove(index);
            assert_eq!(read(&headers), Err(HeaderProblem::Missing(header)));
        }
    }

    #[test]
    fn the_other_headers_may_be_missing_but_not_malformed() {
        assert!(read(&[WEBHOOK[0], WEBHOOK[1], WEBHOOK[3]]).is_ok());
        for (index, header) in [
            (0, Header::Topic),
            (1, Header::ShopDomain),
            (2, Header::ApiVersion),
            (3, Header::WebhookId),
            (4, Header::EventId),
            (5, Header::TriggeredAt),
            (6, Header::Name),
        ] {
            let mut headers = WEBHOOK;
            headers[index].1 = "not valid!";
            assert!(matches!(read(&headers), Err(HeaderProblem::Malformed(at, _)) if at == header), "{header}");
        }
    }

    #[test]
    fn a_message_names_the_header_and_not_its_value() {
        let mut headers = WEBHOOK;
        headers[1].1 = "evil.example.com";
        let message = read(&headers).unwrap_err().to_string();
        assert!(message.contains("X-Shopify-Shop-Domain") && !message.contains("evil"), "{message}");
    }

    #[test]
    fn two_signatures_that_differ_are_refused() {
        let secret = "hush".into();
        let signature = sign(b"{}", &secret);
        let headers = [("X-Shopify-Hmac-Sha256", signature.as_str()), ("shopify-hmac-sha256", "AAAA")];
        let secrets = ClientSecrets::new(vec![secret]).unwrap();
        assert!(Unverified::new(headers.into_iter().collect(), b"{}").verify(&secrets).is_err());
    }
}
