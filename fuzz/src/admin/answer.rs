//! Answers of the Admin API, well-formed with some of their parts bent.

use arbitrary::{Arbitrary, Result, Unstructured};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Number, Value, json};

use super::PRIVATE;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body as Shopify means to send it.
    pub body: Bytes,
    /// What becomes of it on its way.
    pub end: End,
    /// Whether [`PRIVATE`] stands in it only as Shopify quotes what was sent.
    pub is_quoting: bool,
}

/// How an answer arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Arbitrary)]
pub enum End {
    /// All of it.
    Whole,
    /// So many bytes, as if it were all.
    Cut(u16),
    /// So many bytes, then the connection breaks.
    Breaks(u16),
    /// Nobody was reached.
    NoConnection,
    /// The request went out, and nothing came back.
    Reset,
    /// Nothing comes.
    Never,
}

impl Answer {
    /// An answer that arrives whole.
    pub fn of(status: u16, body: Bytes) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        let is_quoting = !body.windows(PRIVATE.len()).any(|part| part == PRIVATE.as_bytes());
        Self { status, headers: Vec::new(), body, end: End::Whole, is_quoting }
    }

    /// The body as it arrives; `None` if it is known not to be whole.
    pub fn arrived(&self) -> Option<&[u8]> {
        match self.end {
            End::Whole => Some(&self.body),
            End::Cut(at) => Some(&self.body[..self.body.len().min(at.into())]),
            _ => None,
        }
    }
}

/// The recipe of an answer.
#[derive(Debug, Arbitrary)]
pub struct Draft<'a> {
    status: Option<u16>,
    retry_after: Option<&'a str>,
    headers: Option<(&'a str, &'a str)>,
    body: Body<'a>,
    end: Option<End>,
}

#[derive(Debug, Arbitrary)]
enum Body<'a> {
    Bytes(&'a [u8]),
    Page,
    Reply(Reply<'a>),
    Grant(Grant<'a>),
}

#[derive(Debug, Arbitrary)]
struct Reply<'a> {
    data: Data<'a>,
    errors: Vec<Error<'a>>,
    cost: Option<Cost>,
}

#[derive(Debug, Arbitrary)]
enum Data<'a> {
    Missing,
    Null,
    /// Of [`ShopInfo`](shopify_client::operations::ShopInfo).
    Shop,
    /// A customer's.
    Private,
    Refused(Vec<Refusal<'a>>),
    /// A list where an object belongs.
    List,
}

#[derive(Debug, Arbitrary)]
struct Error<'a> {
    code: Option<Code<'a>>,
    message: Quoting<'a>,
    cost: Option<f64>,
}

#[derive(Debug, Arbitrary)]
enum Code<'a> {
    Known(u8),
    Other(&'a str),
}

const CODES: [&str; 6] = [
    "THROTTLED",
    "ACCESS_DENIED",
    "MAX_COST_EXCEEDED",
    "SHOP_INACTIVE",
    "INTERNAL_SERVER_ERROR",
    "IDEMPOTENCY_CONCURRENT_REQUEST",
];

#[derive(Debug, Arbitrary)]
struct Refusal<'a> {
    code: Option<Code<'a>>,
    message: Quoting<'a>,
}

/// A message that quotes what was sent.
#[derive(Debug, Arbitrary)]
struct Quoting<'a> {
    before: &'a str,
    quote: Quote,
    value: [&'a str; 2],
    after: &'a str,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Quote {
    Double,
    Single,
    Back,
    Address,
}

#[derive(Debug, Arbitrary)]
struct Cost {
    requested: u32,
    actual: Option<u32>,
    max: f64,
    available: f64,
    restore: f64,
}

#[derive(Debug, Arbitrary)]
struct Grant<'a> {
    access: Option<&'a str>,
    expires_in: Option<Seconds>,
    refresh: Option<&'a str>,
    error: Option<&'a str>,
}

#[derive(Debug)]
struct Seconds(u64);

impl<'a> Arbitrary<'a> for Seconds {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self(if u.ratio(3, 4)? { u.int_in_range(0..=7200)? } else { u.arbitrary()? }))
    }
}

impl Draft<'_> {
    /// The answer.
    pub fn answer(&self) -> Answer {
        let body = match &self.body {
            Body::Bytes(bytes) => Bytes::copy_from_slice(bytes),
            Body::Page => format!("<html><title>{PRIVATE}</title></html>").into(),
            Body::Reply(reply) => reply.json().to_string().into(),
            Body::Grant(grant) => grant.json().to_string().into(),
        };
        let status = match self.status {
            None => 200,
            Some(number @ ..100) => STATUSES[usize::from(number) % STATUSES.len()],
            Some(other) => other,
        };
        let mut answer = Answer { end: self.end.unwrap_or(End::Whole), ..Answer::of(status, body) };
        answer.is_quoting |= !matches!(self.body, Body::Bytes(_));
        answer.headers.extend(self.retry_after.map(|text| ("retry-after", text.to_owned())));
        if let Some((id, version)) = self.headers {
            answer.headers.push(("x-request-id", public(id)));
            answer.headers.push(("x-shopify-api-version", public(version)));
        }
        answer
    }
}

