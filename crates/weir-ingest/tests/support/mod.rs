//! Requests, and the world outside ingest in memory.
#![expect(clippy::unwrap_used, unreachable_pub, reason = "support of one test binary, where unwrapping is asserting")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use shopify_webhook::{ClientSecrets, ShopDomain, sign};
use weir_core::{
    Lane, UnixMillis,
    envelope::{Envelope, Meta},
};
use weir_ingest::{
    HttpEvent, Ingest, Invocation,
    outside::{SecretSource, Sink, Unavailable},
};
use weir_telemetry::Telemetry;

pub const SECRET: &str = "hush";

/// Secrets, lanes and bodies in memory.
#[derive(Clone)]
pub struct Outside {
    pub secrets: Arc<Mutex<Vec<&'static str>>>,
    pub secret_reads: Arc<AtomicUsize>,
    pub secrets_take: Duration,
    pub sent: Arc<Mutex<Vec<(Lane, String, String)>>>,
    pub stored: Arc<Mutex<Vec<Vec<u8>>>>,
    /// How often the queue or the bucket was asked for anything.
    pub asked: Arc<AtomicUsize>,
    /// How long the queue takes; `None`: it refuses.
    pub queue: Arc<Mutex<Option<Duration>>>,
    /// How long the bucket takes; `None`: it refuses.
    pub bucket: Option<Duration>,
    pub bucket_name: &'static str,
}

pub const HANGS: Option<Duration> = Some(Duration::from_secs(60));

impl Outside {
    pub fn with_queue(takes: Option<Duration>) -> Self {
        Self { queue: Arc::new(Mutex::new(takes)), ..Self::default() }
    }
}

impl Default for Outside {
    fn default() -> Self {
        Self {
            secrets: Arc::new(Mutex::new(vec![SECRET])),
            secret_reads: Arc::default(),
            secrets_take: Duration::ZERO,
            sent: Arc::default(),
            stored: Arc::default(),
            asked: Arc::default(),
            queue: Arc::new(Mutex::new(Some(Duration::ZERO))),
            bucket: Some(Duration::ZERO),
            bucket_name: "bodies",
        }
    }
}

impl SecretSource for Outside {
    async fn read(&self, app: &str) -> Result<ClientSecrets, Unavailable> {
        self.secret_reads.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.secrets_take).await;
        let secrets = self.secrets.lock().unwrap().iter().map(|secret| (*secret).into()).collect();
        ClientSecrets::new(secrets).ok_or_else(|| Unavailable(format!("no secret for {app}")))
    }
}

impl Sink for Outside {
    async fn send(&self, lane: Lane, message: String, shop: &ShopDomain) -> Result<(), Unavailable> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let takes = *self.queue.lock().unwrap();
        let takes = takes.ok_or_else(|| Unavailable("refused".into()))?;
        tokio::time::sleep(takes).await;
        self.sent.lock().unwrap().push((lane, message, shop.to_string()));
        Ok(())
    }

    async fn store(&self, _meta: &Meta, body: Vec<u8>) -> Result<String, Unavailable> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.bucket.ok_or_else(|| Unavailable("refused".into()))?).await;
        self.stored.lock().unwrap().push(body);
        Ok(format!("s3://{}/1", self.bucket_name))
    }
}

/// A request that can be bent.
pub struct Request {
    pub method: &'static str,
    pub path: &'static str,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub base64: Option<String>,
}

impl Request {
    /// A signed `orders/create`.
    pub fn signed(body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let signature = sign(&body, &SECRET.into());
        let headers = [
            ("X-Shopify-Topic", "orders/create"),
            ("X-Shopify-Shop-Domain", "north.myshopify.com"),
            ("X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
            ("X-Shopify-API-Version", "2026-10"),
            ("X-Shopify-Triggered-At", "2026-11-27T05:00:00.123456789Z"),
            ("X-Shopify-Hmac-Sha256", &signature),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { method: "POST", path: "/webhooks", headers, body, base64: None }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub fn at(self, method: &'static str, path: &'static str) -> Self {
        Self { method, path, ..self }
    }

    /// As API Gateway hands it over: binary bodies as base64.
    pub fn event(&self) -> HttpEvent {
        let headers: serde_json::Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let text = std::str::from_utf8(&self.body).ok().filter(|_| self.base64.is_none());
        let encoded = || base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &self.body);
        serde_json::from_value(json!({
            "version": "2.0",
            "rawPath": self.path,
            "headers": headers,
            "requestContext": {"requestId": "request-1", "http": {"method": self.method, "path": self.path}},
            "body": text.map_or_else(|| self.base64.clone().unwrap_or_else(encoded), str::to_owned),
            "isBase64Encoded": text.is_none(),
        }))
        .unwrap()
    }
}

pub struct Answer {
    pub status: i64,
    pub body: Value,
    pub headers: Value,
}

pub struct World {
    pub outside: Outside,
    ingest: Ingest<Outside, Outside>,
}

impl World {
    pub fn new(outside: Outside) -> Self {
        let apps = ["default", "loyalty"].map(weir_core::AppName::from_stored).to_vec();
        Self { ingest: Ingest::new(apps, outside.clone(), outside.clone()), outside }
    }

    /// With a second region behind `home`.
    pub fn with_fallback(home: Outside, fallback: &Outside) -> Self {
        let World { outside, ingest } = Self::new(home);
        Self { outside, ingest: ingest.with_fallback(fallback.clone()) }
    }

    pub fn told_to(self, telemetry: Telemetry) -> Self {
        Self { ingest: self.ingest.told_to(telemetry), ..self }
    }

    pub async fn post(&self, request: &Request) -> Answer {
        self.post_traced(request, None).await
    }

    /// Within a trace that X-Ray began.
    pub async fn post_traced(&self, request: &Request, xray: Option<&str>) -> Answer {
        let _unheard = weir_telemetry::logs::unheard();
        let now = UnixMillis(1_795_755_600_000);
        let xray_trace_id = xray.map(str::to_owned);
        let invocation = Invocation { request_id: "invocation-1".into(), xray_trace_id, now };
        let response = self.ingest.answer(request.event(), &invocation).await;
        let response = serde_json::to_value(response).unwrap();
        Answer {
            status: response["statusCode"].as_i64().unwrap(),
            body: serde_json::from_str(response["body"].as_str().unwrap()).unwrap(),
            headers: response["headers"].clone(),
        }
    }

    /// The one message that was sent: lane, envelope and group.
    pub fn only_message(&self) -> (Lane, Envelope, String) {
        self.outside.only_message()
    }
}

impl Outside {
    pub fn only_message(&self) -> (Lane, Envelope, String) {
        let sent = self.sent.lock().unwrap();
        let [(lane, message, group)] = &sent[..] else { panic!("{} messages were sent", sent.len()) };
        (*lane, Envelope::parse(message).unwrap(), group.clone())
    }
}
