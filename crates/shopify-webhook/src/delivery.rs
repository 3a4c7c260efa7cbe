//! The way of a delivery through the one door for trust: [`Unverified`] → [`Verified`] → [`Delivery`].

use crate::{
    ApiVersion, BadSignature, ClientSecrets, EventId, Header, HeaderError, RawHeaders, ShopDomain, Topic, TriggeredAt,
    WebhookId, signature,
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

    /// Opens the door to a body signed with one of `secrets`: the app's, or a key of the shop that the delivery is of. Takes
    /// `&self`, so that a caller may try again with fresher secrets.
    pub fn verify(&self, secrets: &ClientSecrets) -> Result<Verified<'a>, BadSignature> {
        // Two signatures that differ are as bad as none: which one Shopify meant can't be known.
        let given = self.headers.get(Header::Hmac).map_err(|_conflict| BadSignature)?;
        // The header that names the shop is not signed. Whoever has the key of one shop can't speak for another: the key that
        // is tried is that of the shop that the delivery will be of.
        let shop = || self.headers.get(Header::ShopDomain).ok().flatten().and_then(ShopDomain::parse);
        signature::verify(self.body, given, secrets).or_else(|bad| {
            let shop = shop().ok_or(bad)?;
            signature::verify_of_shop(self.body, given, secrets, &shop)
        })?;
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

    /// Reads the headers: strictly what the delivery is routed, shared out and deduplicated by, leniently the rest.
    ///
    /// Required: topic, shop domain and webhook id. A compliance webhook may lack the shop domain, for its signed body
    /// names the shop. The rest only correlates: what is there and can't be read is left out, and named in
    /// [`Delivery::dropped`].
    pub fn read(&self) -> Result<Delivery, HeaderError> {
        let headers = &self.headers;
        let topic = self.topic()?;
        let shop = self.shop(&topic)?;
        let webhook_id = WebhookId::parse(headers.require(Header::WebhookId)?)
            .ok_or(HeaderError::Malformed(Header::WebhookId, "expected 1 to 100 letters, digits or - _ . :"))?;
        let mut dropped = Vec::new();
        Ok(Delivery {
            topic,
            shop,
            webhook_id,
            event_id: headers.optional(Header::EventId, &mut dropped, EventId::parse),
            api_version: headers.optional(Header::ApiVersion, &mut dropped, ApiVersion::parse),
            triggered_at: headers.optional(Header::TriggeredAt, &mut dropped, TriggeredAt::parse),
            subscription: headers.optional(Header::Name, &mut dropped, name),
            test: headers.optional(Header::Test, &mut dropped, flag).unwrap_or(false),
            dropped,
        })
    }

    fn shop(&self, topic: &Topic) -> Result<ShopDomain, HeaderError> {
        let malformed = HeaderError::Malformed(Header::ShopDomain, "expected one name before .myshopify.com");
        let told = self.headers.require(Header::ShopDomain);
        let told = told.and_then(|text| ShopDomain::parse(text).ok_or(malformed));
        told.or_else(|problem| match COMPLIANCE.contains(&topic.as_str()) {
            true => shop_of(self.body).ok_or(problem),
            false => Err(problem),
        })
    }

    fn topic(&self) -> Result<Topic, HeaderError> {
        let text = self.headers.require(Header::Topic)?;
        // Events name a resource and, beside it, what happened to it; webhooks name both in one.
        let topic = match text.contains(['/', '.']) {
            true => Topic::parse(text),
            false => match self.headers.get(Header::Action)? {
                Some(action) => Topic::from_event(text, action),
                None => Topic::parse(text),
            },
        };
        topic.ok_or(HeaderError::Malformed(Header::Topic, "expected a topic such as orders/create"))
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
    pub webhook_id: WebhookId,
    /// Shared by all deliveries of one merchant action: for correlation only.
    pub event_id: Option<EventId>,
    /// The version that serialized the payload, `2026-10`.
    pub api_version: Option<ApiVersion>,
    /// When it happened.
    pub triggered_at: Option<TriggeredAt>,
    /// The subscription's name (webhooks) or handle (Events).
    pub subscription: Option<String>,
    /// Whether Shopify says that it is a test notification.
    pub test: bool,
    /// Headers that were there, could not be read, and were left out.
    pub dropped: Vec<Header>,
}

/// The topics whose bodies name their shop. Shopify has been seen to leave the header out of them.
const COMPLIANCE: [&str; 3] = ["customers/data_request", "customers/redact", "shop/redact"];

/// The shop that a compliance webhook's body names.
fn shop_of(body: &[u8]) -> Option<ShopDomain> {
    #[derive(serde::Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        shop_domain: std::borrow::Cow<'a, str>,
    }
    let body: Body<'_> = serde_json::from_slice(body).ok()?;
    ShopDomain::parse(&body.shop_domain)
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
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

    fn read(headers: &[(&str, &str)]) -> Result<Delivery, HeaderError> {
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
            assert_eq!(read(&headers), Err(HeaderError::Missing(header)));
        }
    }

    #[test]
    fn optional_header_that_cannot_be_read_is_dropped() {
        assert_eq!(read(&[WEBHOOK[0], WEBHOOK[1], WEBHOOK[3]]).unwrap().dropped, []);
        for (index, header) in
            [(2, Header::ApiVersion), (4, Header::EventId), (5, Header::TriggeredAt), (6, Header::Name)]
        {
            for value in ["not valid!", "", " ", "unstable,2026-10", ","] {
                let mut headers = WEBHOOK;
                headers[index].1 = value;
                assert_eq!(read(&headers).unwrap().dropped, [header], "{header} {value:?}");
            }
            let twice = format!("{0}, {0}", WEBHOOK[index].1);
            let mut headers = WEBHOOK;
            headers[index].1 = &twice;
            assert_eq!(read(&headers), read(&WEBHOOK), "{header} twice");
        }
    }

    #[test]
    fn required_header_that_cannot_be_read_is_refused_and_repeated_is_taken() {
        for (index, header) in [(0, Header::Topic), (1, Header::ShopDomain), (3, Header::WebhookId)] {
            let mut headers = WEBHOOK;
            headers[index].1 = "not valid!";
            assert!(matches!(read(&headers), Err(HeaderError::Malformed(at, _)) if at == header), "{header}");
            let (twice, differing) = (format!("{0},{0}", WEBHOOK[index].1), format!("{},x", WEBHOOK[index].1));
            headers[index].1 = &twice;
            assert_eq!(read(&headers), read(&WEBHOOK), "{header} twice");
            headers[index].1 = &differing;
            assert_eq!(read(&headers), Err(HeaderError::Conflicting(header)));
        }
    }

    #[test]
    fn test_notification_is_told() {
        for (value, test, dropped) in [("true", true, false), ("false", false, false), ("1", false, true)] {
            let headers = [WEBHOOK[0], WEBHOOK[1], WEBHOOK[3], ("X-Shopify-Test", value)];
            let read = read(&headers).unwrap();
            assert_eq!((read.test, !read.dropped.is_empty()), (test, dropped), "{value}");
        }
    }

    #[test]
    fn compliance_webhook_without_a_shop_header_is_of_the_shop_in_its_signed_body() {
        let read = |topic: &str, shop: &[(&str, &str)], body: &[u8]| {
            let secret = "hush".into();
            let signature = sign(body, &secret);
            let rest =
                [("x-shopify-topic", topic), ("x-shopify-webhook-id", "1"), ("x-shopify-hmac-sha256", &signature)];
            let secrets = ClientSecrets::new(vec![secret]).unwrap();
            let all = rest.into_iter().chain(shop.iter().copied()).collect();
            Unverified::new(all, body).verify(&secrets).unwrap().read().map(|read| read.shop.to_string())
        };
        let body = br#"{"shop_id":1,"shop_domain":"north.myshopify.com"}"#;
        for topic in COMPLIANCE {
            for shop in [&[][..], &[("X-Shopify-Shop-Domain", "")], &[("X-Shopify-Shop-Domain", "north")]] {
                assert_eq!(read(topic, shop, body).as_deref(), Ok("north.myshopify.com"), "{topic} {shop:?}");
            }
            let south = [("X-Shopify-Shop-Domain", "south.myshopify.com")];
            assert_eq!(read(topic, &south, body).as_deref(), Ok("south.myshopify.com"), "the header comes first");
            for body in
                [&b"{}"[..], b"[]", b"", b"\xff", br#"{"shop_domain":"evil.example.com"}"#, br#"{"shop_domain":7}"#]
            {
                assert_eq!(read(topic, &[], body), Err(HeaderError::Missing(Header::ShopDomain)), "{body:?}");
            }
        }
        assert!(read("orders/create", &[], body).is_err(), "only what Shopify documents to name its shop");
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

    #[test]
    fn key_of_a_shop_opens_the_door_to_deliveries_of_this_shop_alone() {
        let key = || "the shop's own".into();
        let signature = sign(b"{}", &key());
        let secrets = ClientSecrets::new(vec!["hush".into()]).unwrap();
        let keyed = secrets.clone().with_shop_keys([("north.myshopify.com".to_owned(), vec![key()])]).unwrap();
        let verifies = |secrets: &ClientSecrets, shop: Option<&str>| {
            let headers = [("x-shopify-hmac-sha256", signature.as_str())].into_iter();
            let headers = headers.chain(shop.map(|shop| ("x-shopify-shop-domain", shop)));
            Unverified::new(headers.collect(), b"{}").verify(secrets).is_ok()
        };
        assert!(verifies(&keyed, Some("north.myshopify.com")) && verifies(&keyed, Some("North.myshopify.com")));
        for shop in [Some("mill.myshopify.com"), Some("north.myshopify.com.evil.example"), Some(""), None] {
            assert!(!verifies(&keyed, shop), "{shop:?}");
        }
        assert!(!verifies(&secrets, Some("north.myshopify.com")), "without the key nothing changes");
    }

    #[test]
    fn two_shops_named_by_one_delivery_use_no_key_of_a_shop() {
        let key = || "the shop's own".into();
        let signature = sign(b"{}", &key());
        let secrets = ClientSecrets::new(vec!["hush".into()]).unwrap();
        let secrets = secrets.with_shop_keys([("north.myshopify.com".to_owned(), vec![key()])]).unwrap();
        let headers = [
            ("x-shopify-hmac-sha256", signature.as_str()),
            ("x-shopify-shop-domain", "north.myshopify.com"),
            ("shopify-shop-domain", "mill.myshopify.com"),
        ];
        assert!(Unverified::new(headers.into_iter().collect(), b"{}").verify(&secrets).is_err());
    }
}
