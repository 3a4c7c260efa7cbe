//! The EventBridge bus.

mod pack;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_sdk_eventbridge::{
    Client,
    types::{PutEventsRequestEntry, PutEventsResultEntry},
};
use aws_types::SdkConfig;
use weir_core::{Failure, check, envelope::MAX_ENTRY_BYTES};

use crate::{
    acceptance::Acceptance,
    call_error::{CallError, ErrorClass},
};

/// The `source` of every event that the worker publishes, but for those of a check.
const SOURCE: &str = "weir";

/// The operation, as errors name it.
const PUT_EVENTS: &str = "PutEvents";

/// What a call may carry where EventBridge still has its limit of 256 KB, less the room of [`MAX_ENTRY_BYTES`].
pub const SMALL_CALL_BYTES: usize = 256 * 1024 - 16 * 1024;

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
        self.source().len() + self.topic.len() + self.detail.len()
    }

    /// Rules for [`SOURCE`] take no event of a check.
    fn source(&self) -> &'static str {
        self.source_of(SOURCE)
    }

    fn source_of(&self, publisher: &'static str) -> &'static str {
        if check::is_check(&self.topic) { check::SOURCE } else { publisher }
    }
}

/// Publishes events.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    name: String,
    publisher: &'static str,
    shared: Arc<Shared>,
}

/// What this process has learned of the bus.
#[derive(Debug)]
struct Shared {
    acceptance: Acceptance,
    /// The most bytes that are packed into one call.
    call_bytes: AtomicUsize,
}

impl Bus {
    /// The bus of this name, for what the worker publishes.
    pub fn new(config: &SdkConfig, name: String) -> Self {
        Self::of_publisher(config, name, SOURCE)
    }

    /// The bus of this name, for what another publisher puts on it: its `source`, such as `weir.orders`.
    pub fn of_publisher(config: &SdkConfig, name: String, publisher: &'static str) -> Self {
        let shared = Shared { acceptance: Acceptance::default(), call_bytes: MAX_ENTRY_BYTES.into() };
        Self { client: Client::new(config), name, publisher, shared: shared.into() }
    }

    /// Publishes in as few calls as fit and says for each entry, in order, what became of it. An entry that was
    /// refused fails alone: a call that is refused as a whole for its size or shape is split until each entry has an
    /// answer of its own.
    pub async fn publish(&self, entries: Vec<Entry>) -> Vec<Result<(), Failure>> {
        let sizes: Vec<usize> = entries.iter().map(Entry::size).collect();
        let mut results = Vec::with_capacity(entries.len());
        let mut entries = &entries[..];
        for count in pack::pack(&sizes, self.shared.call_bytes.load(Ordering::Relaxed)) {
            let (call, rest) = entries.split_at(count);
            entries = rest;
            self.put_split(call, &mut results).await;
        }
        results
    }

    async fn put_split(&self, entries: &[Entry], results: &mut Vec<Result<(), Failure>>) {
        // The halves that are left, the first one last.
        let mut calls = vec![entries];
        while let Some(call) = calls.pop() {
            match self.put(call).await {
                Ok(answers) => results.extend(answers),
                Err(error) if call.len() > 1 && is_of_its_content(&error) => {
                    if call.iter().map(Entry::size).sum::<usize>() > SMALL_CALL_BYTES {
                        self.shared.call_bytes.store(SMALL_CALL_BYTES, Ordering::Relaxed);
                    }
                    let (first, second) = call.split_at(call.len() / 2);
                    calls.extend([second, first]);
                }
                Err(error) => {
                    let failure = self.shared.acceptance.judge(error).failure();
                    results.extend(vec![Err(failure); call.len()]);
                }
            }
        }
    }

    /// The answer for each entry; or why the whole call has none.
    async fn put(&self, entries: &[Entry]) -> Result<Vec<Result<(), Failure>>, CallError> {
        let request = entries.iter().fold(self.client.put_events(), |request, entry| {
            request.entries(
                PutEventsRequestEntry::builder()
                    .source(entry.source_of(self.publisher))
                    .detail_type(&entry.topic)
                    .detail(&entry.detail)
                    .event_bus_name(&self.name)
                    .set_trace_header(entry.xray.clone())
                    .build(),
            )
        });
        match request.send().await {
            Ok(reply) if reply.entries().len() == entries.len() => {
                if reply.entries().iter().any(|entry| entry.error_code().is_none()) {
                    self.shared.acceptance.accepted();
                }
                Ok(reply.entries().iter().map(|entry| self.result(entry)).collect())
            }
            Ok(_) => Err(CallError {
                operation: PUT_EVENTS,
                resource: self.name.clone(),
                reason: "it answered for another number of events".to_owned(),
                class: ErrorClass::Unavailable,
            }),
            Err(error) => Err(CallError::of(PUT_EVENTS, &self.name, &error)),
        }
    }

    fn result(&self, entry: &PutEventsResultEntry) -> Result<(), Failure> {
        let Some(code) = entry.error_code() else { return Ok(()) };
        let error = CallError::of_entry(PUT_EVENTS, &self.name, code);
        match code {
            // Said of a single entry, it is about what that entry carries.
            "InvalidArgument" | "ValidationException" => Err(Failure::permanent(error)),
            _ => Err(error.failure()),
        }
    }
}

/// Whether a call was refused for what it carries: then a part of it may pass.
fn is_of_its_content(error: &CallError) -> bool {
    error.class == ErrorClass::Rejected
        || error.reason.contains("Validation")
        || error.reason.contains("InvalidRequest")
}

#[cfg(test)]
mod tests;
