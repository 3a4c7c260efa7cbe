//! The whole way of a request.

use std::sync::Mutex;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use shopify_webhook::{Delivery, Header, Unverified};
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, Span};
use weir_core::{
    AppName, Routes, Topics, UnixMillis, dedupe,
    envelope::{MAX_BODY_BYTES, Meta, is_reserved_id},
    sha256,
};
use weir_telemetry::{
    Labels, Telemetry, TraceContext,
    metrics::{self, DroppedHeader, Rejection},
};

use crate::{
    ANSWER_WITHIN, HttpEvent, answer,
    keyring::Keyring,
    outside::{SecretSource, Sink, Unavailable},
    problem::Problem,
    refusals::{Notice, Refusals},
    regions::{EnqueueRequest, EnqueuedIn, Regions},
    trace, trust,
};

/// Ingest: made once in `main`, borrowed by every invocation.
pub struct Ingest<S, Q> {
    apps: Vec<AppName>,
    path_segment: Option<String>,
    keyring: Keyring<S>,
    regions: Regions<Q>,
    routes: Routes,
    telemetry: Telemetry,
    refusals: Mutex<Refusals>,
}

/// What an invocation brings besides the event.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Lambda's id of it: stands in for API Gateway's, should that be missing.
    pub request_id: String,
    /// Lambda's trace header.
    pub xray_trace_id: Option<String>,
    /// Now, by the wall clock.
    pub now: UnixMillis,
}

impl<S: SecretSource, Q: Sink> Ingest<S, Q> {
    /// Ingest for these apps; `default` is the one of `/webhooks`.
    pub fn new(apps: Vec<AppName>, source: S, sink: Q) -> Self {
        let (keyring, regions) = (Keyring::new(source), Regions::only(sink));
        Self {
            apps,
            path_segment: None,
            keyring,
            regions,
            routes: Routes::built_in(),
            telemetry: Telemetry::off(),
            refusals: Mutex::default(),
        }
    }

    /// The same, telling its metrics and spans to `telemetry`.
    #[must_use]
    pub fn told_to(self, telemetry: Telemetry) -> Self {
        Self { telemetry, ..self }
    }

    /// The same, taking only what is posted to `/webhooks/{segment}` and `/webhooks/{segment}/{app}`.
    #[must_use]
    pub fn behind(self, segment: String) -> Self {
        Self { path_segment: Some(segment), ..self }
    }

    /// The same with a second region, which takes what `sink` does not take in time.
    #[must_use]
    pub fn with_fallback(self, sink: Q) -> Self {
        Self { regions: self.regions.with_fallback(sink), ..self }
    }

    /// Reads the secrets of every app, so that the first delivery does not wait for them. One that can't be
    /// read is told, and tried again when it is needed.
    pub async fn warm_up(&self) {
        for app in &self.apps {
            if let Err(error) = self.keyring.secrets(app.as_str()).await {
                tracing::warn!(app = app.as_str(), %error, "The app's secret can't be read yet");
            }
        }
    }

    /// Answers a request, within three seconds.
    pub async fn answer(&self, event: HttpEvent, invocation: &Invocation) -> ApiGatewayV2httpResponse {
        let (begun, end) = (Instant::now(), Instant::now() + ANSWER_WITHIN);
        let request_id = event.request_id().unwrap_or(&invocation.request_id).to_owned();
        let delivery = trace::line_span(&request_id);
        let accepting = self.accept(&event, invocation, end).instrument(delivery.clone());
        let result = match timeout_at(end, accepting).await {
            Ok(result) => result,
            Err(_elapsed) => {
                tracing::error!(parent: &delivery, "The delivery could not be stored in time");
                Err(Problem::NotStored)
            }
        };
        // What anybody can cause at any rate: it must cost next to nothing.
        let is_cheap = result.as_ref().is_err_and(Problem::is_unauthenticated);
        let mut metrics_due = true;
        let response = match &result {
            Ok(()) => answer::accepted(&request_id),
            Err(problem) => {
                // Neither path, headers nor body: nothing of an unsigned request is worth the log.
                let status = problem.status().as_u16();
                match is_cheap.then(|| self.refusals().of(begun)) {
                    None => tracing::info!(parent: &delivery, status, reason = problem.title(), "Refused"),
                    Some(Notice { line: Some(left_out), .. }) => {
                        let left_out = (left_out > 0).then_some(left_out);
                        tracing::info!(parent: &delivery, status, reason = problem.title(), left_out, "Refused");
                    }
                    Some(notice @ Notice { line: None, .. }) => metrics_due = notice.metrics,
                }
                answer::refused(problem, &request_id)
            }
        };
        self.tell(begun, result.err().map(|problem| problem.rejection()), metrics_due.then_some(invocation.now)).await;
        response
    }

