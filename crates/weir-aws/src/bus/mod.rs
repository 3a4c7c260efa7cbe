//! The EventBridge bus.

mod pack;

use std::time::Duration;

use crate::reason::reason;
use aws_sdk_eventbridge::{
    Client,
    types::{PutEventsRequestEntry, PutEventsResultEntry},
};
use aws_types::SdkConfig;
use weir_core::Failure;

/// The `source` of every event that weir publishes.
const SOURCE: &str = "weir";

/// When to look again for a bus that did not answer.
const SOON: Duration = Duration::from_secs(10);

/// One event for the bus.
#[derive(Clone)]
pub struct Entry {
    /// `detail-type`: the topic.
    pub topic: String,
    /// `detail`: the CloudEvent.
    pub detail: String,
    /// X-Ray's header, where the event's trace is recorded: what the rules' targets do then belongs to it.
    pub xray: Option<String>,
}

impl Entry {
    /// What EventBridge counts, by its documentation: UTF-8 bytes of source, detail-type and detail.
    pub fn size(&self) -> usize {
        SOURCE.len() + self.topic.len() + self.detail.len()
    }
}

/// Publishes events.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    name: String,
}

impl Bus {
    /// The bus of this name.
    pub fn new(config: &SdkConfig, name: String) -> Self {
        Self { client: Client::new(config), name }
    }

    /// Publishes in as few calls as fit and says for each entry, in order, what became of it. An entry that was
    /// refused fails alone.
    pub async fn publish(&self, entries: Vec<Entry>) -> Vec<Result<(), Failure>> {
        let sizes: Vec<usize> = entries.iter().map(Entry::size).collect();
        let mut entries = entries.into_iter();
        let mut results = Vec::with_capacity(sizes.len());
        for count in pack::pack(&sizes) {
            let call: Vec<Entry> = entries.by_ref().take(count).collect();
            results.extend(self.put(call).await);
        }
        results
    }

    async fn put(&self, entries: Vec<Entry>) -> Vec<Result<(), Failure>> {
        let count = entries.len();
        let request = entries.into_iter().fold(self.client.put_events(), |request, entry| {
            request.entries(
                PutEventsRequestEntry::builder()
                    .source(SOURCE)
                    .detail_type(entry.topic)
                    .detail(entry.detail)
                    .event_bus_name(&self.name)
                    .set_trace_header(entry.xray)
                    .build(),
            )
        });
        match request.send().await {
            Ok(reply) if reply.entries().len() == count => reply.entries().iter().map(result).collect(),
            Ok(_) => vec![Err(not_taken("it answered for another number of events")); count],
            Err(error) => vec![Err(not_taken(&reason(&error))); count],
        }
    }
}

fn result(entry: &PutEventsResultEntry) -> Result<(), Failure> {
    match entry.error_code() {
        None => Ok(()),
        // Sending the same again can't help; everything else may pass.
        Some(code @ ("MalformedDetail" | "InvalidArgument")) => {
            Err(Failure::permanent(format!("EventBridge refused the event: {code}")))
        }
        Some(code) => Err(not_taken(code)),
    }
}

/// It is the bus that can't be had, not the event that can't be handled: its receives are spared.
fn not_taken(reason: &str) -> Failure {
    Failure::outage(format!("EventBridge did not take the event: {reason}"), SOON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_permanent_and_throttling_is_not() {
        let entry = |code: Option<&str>| {
            let builder = PutEventsResultEntry::builder();
            result(&builder.set_error_code(code.map(str::to_owned)).build())
        };
        assert_eq!(entry(None), Ok(()));
        assert!(entry(Some("MalformedDetail")).unwrap_err().is_permanent());
        assert!(!entry(Some("ThrottlingException")).unwrap_err().is_permanent());
        assert!(!entry(Some("InternalFailure")).unwrap_err().is_permanent());
    }
}
