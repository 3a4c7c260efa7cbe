//! A well-formed request, with some of its parts bent.

use arbitrary::{Arbitrary, Result, Unstructured};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use shopify_webhook::sign;

use crate::outside::{Queue, SECRETS};

/// The recipe. What it leaves out comes as Shopify sends it.
#[derive(Debug, Arbitrary)]
pub struct Draft<'a> {
    /// What the queues do.
    pub queue: Queue,
    family: Family,
    bent: Vec<(Header, Bend<'a>)>,
    extra: Vec<(&'a str, &'a str)>,
    signature: Signature<'a>,
    route: Route<'a>,
    body: Body<'a>,
    encoding: Encoding<'a>,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Family {
    Webhook,
    LowerCaseWebhook,
    Event,
}

/// The headers, in the order of [`values`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Arbitrary)]
enum Header {
    Topic,
    Action,
    ShopDomain,
    ApiVersion,
    WebhookId,
    EventId,
    TriggeredAt,
    Name,
}

#[derive(Debug, Arbitrary)]
enum Bend<'a> {
    Missing,
    Padded,
    Other(&'a str),
    Longer(u8),
}

#[derive(Debug, PartialEq, Eq, Arbitrary)]
enum Signature<'a> {
    Right,
    OfTheOldSecret,
    InBothFamilies,
    OfAnotherSecret,
    OfAnotherBody,
    TwoThatDiffer,
    Missing,
    Other(&'a str),
}

#[derive(Debug, Arbitrary)]
enum Route<'a> {
    Default,
    App,
    Elsewhere { method: &'a str, path: &'a str },
}

#[derive(Debug, Arbitrary)]
enum Body<'a> {
    Bytes(&'a [u8]),
    JsonString(Vec<Piece<'a>>),
    Repeated {
        piece: &'a [u8],
        times: u16,
    },
    /// What no compression makes smaller.
    Noise(Noise),
}

#[derive(Debug, Arbitrary)]
enum Piece<'a> {
    Text(&'a str),
    Special(#[arbitrary(with = |u: &mut Unstructured<'_>| u.choose(&SPECIAL).copied())] char),
}

/// What JSON escapes, what SQS refuses, and their neighbours: chance alone seldom draws them.
const SPECIAL: [char; 10] =
    ['"', '\\', '\0', '\u{1F}', '\u{7F}', '\u{2028}', '\u{FEFF}', '\u{FFFE}', '\u{FFFF}', '\u{1FFFE}'];

#[derive(Debug)]
struct Noise {
    seed: u32,
    kib: usize,
}

impl<'a> Arbitrary<'a> for Noise {
    /// Seldom large: megabytes cost the fuzzer a thousand other tries.
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let kib = if u.ratio(1u8, 64)? { u.int_in_range(600..=1200)? } else { u.int_in_range(0..=70)? };
        Ok(Self { seed: u.arbitrary()?, kib })
    }
}

#[derive(Debug, Arbitrary)]
enum Encoding<'a> {
    /// As text if it is UTF-8, else in base64: what API Gateway does.
    Usual,
    Base64,
    Other {
        body: &'a str,
        is_base64: bool,
    },
}

impl Draft<'_> {
    /// The event that API Gateway would make of it.
    pub fn event(&self) -> Value {
        let body = self.body.bytes();
        let (text, is_base64) = match &self.encoding {
            Encoding::Other { body, is_base64 } => ((*body).to_owned(), *is_base64),
            Encoding::Usual if let Ok(text) = str::from_utf8(&body) => (text.to_owned(), false),
            Encoding::Usual | Encoding::Base64 => (STANDARD.encode(&body), true),
        };
        let (method, path) = match self.route {
            Route::Default => ("POST", "/webhooks"),
            Route::App => ("POST", "/webhooks/loyalty"),
            Route::Elsewhere { method, path } => (method, path),
        };
        json!({
            "version": "2.0",
            "rawPath": path,
            "headers": self.headers(&body),
            "requestContext": {"requestId": "request-1", "http": {"method": method, "path": path}},
            "body": text,
            "isBase64Encoded": is_base64,
        })
    }

    fn headers(&self, body: &[u8]) -> Map<String, Value> {
        let mut headers: Map<String, Value> =
            self.extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        for (header, name, value) in values(self.family) {
            let bend = self.bent.iter().find(|(bent, _)| *bent == header).map(|(_, bend)| bend);
            let value = match bend {
                None => value.to_owned(),
                Some(Bend::Missing) => continue,
                Some(Bend::Padded) => format!(" {value}\t"),
                Some(Bend::Other(text)) => (*text).to_owned(),
                Some(Bend::Longer(times)) => value.repeat(usize::from(*times)),
            };
            headers.insert(name.to_owned(), value.into());
        }
        for (name, value) in self.signature.headers(body) {
            headers.insert(name.to_owned(), value.into());
        }
        headers
    }
}

