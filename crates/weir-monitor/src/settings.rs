//! The monitor's settings, as template.yaml sets them.

use std::time::Duration;

use weir_aws::LaneUrls;
use weir_lambda::settings::{Reader, SettingsError};
use weir_shops::ClientNames;

/// All of them.
#[derive(Debug)]
pub struct Settings {
    /// `WEIR_WEBHOOK_URL`: where subscriptions point to; other apps' have a slash and the app's name behind it.
    pub webhook_url: String,
    /// Where the shops, the apps' secrets and what clients share are.
    pub clients: ClientNames,
    /// `WEIR_OPERATIONS_TABLE`
    pub operations_table: String,
    /// `WEIR_FENCE_TABLE`: what came of each resource.
    pub fence_table: String,
    /// `WEIR_LEDGER_TABLE`: what came of each event.
    pub ledger_table: String,
    /// `WEIR_QUEUE_PREFIX`: where missed events go. A lane's queue URL is this and the lane's name.
    pub lanes: LaneUrls,
    /// `WEIR_BODIES_BUCKET`
    pub bodies_bucket: String,
    /// `WEIR_RECONCILE_HOURS`: how often each shop is reconciled though all is well; 0 is never.
    pub reconcile_every: Option<Duration>,
    /// `WEIR_LOG` and the like.
    pub telemetry: weir_telemetry::Settings,
}

impl Settings {
    /// Reads the environment, or says everything that is wrong with it.
    ///
    /// # Errors
    /// Everything that is missing or malformed.
    pub fn read(env: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(env);
        let settings = Self {
            webhook_url: reader.text("WEIR_WEBHOOK_URL"),
            clients: ClientNames::read(&mut reader),
            operations_table: reader.text("WEIR_OPERATIONS_TABLE"),
            fence_table: reader.text("WEIR_FENCE_TABLE"),
            ledger_table: reader.text("WEIR_LEDGER_TABLE"),
            lanes: LaneUrls::prefixed(&reader.text("WEIR_QUEUE_PREFIX")),
            bodies_bucket: reader.text("WEIR_BODIES_BUCKET"),
            reconcile_every: match reader.parsed::<u32>("WEIR_RECONCILE_HOURS", 0) {
                0 => None,
                hours => Some(Duration::from_secs(3_600) * hours),
            },
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
        assert_eq!(Settings::read(|_| None).unwrap_err().0.len(), 13);
    }
}
