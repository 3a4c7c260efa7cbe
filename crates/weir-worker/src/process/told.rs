//! What is told of an attempt: the fields of its log lines, its span, its metrics.

use std::time::Duration;

use crate::outside::Outside;
use tracing::Instrument;
use weir_consumer::batch::{Message, Verdict};
use weir_core::{
    Failure,
    envelope::{Envelope, Meta},
    ledger::Ending,
    park::Parked,
};
use weir_telemetry::{
    Labels, TraceContext,
    metrics::{self, ErrorKind, Metric},
    traces::{self, Kind, Span},
};

use super::{Processor, Seat, fate::Fate};

/// Requests of merchants and of their customers that must be answered within 30 days: they have to reach somebody.
const COMPLIANCE_TOPICS: [&str; 3] = ["customers/data_request", "customers/redact", "shop/redact"];

impl<O: Outside> Processor<O> {
    /// An event's attempt as a span below the one that sent the message; on the bus the attempt is the parent of what
    /// comes next. A copy that is parked keeps what the message had.
    pub(super) async fn traced(&self, message: &Message, mut envelope: Envelope, seat: Seat) -> Verdict {
        let traces = self.telemetry.traces.clone();
        let parent = envelope.meta.traceparent.as_deref().and_then(TraceContext::parse);
        let place = traces.place(parent);
        envelope.meta.traceparent = Some(place.to_string());
        let (meta, began) = (envelope.meta.clone(), self.clock.now());
        // An error's span, so that the fields stand in errors at any level.
        let fields = tracing::error_span!(
            "event",
            request_id = self.request_id,
            trace_id = place.trace_id(),
            span_id = place.span_id(),
            shop = meta.shop,
            topic = meta.topic,
            webhook_id = meta.webhook_id,
            app = meta.app,
            lane = self.lane.as_str(),
        );
        let work = self.event(message, envelope, seat).instrument(fields);
        let verdict = traces::scope(traces.clone(), place, work).await;
        if traces.is_on() {
            let attributes = vec![
                ("shop", meta.shop),
                ("topic", meta.topic),
                ("webhook_id", meta.webhook_id),
                ("app", meta.app),
                ("lane", self.lane.as_str().to_owned()),
                ("receives", message.receives.to_string()),
            ];
            // Why stands in the log and the ledger.
            let error = (verdict != Verdict::Acknowledge).then(|| "the message comes back".to_owned());
            let (kind, ended) = (Kind::Consumer, self.clock.now());
            traces.record(Span {
                name: "process".into(),
                kind,
                context: place,
                parent,
                began,
                ended,
                attributes,
                error,
            });
        }
        verdict
    }

    /// An attempt that came to an end, and what the ledger's answer made of it.
    pub(super) fn tell_ended(&self, message: &Message, meta: &Meta, ending: &Ending, fate: Fate) {
        match fate {
            Fate::Ended => {}
            // Another worker had taken over, and tells of its own attempt.
            Fate::Lost => return,
            Fate::ComesBack(_) | Fate::Copied | Fate::Parked | Fate::GivenUp => {
                return self.tell_error(message, Some(meta), ErrorKind::Ledger, fate);
            }
        }
        self.tell(&metrics::DONE, Some(meta));
        if COMPLIANCE_TOPICS.contains(&meta.topic.as_str()) {
            self.tell(&metrics::COMPLIANCE_EVENTS, Some(meta));
        }
        if matches!(ending, Ending::Stale | Ending::Repeated) {
            return self.tell(&metrics::STALE, Some(meta));
        }
        // What was sent for a delivery that never came is as late as the loss was found: no measure of this pipeline.
        if meta.synthetic.is_some() {
            return;
        }
        let took = self.clock.now().since(meta.triggered_at_ms().unwrap_or(meta.received_at));
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.telemetry.metrics.add(&metrics::END_TO_END_LATENCY, took, &self.of(Some(meta)));
        if meta.topic.starts_with("inventory_") {
            self.telemetry.metrics.add(&metrics::INVENTORY_SYNC_LATENCY, took, &self.of(Some(meta)));
        }
    }

    /// An attempt that failed, and what becomes of its message.
    pub(super) fn tell_failed(&self, message: &Message, meta: Option<&Meta>, failure: &Failure, fate: Fate) {
        self.tell_error(message, meta, kind(failure), fate);
    }

    /// An attempt that leaves its event unfinished: how old the event will be when it is tried next. An event is as old as
    /// its parking, or else as its message.
    pub(super) fn tell_pending(&self, message: &Message, parked: Option<Parked>, delay: Duration) {
        let Some(since) = parked.map(|parked| parked.since).or(message.sent_at) else { return };
        let age = (self.clock.now() + delay).since(since);
        self.telemetry.metrics.add(&metrics::PENDING_AGE, age.as_secs(), &self.of(None));
    }

    /// A message whose body is not its event's: it is refused until it has used up its receives.
    pub(super) fn tell_mismatch(&self, message: &Message, meta: Option<&Meta>) {
        if message.receives <= 1 {
            self.tell(&metrics::MISMATCHES, meta);
        }
        if self.is_last_receive(message) {
            self.tell(&metrics::DEAD_LETTERED, meta);
        }
    }

    /// An attempt whose ledger could not be reached.
    pub(super) fn tell_without_ledger(&self, message: &Message, meta: Option<&Meta>, failure: &Failure, fate: Fate) {
        let kind = if let Failure::Misconfigured(_) = failure { ErrorKind::Misconfigured } else { ErrorKind::Ledger };
        self.tell_error(message, meta, kind, fate);
    }

    pub(super) fn tell(&self, metric: &'static Metric, meta: Option<&Meta>) {
        self.telemetry.metrics.count(metric, &self.of(meta));
    }

    /// An error, and whether its event comes back, waits or goes to the DLQ.
    fn tell_error(&self, message: &Message, meta: Option<&Meta>, kind: ErrorKind, fate: Fate) {
        if fate == Fate::Lost {
            return;
        }
        self.telemetry.metrics.count(&metrics::WORKER_ERRORS, &Labels { kind: Some(kind), ..self.of(meta) });
        let what = match fate {
            Fate::Parked => &metrics::PARKS,
            Fate::GivenUp => &metrics::DEAD_LETTERED,
            Fate::ComesBack(_) if self.is_last_receive(message) => &metrics::DEAD_LETTERED,
            _ => &metrics::RETRIES,
        };
        self.tell(what, meta);
    }

    fn of<'a>(&self, meta: Option<&'a Meta>) -> Labels<'a> {
        Labels { lane: Some(self.lane), shop: meta.map(|meta| meta.shop.as_str()), ..Labels::default() }
    }
}

fn kind(failure: &Failure) -> ErrorKind {
    match failure {
        Failure::Panic => ErrorKind::Panic,
        Failure::Transient(_) => ErrorKind::Transient,
        Failure::Outage { .. } => ErrorKind::Outage,
        Failure::Misconfigured(_) => ErrorKind::Misconfigured,
        Failure::Permanent(_) => ErrorKind::Permanent,
    }
}
