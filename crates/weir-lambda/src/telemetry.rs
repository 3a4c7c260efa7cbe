//! What a function tells of itself: log lines, metrics and spans.

mod json;

use tracing_subscriber::{filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{metrics::Metrics, output::Output, settings::Reader, traces::Traces};

/// What a function's work is told to. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// Metrics.
    pub metrics: Metrics,
    /// Spans, if they are exported.
    pub traces: Traces,
}

impl Telemetry {
    /// Tells nobody.
    pub fn off() -> Self {
        Self { metrics: Metrics::off(), traces: Traces::off() }
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        Self::off()
    }
}

/// The settings that every function has.
#[derive(Debug)]
pub struct Settings {
    /// `WEIR_LOG`: the least severe line that is written.
    pub log: LevelFilter,
    /// `WEIR_STACK`: the stack's name, by which its metrics are told from another's.
    pub stack: String,
    /// `WEIR_METRICS_BY_SHOP`: shops, separated by commas, that have metrics of their own.
    pub metrics_by_shop: Vec<String>,
    /// `WEIR_OTLP_ENDPOINT`: where spans are sent by OTLP over HTTP, as `http://127.0.0.1:4318`; nowhere if it is empty.
    pub otlp_endpoint: Option<String>,
}

impl Settings {
    /// Reads them.
    pub fn read<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> Self {
        let shops = reader.optional("WEIR_METRICS_BY_SHOP").unwrap_or_default();
        let shops = shops.split(',').map(str::trim).filter(|shop| !shop.is_empty()).map(str::to_owned);
        Self {
            log: reader.parsed("WEIR_LOG", LevelFilter::INFO),
            stack: reader.text("WEIR_STACK"),
            metrics_by_shop: shops.collect(),
            otlp_endpoint: reader.optional("WEIR_OTLP_ENDPOINT"),
        }
    }

    /// Sends log lines to standard output, and makes what metrics and spans are told to; `service` is the function's name
    /// in spans. To be called once.
    #[cfg(feature = "otlp")]
    pub fn install(self, service: &str) -> Telemetry {
        install(self.log);
        let traces = match &self.otlp_endpoint {
            Some(endpoint) => Traces::exported(endpoint, service, &self.stack),
            None => Traces::off(),
        };
        Telemetry { metrics: Metrics::new(self.stack, self.metrics_by_shop, Output::Stdout), traces }
    }
}

/// Sends log lines of `level` and above to standard output, and keeps panic messages out of them: a message
/// may quote what a handler was looking at, so only the place is told.
pub fn install(level: LevelFilter) {
    tracing_subscriber::registry().with(level).with(json::JsonLines(Output::Stdout)).init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "A panic was caught");
    }));
}

/// Sends the running thread's lines to nobody, unless somebody takes them already: for the tests of a process in which
/// another test looks at lines. What is logged first where nobody listens may stay unheard by who begins to listen just then,
/// for `tracing` remembers who wants a line.
pub fn unheard() -> Option<tracing::subscriber::DefaultGuard> {
    let is_unheard = tracing::dispatcher::get_default(|current| current.is::<tracing::subscriber::NoSubscriber>());
    let nobody = || tracing_subscriber::registry().with(LevelFilter::TRACE).with(json::JsonLines(Output::Nowhere));
    is_unheard.then(|| tracing::subscriber::set_default(nobody()))
}

/// The lines that `level` lets pass, into memory: for tests that look at what is logged.
pub fn captured(level: LevelFilter) -> (impl tracing::Subscriber + Send + Sync, Output) {
    let output = Output::memory();
    (tracing_subscriber::registry().with(level).with(json::JsonLines(output.clone())), output)
}
