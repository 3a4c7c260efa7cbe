//! Posting the plan, as Shopify does.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::future::join_all;
use secrecy::SecretString;
use shopify_webhook::sign;

use super::plan::{Event, Plan};

/// So many deliveries at once.
const CLIENTS: usize = 8;

/// Shopify tries eight times in all.
const ATTEMPTS: usize = 8;

/// What has been posted so far.
#[derive(Debug, Default)]
pub(super) struct Posted {
    accepted: Mutex<BTreeSet<usize>>,
    next: AtomicUsize,
    answered: AtomicU64,
    refused: AtomicU64,
}

impl Posted {
    /// Deliveries that were answered 200.
    pub(super) fn answered(&self) -> u64 {
        self.answered.load(Relaxed)
    }

    /// Deliveries that were answered otherwise or not at all, each attempt counted.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Events of which a delivery was answered 200, by their place in the plan.
    pub(super) fn accepted(&self) -> BTreeSet<usize> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Posts every delivery in the plan's order, several at once; one that is not taken is sent again, as Shopify does.
    pub(super) async fn all(&self, plan: &Plan, url: &str, secret: &SecretString, http: &reqwest::Client) {
        let client = |_| async {
            while let Some(place) = plan.deliveries.get(self.next.fetch_add(1, Relaxed)) {
                self.deliver(*place, &plan.events[*place], url, secret, http).await;
            }
        };
        join_all((0..CLIENTS).map(client)).await;
    }

    async fn deliver(&self, place: usize, event: &Event, url: &str, secret: &SecretString, http: &reqwest::Client) {
        let body = event.body();
        let signature = sign(body.as_bytes(), secret);
        for attempt in 0..ATTEMPTS {
            let request = http
                .post(url)
                .header("Content-Type", "application/json")
                .header("X-Shopify-Topic", event.topic)
                .header("X-Shopify-Hmac-Sha256", &signature)
                .header("X-Shopify-Shop-Domain", &event.shop)
                .header("X-Shopify-API-Version", "2026-10")
                .header("X-Shopify-Webhook-Id", &event.webhook_id)
                .header("X-Shopify-Triggered-At", format!("{:.9}", event.triggered_at()))
                .body(body.clone());
            let request = match event.event_id() {
                Some(id) => request.header("X-Shopify-Event-Id", id),
                None => request,
            };
            if request.send().await.is_ok_and(|reply| reply.status() == 200) {
                self.answered.fetch_add(1, Relaxed);
                self.accepted.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
                return;
            }
            self.refused.fetch_add(1, Relaxed);
            tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
        }
    }
}
