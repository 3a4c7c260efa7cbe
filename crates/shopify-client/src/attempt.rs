//! A call's way: token, circuit, budget, a place in flight, the request, what the answer says; and again.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use resilience::breaker::Permit;
use secrecy::ExposeSecret;
use serde_json::value::RawValue;
use shopify_webhook::ShopDomain;
use tokio::time::Instant;
use tracing::warn;

use crate::{
    Call, Client, Error,
    budget::{Budget, Cost, Reserved, rest},
    call_log,
    error::{Effect, Kind, Retry},
    graphql::{GraphError, OperationKind, parse},
    retry::{Next, retry_after},
    tokens::{Token, TokenError},
    transport::{self, Payload, TransportError},
};

/// What is sent, the same at each attempt.
pub(crate) struct Request<'a> {
    /// The operation's name, in logs and errors.
    pub(crate) name: &'a str,
    pub(crate) kind: OperationKind,
    method: Method,
    path: String,
    body: Bytes,
    /// Whether it is GraphQL, which costs points.
    is_graphql: bool,
}

impl<'a> Request<'a> {
    pub(crate) fn graphql(name: &'a str, kind: OperationKind, body: Bytes) -> Self {
        let path = format!("/admin/api/{}/graphql.json", shopify_schema::API_VERSION);
        Self { name, kind, method: Method::POST, path, body, is_graphql: true }
    }

    pub(crate) fn rest(name: &'a str, path: String) -> Self {
        Self { name, kind: OperationKind::Query, method: Method::GET, path, body: Bytes::new(), is_graphql: false }
    }

    /// Its cost, before Shopify has told it: ten for a mutation, and an object for each that it may bring.
    fn guess(&self) -> u32 {
        match self.kind {
            _ if !self.is_graphql => rest::CALL,
            OperationKind::Query => 20,
            _ => 10,
        }
    }

    /// What its budget knows it by.
    fn budgeted_as(&self) -> &str {
        if self.is_graphql { self.name } else { rest::OPERATION }
    }
}

/// What an answer says, before its data is read.
pub(crate) struct Answer<'a> {
    pub(crate) data: Option<&'a RawValue>,
    pub(crate) body: &'a [u8],
    pub(crate) errors: Vec<GraphError>,
    pub(crate) cost: Option<Cost>,
    pub(crate) request_id: Option<String>,
    pub(crate) version: Option<String>,
}

/// One attempt's end, whether good or bad.
struct Attempt<T> {
    result: Result<T, Kind>,
    request_id: Option<String>,
    asked: Option<Duration>,
}

impl<T> Attempt<T> {
    fn not_sent(kind: Kind, asked: Option<Duration>) -> Self {
        Self { result: Err(kind), request_id: None, asked }
    }
}

