//! Looking at the stack while it works, past the proxy: the ledger, the bus, the queues.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use aws_sdk_sqs::{
    Client,
    types::{DeleteMessageBatchRequestEntry, QueueAttributeName},
};
use serde::Deserialize;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use weir_aws::{DynamoLedger, SdkConfig};
use weir_local::Deployed;

use crate::audit::{Published, Seen};

/// A killed worker's event comes back after some twenty seconds: between two of its owners there are several looks.
const LEDGER_EVERY: Duration = Duration::from_secs(4);

const QUEUES_EVERY: Duration = Duration::from_millis(500);

/// What has been seen so far.
pub(crate) struct Watch {
    ledger: DynamoLedger,
    sqs: Client,
    tap_url: String,
    lane_urls: Vec<String>,
    dlq_urls: Vec<String>,
    seen: Mutex<All>,
}

#[derive(Default)]
struct All {
    ledger: HashMap<String, Seen>,
    bus: Vec<Published>,
    dead: Vec<Option<String>>,
}

/// The part of an envelope that is of use here, on a queue and on the bus.
#[derive(Deserialize)]
struct Envelope {
    id: String,
    source: String,
    topic: String,
    bodysha256: String,
}

#[derive(Deserialize)]
struct BusEvent {
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Envelope,
}

impl Watch {
    pub(crate) fn new(aws: &SdkConfig, deployed: &Deployed) -> Self {
        Self {
            ledger: DynamoLedger::new(aws, deployed.ledger_table.clone(), Duration::from_secs(86_400)),
            sqs: Client::new(aws),
            tap_url: deployed.tap_queue_url.clone(),
            lane_urls: deployed.lanes.values().map(|lane| lane.queue_url.clone()).collect(),
            dlq_urls: deployed.lanes.values().map(|lane| lane.dlq_url.clone()).collect(),
            seen: Mutex::default(),
        }
    }

    /// Looks again and again while `work` goes on, and to the end of the last look.
    pub(crate) async fn look_while<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let (over, is_over) = watch::channel(());
        let work = async {
            let done = work.await;
            drop(over);
            done
        };
        let ledger = again_and_again(LEDGER_EVERY, is_over.clone(), async || self.scan().await);
        let queues = again_and_again(QUEUES_EVERY, is_over, async || self.drain().await);
        tokio::try_join!(work, ledger, queues).map(|(done, (), ())| done)
    }

    /// Looks at every record of the ledger.
    pub(crate) async fn scan(&self) -> Result<()> {
        let mut page = None;
        loop {
            let read = self.ledger.scan(page).await.context("the ledger could not be read")?;
            {
                let mut seen = self.seen();
                for record in &read.records {
                    let seen = seen.ledger.entry(record.key.event.clone()).or_default();
                    seen.again(record.state.as_str(), &record.owner.0, record.attempts, record.duplicates);
                }
            }
            if !read.has_more() {
                return Ok(());
            }
            page = Some(read);
        }
    }

    /// Takes what lies on the tap and in the dead-letter queues.
    pub(crate) async fn drain(&self) -> Result<()> {
        for body in self.take(&self.tap_url).await? {
            let event: BusEvent = serde_json::from_str(&body).context("the tap has something that is no event")?;
            let Envelope { id, source, topic, bodysha256 } = event.detail;
            let superseded = event.detail_type.starts_with("superseded/");
            let published = Published { key: format!("{source}#{id}"), superseded, topic, body_sha256: bodysha256 };
            self.seen().bus.push(published);
        }
        for url in &self.dlq_urls {
            for body in self.take(url).await? {
                let envelope = serde_json::from_str::<Envelope>(&body);
                self.seen().dead.push(envelope.ok().map(|envelope| format!("{}#{}", envelope.source, envelope.id)));
            }
        }
        Ok(())
    }

    /// Takes all that a queue has now.
    async fn take(&self, url: &str) -> Result<Vec<String>> {
        let failed = || format!("{url} could not be read");
        let mut bodies = Vec::new();
        loop {
            let request = self.sqs.receive_message().queue_url(url).max_number_of_messages(10);
            let messages = request.send().await.with_context(failed)?.messages.unwrap_or_default();
            if messages.is_empty() {
                return Ok(bodies);
            }
            let entries = messages.iter().enumerate().filter_map(|(index, message)| {
                let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string());
                entry.set_receipt_handle(message.receipt_handle.clone()).build().ok()
            });
            let delete = self.sqs.delete_message_batch().queue_url(url).set_entries(Some(entries.collect()));
            delete.send().await.with_context(failed)?;
            bodies.extend(messages.into_iter().filter_map(|message| message.body));
        }
    }

    /// How many messages the lanes hold, those in the hands of workers and those that wait for their time included.
    pub(crate) async fn waiting(&self) -> Result<usize> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let mut waiting = 0;
        for url in &self.lane_urls {
            let request = self.sqs.get_queue_attributes().queue_url(url).set_attribute_names(Some(names.to_vec()));
            let reply = request.send().await.with_context(|| format!("{url} could not be read"))?;
            let counts = reply.attributes().into_iter().flatten().filter(|(name, _)| names.contains(name));
            waiting += counts.filter_map(|(_, count)| count.parse::<usize>().ok()).sum::<usize>();
        }
        Ok(waiting)
    }

    /// Events by their last state, and how many keys are dead letters.
    pub(crate) fn counts(&self) -> (HashMap<String, usize>, usize) {
        let seen = self.seen();
        let mut states = HashMap::new();
        for record in seen.ledger.values() {
            *states.entry(record.state.clone()).or_default() += 1;
        }
        (states, seen.dead.len())
    }

    /// Whether an event needs nothing any more: it is settled, or dead.
    pub(crate) fn at_rest(&self) -> impl Fn(&str) -> bool {
        let seen = self.seen();
        let settled = seen.ledger.iter().filter(|(_, seen)| crate::audit::is_settled(&seen.state));
        let mut keys: HashSet<String> = settled.map(|(key, _)| key.clone()).collect();
        keys.extend(seen.dead.iter().flatten().cloned());
        move |key| keys.contains(key)
    }

    /// All of it.
    pub(crate) fn into_parts(self) -> (HashMap<String, Seen>, Vec<Published>, Vec<Option<String>>) {
        let All { ledger, bus, dead } = self.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        (ledger, bus, dead)
    }

    fn seen(&self) -> MutexGuard<'_, All> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn again_and_again(
    period: Duration,
    mut is_over: watch::Receiver<()>,
    mut look: impl AsyncFnMut() -> Result<()>,
) -> Result<()> {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            // Nothing is sent: it closes.
            _ = is_over.changed() => return Ok(()),
            _ = ticks.tick() => look().await?,
        }
    }
}
