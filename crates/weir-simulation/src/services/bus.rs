//! EventBridge behind `weir_aws::Bus`: takes what comes, refuses an entry now and then, and a call that is too large as a
//! whole.

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
    /// Splits a call that is refused for its size until each entry has an answer of its own, as `weir_aws::Bus` does.
    async fn publish(&self, entries: Vec<Entry>) -> Vec<Result<(), Failure>> {
        let (mut calls, mut results) = (vec![entries], Vec::new());
        while let Some(mut call) = calls.pop() {
            let count = call.len();
            match self.put(call.clone()).await {
                Ok(answers) => results.extend(answers),
                Err(TOO_LARGE) if count > 1 => {
                    let second = call.split_off(count / 2);
                    calls.extend([second, call]);
                }
                Err(TOO_LARGE) => results.push(Err(Failure::permanent(TOO_LARGE.0))),
                Err(Failed(why)) => results.extend(vec![Err(not_taken(why)); count]),
            }
        }
        results
    }
}

/// EventBridge's answer to a call with too many bytes.
const TOO_LARGE: Failed = Failed("ValidationException: Total size of the entries in the request is over the limit");

impl SimBus {
    async fn put(&self, entries: Vec<Entry>) -> Result<Vec<Result<(), Failure>>, Failed> {
        let bus = self.clone();
        let put = move || {
            let bytes = entries.iter().map(|entry| entry.detail.len()).sum::<usize>();
            if bytes > bus.environment.bus_call_bytes {
                return Err(TOO_LARGE);
            }
            Ok(entries.iter().map(|entry| bus.take(entry)).collect::<Vec<_>>())
        };
        self.network.call(&self.process, Service::Bus, put).await
    }

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
