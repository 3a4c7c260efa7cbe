//! The telemetry of an attempt: the fields of its log lines, its span, its metrics.

use std::time::Duration;

use tracing::Instrument;
use weir_core::{
    Failure,
    envelope::{Envelope, Meta},
    ledger::AttemptResult,
    park::Parked,
};
use weir_telemetry::{
    Labels, TraceContext,
    metrics::{ErrorKind, Metric},
    traces::{self, Kind, Span},
};

use super::{Processor, fate::Fate};
use crate::{
    LastStep,
    batch::{Message, Verdict},
    services::WorkerServices,
};

impl<S: WorkerServices, P: LastStep> Processor<S, P> {
    /// An event's attempt as a span below the one that sent the message; for what the attempt sends, it is the parent. A
    /// copy that is parked keeps what the message had.
    pub(super) async fn traced(&self, message: &Message, mut envelope: Envelope, handle: P::Handle) -> Verdict {
        let (traces, source) = (self.consumer.telemetry.traces.clone(), self.consumer.source.name());
        let parent = envelope.meta.traceparent.as_deref().and_then(TraceContext::parse);
        let place = traces.place(parent);
        envelope.meta.traceparent = Some(place.to_string());
        let (meta, began) = (envelope.meta.clone(), self.consumer.clock.now());
        // An error's span, so that the fields are in errors at any level.
        let fields = tracing::error_span!(
            "event",
            request_id = self.request_id,
            trace_id = place.trace_id(),
            span_id = place.span_id(),
            shop = meta.shop.as_str(),
            topic = meta.topic.as_str(),
            webhook_id = meta.webhook_id.as_str(),
            app = meta.app.as_str(),
            lane = source,
        );
        let work = self.event(message, envelope, handle).instrument(fields);
        let verdict = traces::scope(traces.clone(), place, work).await;
        if traces.is_on() {
            let attributes = vec![
                ("shop", meta.shop.into()),
                ("topic", meta.topic.into()),
                ("webhook_id", meta.webhook_id.into()),
                ("app", meta.app.into()),
                ("lane", source.to_owned()),
                ("receives", message.receives.to_string()),
            ];
            // The log and the ledger have the reason.
            let error = (verdict != Verdict::Acknowledge).then(|| "the message comes back".to_owned());
            let (kind, ended) = (Kind::Consumer, self.consumer.clock.now());
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

    /// Records an attempt that came to an end, and what the ledger's answer made of it.
    pub(super) fn record_ended(&self, message: &Message, meta: &Meta, ending: &AttemptResult, fate: Fate) {
        match fate {
            Fate::Ended => {}
            // Another worker had taken over, and records its own attempt.
            Fate::Lost => return,
            Fate::ComesBack(_) | Fate::Copied | Fate::Parked | Fate::GivenUp => {
                return self.record_error(message, Some(meta), ErrorKind::Ledger, fate);
            }
        }
        let metrics = &self.consumer.metrics;
        let of_topic = metrics.of_topic.map(|of| of(meta.topic.as_str())).unwrap_or_default();
        self.count_metric(metrics.done, Some(meta));
        self.count_metric(of_topic.done, Some(meta));
        if matches!(ending, AttemptResult::Stale | AttemptResult::Repeated) {
            return self.count_metric(metrics.stale, Some(meta));
        }
        // What was sent for a delivery that never came is as late as the loss was found: no measure of this pipeline.
        // So is what an operator sent again.
        if meta.synthetic.is_some() || meta.generation > 0 {
            return;
        }
        let took = self.consumer.clock.now().since(meta.triggered_at_ms().unwrap_or(meta.received_at));
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.add_metric(metrics.end_to_end_latency, took, Some(meta));
        self.add_metric(of_topic.end_to_end_latency, took, Some(meta));
    }

    /// Records an attempt that failed, and what becomes of its message.
    pub(super) fn record_failed(&self, message: &Message, meta: Option<&Meta>, failure: &Failure, fate: Fate) {
        self.record_error(message, meta, kind(failure), fate);
    }

    /// Records an attempt that leaves its event unfinished: how old the event will be when it is tried next. An event is
    /// as old as its parking, or else as its message.
    pub(super) fn record_pending(&self, message: &Message, parked: Option<Parked>, delay: Duration) {
        let Some(since) = parked.map(|parked| parked.since).or(message.sent_at) else { return };
        let age = (self.consumer.clock.now() + delay).since(since);
        self.add_metric(self.consumer.metrics.pending_age, age.as_secs(), None);
    }

    /// Records a message whose body is not its event's: it is refused until it has used up its receives.
    pub(super) fn record_mismatch(&self, message: &Message, meta: Option<&Meta>) {
        if message.receives <= 1 {
            self.count_metric(self.consumer.metrics.mismatches, meta);
        }
        if self.is_last_receive(message) {
            self.count_metric(self.consumer.metrics.dead_lettered, meta);
        }
    }

    /// Records an attempt whose ledger could not be reached.
    pub(super) fn record_without_ledger(&self, message: &Message, meta: Option<&Meta>, failure: &Failure, fate: Fate) {
        let kind = if let Failure::Misconfigured(_) = failure { ErrorKind::Misconfigured } else { ErrorKind::Ledger };
        self.record_error(message, meta, kind, fate);
    }

    /// Counts one, if the consumer has that metric.
    pub(super) fn count_metric(&self, metric: Option<&'static Metric>, meta: Option<&Meta>) {
        self.add_metric(metric, 1, meta);
    }

    fn add_metric(&self, metric: Option<&'static Metric>, value: u64, meta: Option<&Meta>) {
        if let Some(metric) = metric {
            self.consumer.telemetry.metrics.add(metric, value, &self.labels(meta));
        }
    }

    /// An error, and whether its event comes back, waits or goes to the DLQ.
    fn record_error(&self, message: &Message, meta: Option<&Meta>, kind: ErrorKind, fate: Fate) {
        if fate == Fate::Lost {
            return;
        }
        let metrics = &self.consumer.metrics;
        if let Some(errors) = metrics.errors {
            let labels = Labels { kind: Some(kind), ..self.labels(meta) };
            self.consumer.telemetry.metrics.count(errors, &labels);
        }
        let metric = match fate {
            Fate::Parked => metrics.parks,
            Fate::GivenUp => metrics.dead_lettered,
            Fate::ComesBack(_) if self.is_last_receive(message) => metrics.dead_lettered,
            _ => metrics.retries,
        };
        self.count_metric(metric, meta);
    }

    fn labels<'a>(&self, meta: Option<&'a Meta>) -> Labels<'a> {
        let shop = meta.map(|meta| meta.shop.as_str());
        Labels { lane: self.consumer.source.lane(), shop, ..Labels::default() }
    }
}

fn kind(failure: &Failure) -> ErrorKind {
    match failure {
        Failure::Transient(_) => ErrorKind::Transient,
        Failure::Panic => ErrorKind::Panic,
        Failure::Outage { .. } => ErrorKind::Outage,
        Failure::Misconfigured(_) => ErrorKind::Misconfigured,
        Failure::Permanent(_) => ErrorKind::Permanent,
    }
}
