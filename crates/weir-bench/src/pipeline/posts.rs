//! Sends a load and waits for it.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use bytes::Bytes;
use futures_util::future::{join_all, try_join, try_join_all};
use jiff::Timestamp;
use shopify_samples::Samples;
use weir_load::{Endpoint, HeaderValues};
use weir_local::Deployed;

use super::{Load, Run};
use crate::stats::percentile;

/// Shopify posts several at once.
const CLIENTS: usize = 8;

/// So many look at what comes out at the other end.
const LOOKERS: usize = 2;

/// When nothing has arrived for so long, nothing will.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(120);

/// Each of them counts, so that as many come out as went in.
const TOPIC: &str = "refunds/create";

/// A load on its way.
pub(super) struct Sending<'a> {
    http: &'a reqwest::Client,
    deployed: &'a Deployed,
    load: Load,
    /// Tells the events of this load from those of another.
    prefix: String,
    body: Bytes,
    next: AtomicUsize,
    progress: Mutex<Progress>,
}

struct Progress {
    posted: HashMap<String, Instant>,
    answers_ms: Vec<f64>,
    arrivals_ms: Vec<f64>,
    last: Instant,
}

impl<'a> Sending<'a> {
    pub(super) fn new(http: &'a reqwest::Client, deployed: &'a Deployed, load: Load) -> Self {
        let now = Timestamp::now();
        let mut samples = Samples::new(7, "shop-0.myshopify.com", now);
        // What weir does with a body does not depend on what it says.
        let body = samples.sized_order(load.body_bytes).into();
        let progress =
            Progress { posted: HashMap::new(), answers_ms: Vec::new(), arrivals_ms: Vec::new(), last: Instant::now() };
        let prefix = format!("bench-{}", now.as_millisecond());
        Self { http, deployed, load, prefix, body, next: AtomicUsize::new(0), progress: Mutex::new(progress) }
    }

    fn progress<T>(&self, change: impl FnOnce(&mut Progress) -> T) -> T {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns when all is through.
    pub(super) async fn run<L, F>(&self, look: L) -> Result<Run>
    where
        L: Fn() -> F,
        F: Future<Output = Result<Vec<String>>>,
    {
        let began = Instant::now();
        let posting = async { join_all((0..CLIENTS).map(|_| self.client())).await.into_iter().collect::<Result<()>>() };
        let looking = try_join_all((0..LOOKERS).map(|_| self.looker(&look)));
        try_join(posting, looking).await?;
        let seconds = self.progress(|progress| progress.last).duration_since(began).as_secs_f64();
        Ok(self.progress(|Progress { answers_ms, arrivals_ms, .. }| Run {
            load: self.load,
            seconds,
            rate: self.load.events as f64 / seconds,
            answer_p50_ms: percentile(answers_ms, 0.5),
            answer_p99_ms: percentile(answers_ms, 0.99),
            bus_p50_ms: percentile(arrivals_ms, 0.5),
            bus_p99_ms: percentile(arrivals_ms, 0.99),
        }))
    }

    async fn client(&self) -> Result<()> {
        let secret = &self.deployed.client_secret;
        let endpoint = Endpoint::with_client(self.http.clone(), self.deployed.webhook_url.parse()?);
        loop {
            let number = self.next.fetch_add(1, Relaxed);
            if number >= self.load.events {
                return Ok(());
            }
            let id = format!("{}-{number}", self.prefix);
            let shop = format!("shop-{}.myshopify.com", number % self.load.shops);
            let values =
                HeaderValues { topic: TOPIC, shop: &shop, webhook_id: &id, event_id: None, triggered_at: None };
            let headers = values.signed(&self.body, secret);
            let began = Instant::now();
            self.progress(|progress| progress.posted.insert(id, began));
            let answer = endpoint.post_raw(&headers, self.body.clone()).await?;
            ensure!(answer.status == 200, "a webhook was answered {}", answer.status);
            self.progress(|progress| progress.answers_ms.push(answer.took.as_secs_f64() * 1e3));
        }
    }

    async fn looker<F: Future<Output = Result<Vec<String>>>>(&self, look: &impl Fn() -> F) -> Result<()> {
        loop {
            let ids = look().await?;
            let now = Instant::now();
            let (arrived, idle) = self.progress(|progress| {
                for id in ids {
                    // Twice is possible, and counts once.
                    if let Some(posted) = progress.posted.remove(&id) {
                        progress.arrivals_ms.push((now - posted).as_secs_f64() * 1e3);
                        progress.last = now;
                    }
                }
                (progress.arrivals_ms.len(), now.duration_since(progress.last))
            });
            if arrived == self.load.events {
                return Ok(());
            }
            ensure!(idle < ARRIVAL_TIMEOUT, "{arrived} of {} events came to the bus, and no more", self.load.events);
        }
    }
}