impl Client {
    /// Sends a request until it succeeds, may not be repeated, or the caller's time is up.
    pub(crate) async fn send<T>(
        &self,
        shop: &ShopDomain,
        request: &Request<'_>,
        call: &Call,
        read: impl Fn(Answer<'_>) -> Result<T, Kind>,
    ) -> Result<T, Error> {
        let (mut attempts, mut is_unclear) = (0, false);
        let mut refused = None;
        let fail = |kind, retry, request_id, attempts, is_unclear| Error {
            shop: shop.clone(),
            operation: request.name.to_owned(),
            request_id,
            attempts,
            is_unclear,
            retry,
            kind,
        };
        loop {
            let token = match self.token(shop, refused, call).await {
                Ok(token) => token,
                Err(kind) => {
                    let retry =
                        if matches!(&kind, Kind::Token(error) if error.may_pass()) { LATER } else { Retry::Never };
                    return Err(fail(kind, retry, None, attempts, is_unclear));
                }
            };
            let ended = match self.admit(shop, request, call).await {
                // The budget and the breaker know when it is worth coming back: the caller parks its message.
                Err((kind, wait)) => return Err(fail(kind, Retry::After(wait), None, attempts, is_unclear)),
                Ok((permit, reserved)) => {
                    attempts += 1;
                    self.attempt(shop, request, call, &token, attempts, permit, reserved, &read).await
                }
            };
            let kind = match ended.result {
                Ok(value) => return Ok(value),
                Err(kind) => kind,
            };
            is_unclear |= kind.effect() == Effect::Unclear;
            // Another process may have renewed the token meanwhile. Once: a token that was just read and is refused
            // is refused for good.
            if matches!(kind, Kind::Unauthorized) && refused.is_none() {
                refused = Some(token.version);
                continue;
            }
            let policy = self.0.settings.retry;
            let mut rng = fastrand::Rng::new();
            match policy.next(&kind, request.kind, attempts, ended.asked, call.left(), &mut rng) {
                Next::Again(wait) => tokio::time::sleep(wait).await,
                Next::Stop(retry) => return Err(fail(kind, retry, ended.request_id, attempts, is_unclear)),
            }
        }
    }

    async fn token(&self, shop: &ShopDomain, refused: Option<u64>, call: &Call) -> Result<Token, Kind> {
        let Some(refused) = refused else { return Ok(self.0.tokens.get(shop, call.deadline).await?) };
        match self.0.tokens.instead_of(shop, refused, call.deadline).await {
            Ok(token) => Ok(token),
            // There is no other: what Shopify said stands.
            Err(TokenError::Expired) => Err(Kind::Unauthorized),
            Err(error) => Err(error.into()),
        }
    }

    /// Leave to send: from the circuit, then from the budget.
    async fn admit(
        &self,
        shop: &ShopDomain,
        request: &Request<'_>,
        call: &Call,
    ) -> Result<(Permit, Reserved), (Kind, Duration)> {
        let breaker = self.0.breakers.get(&format!("shop/{}/{shop}", self.0.app));
        let permit = breaker.permit().await.map_err(|open| {
            let wait = open.retry_after;
            (Kind::CircuitOpen(open), wait)
        })?;
        let budget = self.budget(shop, request);
        match budget.reserve(request.budgeted_as(), request.guess(), call.priority, call.deadline).await {
            Ok(reserved) => Ok((permit, reserved)),
            Err(not_within) => Err((Kind::OverBudget, not_within.0)),
        }
    }

    /// Shopify has a bucket of points for GraphQL, and one of calls for REST.
    fn budget(&self, shop: &ShopDomain, request: &Request<'_>) -> Arc<Budget> {
        let budgets = if request.is_graphql { &self.0.budgets } else { &self.0.rest_budgets };
        budgets.of(shop)
    }

    #[expect(clippy::too_many_arguments, reason = "one attempt is all of these, and nothing else takes them")]
    async fn attempt<T>(
        &self,
        shop: &ShopDomain,
        request: &Request<'_>,
        call: &Call,
        token: &Token,
        attempt: u32,
        permit: Permit,
        reserved: Reserved,
        read: &impl Fn(Answer<'_>) -> Result<T, Kind>,
    ) -> Attempt<T> {
        let in_flight = self.in_flight(shop);
        let Ok(Ok(_place)) = tokio::time::timeout_at(call.deadline, in_flight.acquire()).await else {
            reserved.give_back();
            return Attempt::not_sent(Kind::OverBudget, None);
        };
        let began = Instant::now();
        let limit = self.0.settings.attempt.min(call.left());
        let exchanged = match self.outgoing(shop, request, token) {
            Ok(outgoing) => transport::exchange(&*self.0.transport, outgoing, limit).await,
            Err(error) => Err(error),
        };
        let took = began.elapsed();
        let mut attempt_end = Attempt { result: Err(Kind::Unsendable), request_id: None, asked: None };
        let (mut cost, mut rest_cost, mut status) = (None, None, 0);
        attempt_end.result = match &exchanged {
            Err(error) => Err(error.clone().into()),
            Ok(reply) => {
                status = reply.status().as_u16();
                attempt_end.request_id = word(reply.headers(), "x-request-id");
                attempt_end.asked = retry_after(reply.headers());
                if !request.is_graphql {
                    rest_cost = rest::cost(reply.headers(), reply.status() == StatusCode::TOO_MANY_REQUESTS);
                }
                let version = word(reply.headers(), "x-shopify-api-version");
                self.notice_version(shop, version.as_deref());
                by_status(reply.status(), request, reply.body()).and_then(|mut answer| {
                    cost = answer.cost;
                    answer.request_id.clone_from(&attempt_end.request_id);
                    answer.version = version;
                    by_errors(&answer.errors)?;
                    read(answer)
                })
            }
        };
        let was_refused = attempt_end.result.as_ref().is_err_and(|kind| kind.effect() == Effect::None);
        match cost.or(rest_cost) {
            None if was_refused => reserved.give_back(),
            told => reserved.settle(request.budgeted_as(), told, self.0.clock.now()).await,
        }
        match attempt_end.result.as_ref().err().filter(|kind| kind.is_outage()) {
            Some(kind) => permit.failed(&kind.to_string()).await,
            None => permit.succeeded().await,
        }
        let same = call_log::same(shop.as_str(), &request.body);
        let record = call_log::Record {
            app: &self.0.app,
            shop: shop.as_str(),
            operation: request.name,
            same: &same,
            attempt,
            priority: call.priority,
            took,
            status,
            requested: cost.map(|cost| cost.requested),
            cost: cost.and_then(|cost| cost.actual),
            request_id: attempt_end.request_id.as_deref(),
            failure: attempt_end.result.as_ref().err().map(Kind::word),
        };
        record.write();
        if let Some(observer) = self.0.observer.get() {
            observer(&record);
        }
        attempt_end
    }

    fn outgoing(
        &self,
        shop: &ShopDomain,
        request: &Request<'_>,
        token: &Token,
    ) -> Result<http::Request<Payload>, TransportError> {
        let mut built = http::Request::builder()
            .method(request.method.clone())
            .uri(self.0.endpoint.url(shop, &request.path))
            .header("X-Shopify-Access-Token", sensitive(token)?)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json");
        if let Some(place) = self.0.traceparent.get().and_then(|place| place()) {
            built = built.header("traceparent", place);
        }
        let built = built.body(Payload::from(request.body.clone()));
        built.map_err(|_| TransportError::Connect("the request can't be built".to_owned()))
    }

    /// Says once that this version is retired.
    fn notice_version(&self, shop: &ShopDomain, version: Option<&str>) {
        let asked = shopify_schema::API_VERSION;
        if let Some(answered) = version.filter(|version| *version != asked)
            && !self.0.fell_forward.swap(true, Ordering::Relaxed)
        {
            warn!(%shop, asked, answered, "Shopify answers with another API version: the one asked for is retired");
        }
    }
}

/// Where no better time is known.
const LATER: Retry = Retry::After(Duration::from_secs(30));

fn sensitive(token: &Token) -> Result<http::HeaderValue, TransportError> {
    let value = http::HeaderValue::from_str(token.access.expose_secret());
    let mut value = value.map_err(|_| TransportError::Connect("the token is no header value".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A header of one word: it goes into logs and to terminals.
fn word(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    let is_word = (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_word.then(|| text.to_owned())
}

/// What the status says; for 200, what the body says.
fn by_status<'a>(status: StatusCode, request: &Request<'_>, body: &'a [u8]) -> Result<Answer<'a>, Kind> {
    match status.as_u16() {
        200 if request.is_graphql => {
            let parsed =
                parse(body).ok_or_else(|| Kind::Malformed(format!("{} bytes, no JSON of GraphQL", body.len())))?;
            let (data, errors, cost) = (parsed.data, parsed.errors, parsed.cost);
            Ok(Answer { data, body, errors, cost, request_id: None, version: None })
        }
        200 => Ok(Answer { data: None, body, errors: Vec::new(), cost: None, request_id: None, version: None }),
        400 => Err(Kind::Invalid(parse(body).map(|parsed| parsed.errors).unwrap_or_default())),
        401 => Err(Kind::Unauthorized),
        402 => Err(Kind::Frozen),
        403 => Err(Kind::Forbidden),
        404 => Err(Kind::NotFound),
        423 => Err(Kind::Locked),
        429 => Err(Kind::TooManyRequests),
        430 => Err(Kind::SecurityRejection),
        code @ 500..=599 => Err(Kind::Server(code)),
        code => Err(Kind::UnexpectedStatus(code)),
    }
}

/// What the errors of an answer say, but for fields that may not be read.
fn by_errors(errors: &[GraphError]) -> Result<(), Kind> {
    let others = || errors.iter().filter(|error| error.code() != "ACCESS_DENIED");
    let has = |code: &str| errors.iter().find(|error| error.code() == code);
    if has("THROTTLED").is_some() {
        return Err(Kind::Throttled);
    }
    if let Some(error) = has("MAX_COST_EXCEEDED") {
        let (cost, max) = (error.extensions.cost, error.extensions.max_cost);
        return Err(Kind::MaxCostExceeded { cost: cost.unwrap_or(f64::NAN), max: max.unwrap_or(1_000.0) });
    }
    if has("SHOP_INACTIVE").is_some() {
        return Err(Kind::ShopInactive);
    }
    if has("INTERNAL_SERVER_ERROR").is_some() {
        return Err(Kind::InternalServerError);
    }
    if others().next().is_some() {
        return Err(Kind::Invalid(others().cloned().collect()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_no_word_is_not_told() {
        let read = |value: &str| {
            let headers = [(header::HeaderName::from_static("x-request-id"), value.parse().unwrap())];
            word(&headers.into_iter().collect(), "x-request-id")
        };
        assert_eq!(read("6f3c2a5e-1-1764219600").as_deref(), Some("6f3c2a5e-1-1764219600"));
        for value in ["", "two\twords", "two words", "\u{e9}", &"x".repeat(101)] {
            assert_eq!(read(value), None, "{value:?}");
        }
    }
}