fn values(family: Family) -> Vec<(Header, &'static str, &'static str)> {
    let id = "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043";
    let at = "2026-11-27T05:00:00.123456789Z";
    match family {
        Family::Webhook => vec![
            (Header::Topic, "X-Shopify-Topic", "orders/create"),
            (Header::ShopDomain, "X-Shopify-Shop-Domain", "north.myshopify.com"),
            (Header::ApiVersion, "X-Shopify-API-Version", "2026-10"),
            (Header::WebhookId, "X-Shopify-Webhook-Id", id),
            (Header::EventId, "X-Shopify-Event-Id", "98880550-7158-44d4-b7cd-2c97c8a091b5"),
            (Header::TriggeredAt, "X-Shopify-Triggered-At", at),
            (Header::Name, "X-Shopify-Name", "big_orders"),
        ],
        Family::LowerCaseWebhook => vec![
            (Header::Topic, "x-shopify-topic", "customer.tags_added"),
            (Header::ShopDomain, "x-shopify-shop-domain", "NORTH.myshopify.com"),
            (Header::WebhookId, "x-shopify-webhook-id", id),
            (Header::TriggeredAt, "x-shopify-triggered-at", "2026-11-27T00:00:00-05:00"),
        ],
        Family::Event => vec![
            (Header::Topic, "shopify-topic", "Product"),
            (Header::Action, "shopify-action", "update"),
            (Header::ShopDomain, "shopify-shop-domain", "north.myshopify.com"),
            (Header::ApiVersion, "shopify-api-version", "unstable"),
            (Header::WebhookId, "shopify-webhook-id", id),
            (Header::TriggeredAt, "shopify-triggered-at", at),
            (Header::Name, "shopify-handle", "price-changes"),
        ],
    }
}

impl Signature<'_> {
    fn headers(&self, body: &[u8]) -> Vec<(&'static str, String)> {
        let (older, newer) = ("X-Shopify-Hmac-Sha256", "shopify-hmac-sha256");
        let right = || sign(body, &SECRETS[0].into());
        match self {
            Self::Right => vec![(older, right())],
            Self::OfTheOldSecret => vec![(newer, sign(body, &SECRETS[1].into()))],
            Self::InBothFamilies => vec![(older, right()), (newer, right())],
            Self::OfAnotherSecret => vec![(older, sign(body, &"nobody's".into()))],
            Self::OfAnotherBody => vec![(older, sign(&[body, b" "].concat(), &SECRETS[0].into()))],
            Self::TwoThatDiffer => vec![(older, right()), (newer, sign(body, &SECRETS[1].into()))],
            Self::Missing => vec![],
            Self::Other(text) => vec![(older, (*text).to_owned())],
        }
    }
}

impl Body<'_> {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.to_vec(),
            Self::JsonString(pieces) => {
                Value::from(pieces.iter().map(Piece::text).collect::<String>()).to_string().into()
            }
            Self::Repeated { piece, times } => piece.repeat(usize::from(*times).min(200_000 / piece.len().max(1))),
            Self::Noise(noise) => noise.bytes(),
        }
    }
}

impl Piece<'_> {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => (*text).to_owned(),
            Self::Special(character) => character.to_string(),
        }
    }
}

impl Noise {
    /// Xorshift: what it draws is the same on every machine, which a crash's file must be.
    fn bytes(&self) -> Vec<u8> {
        let mut state = u64::from(self.seed) << 1 | 1;
        let mut draw = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        std::iter::repeat_with(&mut draw).take(self.kib * 128).flatten().collect()
    }
}
