//! The settings of the service, as template.yaml sets them.

use std::time::Duration;

use weir_lambda::settings::{Reader, SettingsError};

use crate::ConfirmedWhen;

/// All of them.
#[derive(Debug)]
pub struct Settings {
    /// `WEIR_QUEUE_URL`: the queue that the bus's rule fills.
    pub queue_url: String,
    /// `WEIR_BUS`: where events go.
    pub bus: String,
    /// `WEIR_ORDERS_TABLE`
    pub table: String,
    /// `WEIR_BODIES_BUCKET`: where bodies are that no event can carry.
    pub bodies_bucket: String,
    /// `WEIR_ORDER_DAYS`: for how long an order is remembered after its last change.
    pub retention: Duration,
    /// `WEIR_ORDER_CONFIRMED_WHEN`: `created`, `authorized` or `paid`.
    pub confirmed: ConfirmedWhen,
    /// `WEIR_LOG`, `WEIR_STACK` and what else all functions have.
    pub telemetry: weir_telemetry::Settings,
}

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

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
            table: reader.text("WEIR_ORDERS_TABLE"),
            bodies_bucket: reader.text("WEIR_BODIES_BUCKET"),
            retention: Duration::from_secs(reader.parsed("WEIR_ORDER_DAYS", 400_u64).saturating_mul(DAY)),
            confirmed: reader.parsed("WEIR_ORDER_CONFIRMED_WHEN", ConfirmedWhen::default()),
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
        for name in ["WEIR_QUEUE_URL", "WEIR_BUS", "WEIR_ORDERS_TABLE", "WEIR_BODIES_BUCKET", "WEIR_STACK"] {
            assert!(problems.contains(name), "{problems}");
        }
    }

    #[test]
    fn unknown_moment_of_confirmation_is_refused() {
        let problems = Settings::read(|name| Some(name.to_lowercase())).unwrap_err().to_string();
        assert!(problems.contains("WEIR_ORDER_CONFIRMED_WHEN"), "{problems}");
    }
}
