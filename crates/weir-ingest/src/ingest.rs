//! The whole way of a request.

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use shopify_webhook::{Delivery, Unverified, Verified};
use tokio::time::{Instant, timeout_at};
use weir_core::{
    Routes, UnixMillis,
    envelope::{MAX_BODY_BYTES, Meta},
    sha256, traceparent,
};

use crate::{
    ANSWER_WITHIN, HttpEvent, answer,
    keyring::Keyring,
    outside::{SecretSource, Sink, Unavailable},
    problem::Problem,
    regions::{Parcel, Put, Regions},
    trust,
};

/// Ingest: made once in `main`, borrowed by every invocation.
pub struct Ingest<S, Q> {
    apps: Vec<String>,
    keyring: Keyring<S>,
    regions: Regions<Q>,
    routes: Routes,
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
    pub fn new(apps: Vec<String>, source: S, sink: Q) -> Self {
        Self { apps, keyring: Keyring::new(source), regions: Regions::only(sink), routes: Routes::built_in() }
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
            if let Err(error) = self.keyring.secrets(app).await {
                tracing::warn!(app, %error, "The app's secret can't be read yet");
            }
        }
    }

    /// Answers a request, within three seconds.
    pub async fn answer(&self, event: HttpEvent, invocation: &Invocation) -> ApiGatewayV2httpResponse {
        let end = Instant::now() + ANSWER_WITHIN;
        let request_id = event.request_id().unwrap_or(&invocation.request_id).to_owned();
        let result = match timeout_at(end, self.accept(&event, invocation, &request_id, end)).await {
            Ok(result) => result,
            Err(_elapsed) => {
                tracing::error!(request_id, "The delivery could not be stored in time");
                Err(Problem::NotStored)
            }
        };
        match result {
            Ok(()) => answer::accepted(&request_id),
            Err(problem) => {
                // Neither path, headers nor body: nothing of an unsigned request is worth the log.
                tracing::info!(request_id, status = problem.status().as_u16(), reason = problem.title(), "Refused");
                answer::refused(&problem, &request_id)
            }
        }
    }

    async fn accept(
        &self,
        event: &HttpEvent,
        invocation: &Invocation,
        request_id: &str,
        end: Instant,
    ) -> Result<(), Problem> {
        let app = trust::app(event.path(), event.method(), &self.apps)?;
        let body = event.body().map_err(|_not_base64| Problem::NotBase64)?;
        let verified = trust::verify(Unverified::new(event.headers(), &body), app, &self.keyring).await?;
        if body.len() > MAX_BODY_BYTES {
            return Err(Problem::TooLarge);
        }
        let delivery = verified.read().map_err(Problem::Header)?;
        self.enqueue(&verified, &delivery, app, invocation, end).await.map_err(|error| {
            let (shop, topic) = (delivery.shop.as_str(), delivery.topic.as_str());
            tracing::error!(request_id, shop, topic, webhook_id = %delivery.webhook_id, %error, "Not stored");
            Problem::NotStored
        })
    }

    /// Takes only what went through the door.
    async fn enqueue(
        &self,
        verified: &Verified<'_>,
        delivery: &Delivery,
        app: &str,
        invocation: &Invocation,
        end: Instant,
    ) -> Result<(), Unavailable> {
        let body = verified.body();
        let lane = self.routes.lane(&delivery.topic);
        let parcel = Parcel { meta: meta(delivery, app, body, invocation), body, lane, shop: &delivery.shop };
        let put = self.regions.put(&parcel, end).await?;
        let (shop, topic) = (delivery.shop.as_str(), delivery.topic.as_str());
        let (webhook_id, bytes) = (&delivery.webhook_id, body.len());
        match put {
            Put::Home => tracing::info!(shop, topic, %webhook_id, %lane, bytes, "Enqueued"),
            Put::Fallback(reason) => {
                tracing::warn!(shop, topic, %webhook_id, %lane, bytes, %reason, "Enqueued in the fallback region");
            }
        }
        Ok(())
    }
}

fn meta(delivery: &Delivery, app: &str, body: &[u8], invocation: &Invocation) -> Meta {
    Meta {
        webhook_id: delivery.webhook_id.to_string(),
        shop: delivery.shop.to_string(),
        topic: delivery.topic.to_string(),
        app: app.to_owned(),
        event_id: delivery.event_id.as_ref().map(ToString::to_string),
        api_version: delivery.api_version.clone(),
        subscription: delivery.subscription.clone(),
        triggered_at: delivery.triggered_at.as_ref().map(|at| at.as_str().to_owned()),
        received_at: invocation.now,
        body_sha256: sha256::hex(body),
        traceparent: invocation.xray_trace_id.as_deref().and_then(traceparent),
        synthetic: None,
        generation: 0,
    }
}
