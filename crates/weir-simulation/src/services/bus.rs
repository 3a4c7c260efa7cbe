//! EventBridge: takes what comes, refuses an entry now and then.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use weir_aws::Entry;
use weir_core::Failure;
use weir_worker::publish::Publish;

use crate::{
    Environment, Service,
    history::{Effect, History},
    network::{Failed, Network, Process},
};

/// The bus, as one invocation reaches it.
#[derive(Clone)]
pub(crate) struct SimBus {
    pub(crate) history: Arc<History>,
    pub(crate) network: Arc<Network>,
    pub(crate) process: Arc<Process>,
    pub(crate) environment: Environment,
}

impl Publish for SimBus {
    async fn publish(&self, entries: Vec<Entry>) -> Vec<Result<(), Failure>> {
        let count = entries.len();
        let bus = self.clone();
        let put = move || {
            let bytes = entries.iter().map(|entry| entry.detail.len()).sum::<usize>();
            if bytes > bus.environment.bus_call_bytes {
                return Err(Failed("ValidationException: Total size of the entries in the request is over the limit"));
            }
            Ok(entries.iter().map(|entry| bus.take(entry)).collect::<Vec<_>>())
        };
        match self.network.call(&self.process, Service::Bus, put).await {
            Ok(results) => results,
            Err(Failed(why)) => vec![Err(not_taken(why)); count],
        }
    }
}

impl SimBus {
    fn take(&self, entry: &Entry) -> Result<(), Failure> {
        if self.network.dice.hits(self.network.faults().event_refused) {
            return Err(not_taken("ThrottlingException"));
        }
        if !self.environment.is_matched {
            return Ok(());
        }
        let webhook_id = id(&entry.detail);
        self.history.book().published.push(Effect { webhook_id, as_what: entry.topic.clone(), at: Instant::now() });
        Ok(())
    }
}

/// As `weir_aws::Bus` says it.
fn not_taken(why: &str) -> Failure {
    Failure::outage(format!("EventBridge did not take the event: {why}"), Duration::from_secs(10))
}

/// The `id` of a CloudEvent.
fn id(detail: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(detail).unwrap_or_default();
    event["id"].as_str().unwrap_or("?").to_owned()
}
