//! The telemetry of a function, and its settings.

use tracing_subscriber::filter::LevelFilter;
use weir_lambda::settings::Reader;

use crate::{Metrics, Traces};

/// Where a function reports its work. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// Metrics.
    pub metrics: Metrics,
    /// Spans, if they are exported.
    pub traces: Traces,
}

impl Telemetry {
    /// Reports nothing.
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

    /// Sends log lines to standard output, and makes the recorders of metrics and spans; `service` is the function's name
    /// in spans. To be called once.
    #[cfg(feature = "otlp")]
    pub fn install(self, service: &str) -> Telemetry {
        crate::logs::install(self.log);
        let traces = match &self.otlp_endpoint {
            Some(endpoint) => Traces::exported(endpoint, service, &self.stack),
            None => Traces::off(),
        };
        Telemetry { metrics: Metrics::new(self.stack, self.metrics_by_shop, crate::Output::Stdout), traces }
    }
}
