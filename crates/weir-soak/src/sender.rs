//! Posting the plan, as Shopify does.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::join_all;
use secrecy::SecretString;
use weir_load::{Endpoint, HeaderValues};

use crate::plan::{Event, Plan};

/// So many deliveries at once.
const CONCURRENCY: usize = 8;

/// Shopify tries eight times in all.
const ATTEMPTS: usize = 8;

/// What has been posted so far.
#[derive(Debug, Default)]
pub(crate) struct Posted {
    accepted: Mutex<BTreeSet<usize>>,
    next: AtomicUsize,
    answered: AtomicU64,
    refused: AtomicU64,
}

impl Posted {
    /// Deliveries that were answered 200.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Relaxed)
    }

    /// Deliveries that were answered otherwise or not at all, each attempt counted.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Events of which a delivery was answered 200, by their place in the plan.
    pub(crate) fn accepted(&self) -> BTreeSet<usize> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Posts every delivery in the plan's order, several at once; one that is not taken is sent again, as Shopify does.
    pub(crate) async fn all(&self, plan: &Plan, endpoint: &Endpoint, secret: &SecretString) {
        let client = |_| async {
            while let Some(place) = plan.deliveries.get(self.next.fetch_add(1, Relaxed)) {
                self.deliver(*place, &plan.events[*place], endpoint, secret).await;
            }
        };
        join_all((0..CONCURRENCY).map(client)).await;
    }

    async fn deliver(&self, place: usize, event: &Event, endpoint: &Endpoint, secret: &SecretString) {
        let body = Bytes::from(event.body());
        let (event_id, triggered_at) = (event.event_id(), format!("{:.9}", event.triggered_at()));
        let values = HeaderValues {
            topic: event.topic,
            shop: &event.shop,
            webhook_id: &event.webhook_id,
            event_id: event_id.as_deref(),
            triggered_at: Some(&triggered_at),
        };
        let headers = values.signed(&body, secret);
        for attempt in 0..ATTEMPTS {
            if endpoint.post_raw(&headers, body.clone()).await.is_ok_and(|answer| answer.status == 200) {
                self.answered.fetch_add(1, Relaxed);
                self.accepted.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
                return;
            }
            self.refused.fetch_add(1, Relaxed);
            tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
        }
    }
}
