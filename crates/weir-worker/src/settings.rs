//! The worker's settings, as template.yaml sets them. Handlers read their own: see [`handlers`](crate::handlers).

use std::time::Duration;

use weir_core::{Backoff, Lane};
use weir_lambda::settings::{Reader, SettingsError};

/// All of them.
#[derive(Debug)]
pub struct Settings {
    /// `WEIR_LANE`: which lane this function reads.
    pub lane: Lane,
    /// `WEIR_QUEUE_URL`: that lane's queue.
    pub queue_url: String,
    /// `WEIR_LEDGER_TABLE`
    pub ledger_table: String,
    /// `WEIR_LEDGER_RETENTION_DAYS`
    pub ledger_retention: Duration,
    /// `WEIR_FENCE_TABLE`
    pub fence_table: String,
    /// `WEIR_STATE_TABLE`: what processes share, such as which circuits are open.
    pub state_table: String,
    /// `WEIR_BACKOFF_BASE_SECONDS`, `WEIR_BACKOFF_CAP_SECONDS`: how long failed messages wait.
    pub backoff: Backoff,
    /// `WEIR_CONTROLS`: the parameter with what the operator switched off and slowed down.
    pub controls: String,
    /// `WEIR_BUS`
    pub bus: String,
    /// `WEIR_SHOPS_TABLE`
    pub shops_table: String,
    /// `WEIR_CACHE_TABLE`
    pub cache_table: String,
    /// `WEIR_BODIES_BUCKET`
    pub bodies_bucket: String,
    /// `WEIR_MAX_RECEIVE_COUNT`: how often SQS hands out one message before the DLQ has it.
    pub max_receives: u32,
    /// `WEIR_MAX_ATTEMPTS`: how often an event may fail before it goes to the DLQ.
    pub max_attempts: u32,
    /// `WEIR_LOG`, `WEIR_STACK` and what else all functions have.
    pub telemetry: weir_telemetry::Settings,
}

impl Settings {
    /// Reads the environment, or says everything that is wrong with it.
    pub fn read(env: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(env);
        let settings = Self {
            lane: reader.parsed("WEIR_LANE", Lane::Standard),
            queue_url: reader.text("WEIR_QUEUE_URL"),
            ledger_table: reader.text("WEIR_LEDGER_TABLE"),
            ledger_retention: Duration::from_secs(86_400)
                * reader.parsed::<u16>("WEIR_LEDGER_RETENTION_DAYS", 0).into(),
            fence_table: reader.text("WEIR_FENCE_TABLE"),
            state_table: reader.text("WEIR_STATE_TABLE"),
            backoff: Backoff {
                base: Duration::from_secs(reader.parsed("WEIR_BACKOFF_BASE_SECONDS", 0)),
                cap: Duration::from_secs(reader.parsed("WEIR_BACKOFF_CAP_SECONDS", 0)),
            },
            controls: reader.text("WEIR_CONTROLS"),
            bus: reader.text("WEIR_BUS"),
            shops_table: reader.text("WEIR_SHOPS_TABLE"),
            cache_table: reader.text("WEIR_CACHE_TABLE"),
            bodies_bucket: reader.text("WEIR_BODIES_BUCKET"),
            max_receives: reader.parsed("WEIR_MAX_RECEIVE_COUNT", 0),
            max_attempts: reader.parsed("WEIR_MAX_ATTEMPTS", 0),
            telemetry: weir_telemetry::Settings::read(&mut reader),
        };
        reader.finish(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_environment_is_refused_with_everything_that_is_missing() {
        assert_eq!(Settings::read(|_| None).unwrap_err().0.len(), 17);
    }
}
