//! Spans: what happened when, on an event's way. They are recorded as they end, gathered, and exported before the invocation
//! ends, by OTLP over HTTP with JSON.
//!
//! Not by the `opentelemetry` crates: their processors export from a thread of their own or block the one there is. A
//! Lambda function is frozen after its answer, and ours has a single thread: both lose or hold up what an awaited call
//! with a bound does not. What is left of them is a JSON document, which `otlp` writes, and an HTTP client, which is the
//! AWS SDK's.

mod current;
#[cfg(feature = "otlp")]
mod export;
mod otlp;

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use weir_core::UnixMillis;

use crate::{Output, TraceContext};

pub use current::{Call, current, scope};

/// What a span is to its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Answering a request.
    Server = 2,
    /// Calling something.
    Client = 3,
    /// Sending a message.
    Producer = 4,
    /// Handling a message.
    Consumer = 5,
}

/// Something that happened, from when until when. Its texts are those of the log: no body, no token, no customer's data.
#[derive(Debug, Clone)]
pub struct Span {
    /// What it is, of few words: `receive`, `process`, `publish`.
    pub name: Cow<'static, str>,
    /// What it is to its trace.
    pub kind: Kind,
    /// Its own place.
    pub context: TraceContext,
    /// The span it is part of.
    pub parent: Option<TraceContext>,
    /// From when.
    pub began: UnixMillis,
    /// Until when.
    pub ended: UnixMillis,
    /// What else is known, under the names of the log's fields.
    pub attributes: Vec<(&'static str, String)>,
    /// What went wrong.
    pub error: Option<String>,
}

/// So many spans wait for export at most; a batch of ten makes about thirty.
const MAX_WAITING: usize = 1000;

/// Gathers spans. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Traces(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    service: String,
    stack: String,
    waiting: Mutex<Vec<Span>>,
    to: To,
}

#[derive(Debug)]
enum To {
    #[cfg(feature = "otlp")]
    Collector(export::Exporter),
    /// Each document as a line: for tests that look at what would be exported.
    Output(Output),
}

impl Traces {
    /// Exports nothing.
    pub fn off() -> Self {
        Self(None)
    }

    /// Exports to `{endpoint}/v1/traces`, as the function `service` of a stack.
    #[cfg(feature = "otlp")]
    pub fn exported(endpoint: &str, service: &str, stack: &str) -> Self {
        Self::to(To::Collector(export::Exporter::to(endpoint)), service, stack)
    }

    /// Writes to an output what would be exported.
    pub fn written(output: Output, service: &str, stack: &str) -> Self {
        Self::to(To::Output(output), service, stack)
    }

    fn to(to: To, service: &str, stack: &str) -> Self {
        let (service, stack) = (service.to_owned(), stack.to_owned());
        Self(Some(Arc::new(Inner { service, stack, waiting: Mutex::default(), to })))
    }

    /// Whether spans are exported.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The place of a new span: below `parent`, or in a new trace. Recorded if its parent is, or spans are exported.
    pub fn place(&self, parent: Option<TraceContext>) -> TraceContext {
        let span_id = fastrand::u64(1..);
        let place = match parent {
            Some(parent) => parent.child(span_id),
            None => TraceContext::new(fastrand::u128(1..), span_id, false),
        };
        place.sampled_if(self.is_on())
    }

    /// Takes a span, to be exported with the next [`flush`](Self::flush).
    pub fn record(&self, span: Span) {
        let Some(inner) = &self.0 else { return };
        let mut waiting = inner.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MAX_WAITING {
            waiting.push(span);
        }
    }

    /// Exports what was gathered, for so long at most. What is not taken then is lost: no event waits for its spans. A
    /// collector that fails is left alone for a while.
    #[cfg_attr(not(feature = "otlp"), expect(unused_variables, reason = "only a collector takes its time"))]
    pub async fn flush(&self, within: Duration) {
        let Some(inner) = &self.0 else { return };
        let spans = std::mem::take(&mut *inner.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if spans.is_empty() {
            return;
        }
        let document = otlp::document(&inner.service, &inner.stack, &spans);
        match &inner.to {
            #[cfg(feature = "otlp")]
            To::Collector(exporter) => exporter.export(document, within).await,
            To::Output(output) => output.line(document.to_string()),
        }
    }
}

#[cfg(all(test, feature = "otlp"))]
mod tests;