/// A text of the fuzzer's, should it have learned the word.
fn public(text: &str) -> String {
    text.replace(PRIVATE, "")
}

const STATUSES: [u16; 12] = [201, 302, 400, 401, 402, 403, 404, 423, 429, 430, 500, 503];

impl Reply<'_> {
    fn json(&self) -> Value {
        let mut reply = Map::new();
        let data = match &self.data {
            Data::Missing => None,
            Data::Null => Some(Value::Null),
            Data::Shop => Some(shop()),
            Data::Private => Some(json!({"customer": {"email": PRIVATE}})),
            Data::Refused(refusals) => {
                let refusals: Vec<_> = refusals.iter().map(Refusal::json).collect();
                Some(json!({"tagsAdd": {"node": null, "userErrors": refusals}}))
            }
            Data::List => Some(json!([{"email": PRIVATE}])),
        };
        reply.extend(data.map(|data| ("data".to_owned(), data)));
        if !self.errors.is_empty() {
            reply.insert("errors".to_owned(), self.errors.iter().map(Error::json).collect());
        }
        if let Some(cost) = &self.cost {
            reply.insert("extensions".to_owned(), json!({"cost": cost.json()}));
        }
        reply.into()
    }
}

/// What `ShopInfo` brings.
pub fn shop() -> Value {
    json!({"shop": {
        "id": "gid://shopify/Shop/1", "name": PRIVATE, "myshopifyDomain": "north.myshopify.com", "currencyCode": "EUR",
        "ianaTimezone": "Europe/Berlin", "timezoneOffsetMinutes": 60, "taxesIncluded": true, "weightUnit": "KILOGRAMS",
        "updatedAt": "2026-11-27T05:00:00Z",
        "plan": {"publicDisplayName": "Plus", "shopifyPlus": true, "partnerDevelopment": false},
    }})
}

impl Error<'_> {
    fn json(&self) -> Value {
        let code = self.code.as_ref().map(Code::text);
        json!({
            "message": self.message.text(),
            "path": ["query", "shop", 0],
            "extensions": {"code": code, "cost": self.cost.and_then(Number::from_f64), "value": PRIVATE},
        })
    }
}

impl Refusal<'_> {
    fn json(&self) -> Value {
        let code = self.code.as_ref().map(Code::text);
        json!({"code": code, "field": ["input", "email"], "message": self.message.text()})
    }
}

impl Code<'_> {
    fn text(&self) -> String {
        match self {
            Self::Known(number) => CODES[usize::from(*number) % CODES.len()].to_owned(),
            Self::Other(text) => public(text),
        }
    }
}

impl Quoting<'_> {
    fn text(&self) -> String {
        // Around the value, nothing that opens or closes a quotation: what Shopify itself writes there are words.
        let words = |text: &str| public(text).replace(['"', '\'', '`'], "");
        let [first, last] = self.value;
        let (before, after) = (words(self.before), words(self.after));
        let quoted = |quote: char| {
            let mut value = String::new();
            for c in format!("{first}{PRIVATE}{last}").chars() {
                if c == quote || c == '\\' {
                    value.push('\\');
                }
                value.push(c);
            }
            format!("{before} {quote}{value}{quote} {after}")
        };
        match self.quote {
            Quote::Double => quoted('"'),
            Quote::Single => quoted('\''),
            Quote::Back => quoted('`'),
            Quote::Address => format!("{before} {PRIVATE}@example.com {after}"),
        }
    }
}

impl Cost {
    fn json(&self) -> Value {
        let number = |number: f64| Number::from_f64(number).map_or(Value::Null, Value::Number);
        json!({
            "requestedQueryCost": self.requested,
            "actualQueryCost": self.actual,
            "throttleStatus": {
                "maximumAvailable": number(self.max),
                "currentlyAvailable": number(self.available),
                "restoreRate": number(self.restore),
            },
        })
    }
}

impl Grant<'_> {
    fn json(&self) -> Value {
        let mut grant = Map::new();
        let mut put = |name: &str, value: Option<Value>| grant.extend(value.map(|value| (name.to_owned(), value)));
        put("access_token", self.access.map(Value::from));
        put("expires_in", self.expires_in.as_ref().map(|seconds| seconds.0.into()));
        put("refresh_token", self.refresh.map(Value::from));
        put("error", self.error.map(Value::from));
        grant.into()
    }
}
