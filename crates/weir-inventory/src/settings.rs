//! The settings of the service, as template.yaml sets them.

use weir_lambda::settings::{Reader, SettingsError};
use weir_shops::ClientNames;

/// All of them.
#[derive(Debug)]
pub struct Settings {
    /// `WEIR_QUEUE_URL`: the queue that the bus's rules and the schedule fill.
    pub queue_url: String,
    /// `WEIR_BUS`: where events go.
    pub bus: String,
    /// `WEIR_STOCK_TABLE`
    pub table: String,
    /// `WEIR_STOCK_MAX_ZEROED_SKUS`: a round that sets more SKUs to zero is held.
    pub max_zeroed_skus: usize,
    /// `WEIR_STOCK_MAX_ZEROED_PERCENT`: a round that sets a larger share of all SKUs to zero is held.
    pub max_zeroed_percent: usize,
    /// Where the shops, the apps' secrets and what clients share are.
    pub clients: ClientNames,
    /// `WEIR_LOG`, `WEIR_STACK` and what else all functions have.
    pub telemetry: weir_telemetry::Settings,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Says everything that is wrong with it.
    pub fn read(env: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(env);
        let settings = Self {
            queue_url: reader.text("WEIR_QUEUE_URL"),
            bus: reader.text("WEIR_BUS"),
            table: reader.text("WEIR_STOCK_TABLE"),
            max_zeroed_skus: reader.parsed("WEIR_STOCK_MAX_ZEROED_SKUS", 20),
            max_zeroed_percent: reader.parsed("WEIR_STOCK_MAX_ZEROED_PERCENT", 10),
            clients: ClientNames::read(&mut reader),
            telemetry: weir_telemetry::Settings::read(&mut reader),
        };
        reader.finish(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_environment_is_refused_with_everything_that_is_missing() {
        let problems = Settings::read(|_| None).unwrap_err().to_string();
        for name in ["WEIR_QUEUE_URL", "WEIR_BUS", "WEIR_STOCK_TABLE", "WEIR_SHOPS_TABLE", "WEIR_STACK"] {
            assert!(problems.contains(name), "{problems}");
        }
    }
}