    fn refusals(&self) -> std::sync::MutexGuard<'_, Refusals> {
        self.refusals.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Before the answer: Lambda may freeze the function after it.
    ///
    /// `now`: when the metrics are written; `None`: they wait for the next that are.
    async fn tell(&self, begun: Instant, rejection: Option<Rejection>, now: Option<UnixMillis>) {
        let Telemetry { metrics, traces } = &self.telemetry;
        if rejection.is_some() {
            metrics.count(&metrics::REJECTED, &Labels { reason: rejection, ..Labels::default() });
        }
        traces.flush(trace::EXPORTED_WITHIN).await;
        metrics.add(&metrics::INGEST_LATENCY, milliseconds(begun), &Labels::default());
        if let Some(now) = now {
            metrics.flush(now);
        }
    }

    async fn accept(&self, event: &HttpEvent, invocation: &Invocation, end: Instant) -> Result<(), Problem> {
        let app = trust::app(event.path(), event.method(), self.path_segment.as_deref(), &self.apps)?;
        let body = event.body().map_err(|_not_base64| Problem::NotBase64)?;
        let verified = trust::verify(Unverified::new(event.headers(), &body), app, &self.keyring).await?;
        if body.len() > MAX_BODY_BYTES {
            return Err(Problem::TooLarge);
        }
        let delivery = verified.read().map_err(Problem::Header)?;
        if is_reserved_id(delivery.webhook_id.as_str()) {
            return Err(Problem::ReservedId);
        }
        let parent = trace::parent(event.traceparent(), invocation.xray_trace_id.as_deref());
        let place = self.telemetry.traces.place(parent);
        let lane = self.routes.lane(&delivery.topic);
        trace::name(&Span::current(), &delivery, app, lane, place);
        let request = EnqueueRequest {
            meta: meta(&delivery, app, verified.body(), invocation.now, place),
            verified: &verified,
            lane,
            shop: &delivery.shop,
            dropped: &delivery.dropped,
        };
        let result = self.enqueue(&request, end).await;
        let error = result.as_ref().err().map(ToString::to_string);
        self.telemetry.traces.record(trace::span(&request, place, parent, error.clone()));
        result.map_err(|error| {
            tracing::error!(%error, "The delivery was not stored");
            Problem::NotStored
        })
    }

    async fn enqueue(&self, request: &EnqueueRequest<'_>, end: Instant) -> Result<(), Unavailable> {
        let (begun, bytes) = (Instant::now(), request.verified.body().len());
        let enqueued_in = self.regions.enqueue(request, end).await?;
        let (metrics, meta) = (&self.telemetry.metrics, &request.meta);
        let of = Labels { lane: Some(request.lane), shop: Some(meta.shop.as_str()), ..Labels::default() };
        metrics.count(&metrics::ACCEPTED, &of);
        metrics.add(&metrics::ENQUEUE_LATENCY, milliseconds(begun), &of);
        if let Some(delay) = meta.triggered_at_ms().map(|at| meta.received_at.since(at)) {
            metrics.add(&metrics::DELIVERY_DELAY, u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), &of);
        }
        let dropped: Vec<DroppedHeader> = request.dropped.iter().filter_map(|header| dropped(*header)).collect();
        for header in &dropped {
            metrics.count(&metrics::HEADERS_DROPPED, &Labels { header: Some(*header), ..Labels::default() });
        }
        let names = dropped.iter().map(|header| header.as_str()).collect::<Vec<_>>().join(", ");
        let dropped_headers = Some(names.as_str()).filter(|names| !names.is_empty());
        match enqueued_in {
            EnqueuedIn::Primary => tracing::info!(bytes, dropped_headers, "Enqueued"),
            EnqueuedIn::Secondary(reason) => {
                metrics.count(&metrics::ACCEPTED_ELSEWHERE, &of);
                tracing::warn!(bytes, dropped_headers, %reason, "Enqueued in the fallback region");
            }
        }
        Ok(())
    }
}

/// Which of the optional headers it is.
fn dropped(header: Header) -> Option<DroppedHeader> {
    match header {
        Header::EventId => Some(DroppedHeader::EventId),
        Header::ApiVersion => Some(DroppedHeader::ApiVersion),
        Header::TriggeredAt => Some(DroppedHeader::TriggeredAt),
        Header::Name => Some(DroppedHeader::Name),
        Header::Test => Some(DroppedHeader::Test),
        Header::Hmac | Header::Topic | Header::ShopDomain | Header::WebhookId | Header::Action => None,
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn meta(delivery: &Delivery, app: &AppName, body: &[u8], now: UnixMillis, place: TraceContext) -> Meta {
    let mut meta = Meta {
        webhook_id: delivery.webhook_id.clone(),
        shop: delivery.shop.clone().into(),
        topic: delivery.topic.clone(),
        app: app.clone(),
        event_id: delivery.event_id.clone(),
        api_version: delivery.api_version.clone(),
        subscription: delivery.subscription.clone(),
        triggered_at: delivery.triggered_at.as_ref().map(|at| at.as_str().to_owned()),
        received_at: now,
        body_sha256: sha256::hex(body),
        traceparent: Some(place.to_string()),
        dedupe_key: None,
        synthetic: None,
        test: delivery.test,
        generation: 0,
    };
    meta.dedupe_key = dedupe::key(&Topics::built_in(), &meta, body);
    meta
}
