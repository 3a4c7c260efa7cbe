//! One request through the simulator: whose it is, what the script makes of it, what the Admin API answers.

use std::{sync::Mutex, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, header};
use shopify_webhook::ShopDomain;

use super::{CallRecord, Sim, hold};
use crate::{
    graphql::{Answer, Asked, answer},
    graphql_error::GraphqlError,
    reply::{Reply, errors, header, json, with_type},
    resolve,
    script::Act,
    sender::announce,
    store::{Shop, ShopStatus},
};

/// The versions that are served, from the oldest.
const VERSIONS: [&str; 4] = ["2026-01", "2026-04", "2026-07", "2026-10"];

/// A request's path: `/{shop}.myshopify.com/{rest}`; `/{shop}/{rest}` will do.
struct Target<'a> {
    shop: &'a str,
    rest: &'a str,
}

impl<'a> Target<'a> {
    fn of(path: &'a str) -> Self {
        let path = path.trim_start_matches('/');
        let (shop, rest) = path.split_once('/').unwrap_or((path, ""));
        Self { shop, rest }
    }

    fn domain(&self) -> Option<ShopDomain> {
        if self.shop.contains('.') {
            return ShopDomain::parse(self.shop);
        }
        ShopDomain::parse(&format!("{}.myshopify.com", self.shop))
    }
}

/// What was answered, and what is recorded of it.
pub(super) struct Outcome {
    pub(super) reply: Reply,
    pub(super) answer: Answer,
}

impl From<Response<Bytes>> for Outcome {
    fn from(response: Response<Bytes>) -> Self {
        Self { reply: Reply::Full(response), answer: Answer::default() }
    }
}

impl Sim {
    /// Answers a request whose path starts with a shop, or with `/_sim/` (the control API). Takes as long as the
    /// latency and the script say.
    pub async fn respond(&self, request: Request<Bytes>) -> Reply {
        let path = request.uri().path().to_owned();
        if let Some(command) = path.strip_prefix("/_sim/") {
            return Reply::Full(self.control(command, &request));
        }
        let target = Target::of(&path);
        let asked = path.ends_with("/graphql.json").then(|| Asked::read(request.body())).flatten();
        let last = path.rsplit('/').next().unwrap_or_default();
        let operation = asked.as_ref().map_or_else(|| last.to_owned(), Asked::name);
        let options = self.options();
        let jitter = self.with_rng(|rng| options.jitter.mul_f64(rng.f64()));
        let latency = options.latency + jitter;
        // The work is done half way: a client that gives up early may have been too late.
        self.pause(latency / 2).await;
        let act = {
            let mut moving = hold(&self.0.moving);
            let moving = &mut *moving;
            let since = self.0.clock.now().since(self.0.start);
            moving.script.act(target.shop, &operation, since, &mut moving.rng)
        };
        let request_id = format!("{}-{}", self.with_rng(crate::uuid::uuid), self.clock().now().0 / 1_000);
        let (mut outcome, fault) = match act.as_ref().and_then(|act| self.instead(act, &target)) {
            Some(outcome) => (outcome, act),
            None => (self.admin(&target, &request, asked.as_ref(), latency).await, act),
        };
        if let (Some(Act::Meanwhile(change)), Some(shop)) = (&fault, target.domain()) {
            self.happen(&shop, change);
        }
        self.answered(&operation);
        stamp(&mut outcome.reply, &request_id);
        self.record(&target, &operation, &request_id, &outcome, fault.as_ref());
        if let Some(Act::Slow { ms }) = fault {
            self.clock().sleep(Duration::from_millis(ms)).await;
        }
        self.pause(latency / 2).await;
        match fault {
            Some(act) => spoil(act, outcome.reply),
            None => outcome.reply,
        }
    }

    async fn pause(&self, duration: Duration) {
        if !duration.is_zero() {
            self.clock().sleep(duration).await;
        }
    }

    /// What the script answers before anything runs.
    fn instead(&self, act: &Act, target: &Target<'_>) -> Option<Outcome> {
        Some(match act {
            Act::Status { status, retry_after } => {
                let mut response = errors(*status, words(*status));
                if let Some(seconds) = retry_after {
                    header(&mut response, "retry-after", &format!("{seconds:.1}"));
                }
                response.into()
            }
            Act::Html => {
                let page = "<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>";
                with_type(200, Bytes::from_static(page.as_bytes()), "text/html; charset=utf-8").into()
            }
            Act::Throttled => {
                let body = serde_json::json!({ "errors": [GraphqlError::throttled().json()], "extensions": { "cost": self.throttled(target) } });
                let answer = Answer { throttled: true, ..Answer::default() };
                Outcome { reply: Reply::Full(json(200, &body)), answer }
            }
            Act::ResetBefore => Outcome { reply: Reply::Reset, answer: Answer::default() },
            _ => return None,
        })
    }

    fn throttled(&self, target: &Target<'_>) -> serde_json::Value {
        let level = target.domain().and_then(|shop| self.bucket_level(&shop)).unwrap_or(0.0).floor();
        let plan =
            target.domain().and_then(|shop| self.change(&shop, |shop, _| shop.plan)).unwrap_or(crate::Plan::Standard);
        serde_json::json!({
            "requestedQueryCost": 10,
            "actualQueryCost": null,
            "throttleStatus": {
                "maximumAvailable": f64::from(plan.bucket()),
                "currentlyAvailable": level,
                "restoreRate": f64::from(plan.restore_rate()),
            },
        })
    }

