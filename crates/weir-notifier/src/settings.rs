//! The notifier's settings, as template.yaml sets them.

use weir_lambda::settings::{Reader, SettingsError};

/// All of them.
#[derive(Debug)]
pub struct Settings {
    /// `WEIR_SLACK_SECRET`: the secret that holds the address of a Slack incoming webhook.
    pub slack_secret: String,
    /// `WEIR_RUNBOOK_URL`: where people read the runbook; empty: its sections are named without a link.
    pub runbook_url: Option<String>,
    /// `WEIR_STATE_TABLE`: what was told is kept there.
    pub state_table: String,
    /// `WEIR_STACK`, with which the names of the stack's alarms begin, `WEIR_LOG` and the like.
    pub telemetry: weir_telemetry::Settings,
}

impl Settings {
    /// Reads the environment, or says everything that is wrong with it.
    pub fn read(env: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(env);
        let settings = Self {
            slack_secret: reader.text("WEIR_SLACK_SECRET"),
            runbook_url: reader.optional("WEIR_RUNBOOK_URL"),
            state_table: reader.text("WEIR_STATE_TABLE"),
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
        assert_eq!(Settings::read(|_| None).unwrap_err().0.len(), 4);
    }
}