    fn record(&self, target: &Target<'_>, operation: &str, request_id: &str, outcome: &Outcome, fault: Option<&Act>) {
        let record = CallRecord {
            at: self.clock().now(),
            shop: target.shop.to_owned(),
            operation: operation.to_owned(),
            status: outcome.reply.status().map_or(0, |status| status.as_u16()),
            request_id: request_id.to_owned(),
            requested_cost: outcome.answer.requested,
            actual_cost: outcome.answer.actual,
            throttled: outcome.answer.throttled,
            executed: outcome.answer.executed,
            fault: fault.map(|act| format!("{act:?}")),
        };
        hold(&self.0.moving).calls.push(record);
    }

    async fn admin(
        &self,
        target: &Target<'_>,
        request: &Request<Bytes>,
        asked: Option<&Asked>,
        latency: Duration,
    ) -> Outcome {
        let Some((domain, cell)) = target.domain().and_then(|domain| Some((domain.clone(), self.shop(&domain)?)))
        else {
            return errors(404, words(404)).into();
        };
        if let Some(file) = self.file(&domain, &cell, target.rest, request) {
            return Outcome { reply: file, answer: Answer::default() };
        }
        if target.rest == "admin/oauth/access_token" {
            return self.access_token(&cell, request).into();
        }
        let Some((version, what)) = target.rest.strip_prefix("admin/api/").and_then(|rest| rest.split_once('/')) else {
            return errors(404, words(404)).into();
        };
        let Some(version) = served(version) else { return errors(404, words(404)).into() };
        let mut outcome = match self.refused(&cell, request) {
            Some(refused) => refused.into(),
            None if what == "graphql.json" => self.graphql(&domain, &cell, request, asked, latency),
            None => self.rest(&cell, what, request).into(),
        };
        if let Reply::Full(response) = &mut outcome.reply {
            header(response, "x-shopify-api-version", version);
        }
        outcome
    }

    /// Why a shop can't be called with this request's token.
    fn refused(&self, cell: &Mutex<Shop>, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let mut shop = hold(cell);
        let now = self.clock().now();
        match shop.status {
            ShopStatus::Frozen => return Some(errors(402, words(402))),
            ShopStatus::Locked => return Some(errors(423, words(423))),
            ShopStatus::Open | ShopStatus::Uninstalled => {}
        }
        let token = request.headers().get("x-shopify-access-token").and_then(|token| token.to_str().ok());
        let good = token.is_some_and(|token| shop.tokens.accepts(token, now));
        (!good).then(|| errors(401, words(401)))
    }

    fn graphql(
        &self,
        domain: &ShopDomain,
        cell: &Mutex<Shop>,
        request: &Request<Bytes>,
        asked: Option<&Asked>,
        latency: Duration,
    ) -> Outcome {
        if request.method() != Method::POST {
            return errors(405, "Method Not Allowed").into();
        }
        let Some(asked) = asked else {
            let body = serde_json::json!({ "errors": { "query": "Required parameter missing or invalid" } });
            return json(400, &body).into();
        };
        let base = format!("{}/{domain}", self.base_url());
        let mut cx = resolve::context(cell, self.clock().now(), self.options(), &base);
        cx.busy = latency / 2;
        let answer = answer(self.schema(), &mut cx, asked);
        let (events, started) = (cx.take_events(), cx.take_started());
        announce(self, domain, &events);
        for id in started {
            tokio::spawn(crate::bulk::run(self.weak(), domain.clone(), id, base.clone()));
        }
        Outcome { reply: Reply::Full(json(200, &answer.body)), answer }
    }
}

/// The version that serves a request for `version`: what is retired falls forward to the oldest that is supported.
fn served(version: &str) -> Option<&str> {
    if version == "unstable" || VERSIONS.contains(&version) {
        return Some(version);
    }
    let dated = version.len() == 7 && version.as_bytes()[4] == b'-';
    (dated && version < VERSIONS[0]).then_some(VERSIONS[0])
}

fn words(status: u16) -> &'static str {
    match status {
        401 => "[API] Invalid API key or access token (unrecognized login or wrong password)",
        402 => "This shop's plan does not have access to this feature",
        403 => "Unavailable Shop",
        404 => "Not Found",
        423 => "This shop is unavailable",
        429 => "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service.",
        430 => "Shopify Security Rejection",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "An unexpected error occurred",
    }
}

fn stamp(reply: &mut Reply, request_id: &str) {
    if let Reply::Full(response) = reply {
        header(response, "x-request-id", request_id);
    }
}

/// What the script makes of an answer that was given.
fn spoil(act: Act, reply: Reply) -> Reply {
    let Reply::Full(mut response) = reply else { return reply };
    match act {
        Act::Hang => return Reply::Never,
        Act::ResetAfter => return Reply::Reset,
        Act::Truncate => {
            let sent = response.body().len() / 2;
            return Reply::Truncated { response, sent };
        }
        Act::MalformedJson => {
            let half = response.body().slice(..response.body().len() / 2);
            *response.body_mut() = half;
        }
        Act::Version(version) => header(&mut response, "x-shopify-api-version", &version),
        _ => {}
    }
    Reply::Full(response)
}

/// The request's `Content-Type`.
pub(super) fn content_type(request: &Request<Bytes>) -> String {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.unwrap_or_default().to_owned()
}
