//! The archive's settings, as template.yaml sets them.

use weir_lambda::settings::{Reader, SettingsError};

/// All of them.
#[derive(Debug)]
pub struct Settings {
    /// `WEIR_QUEUE_URL`: the queue that the bus's rule fills.
    pub queue_url: String,
    /// `WEIR_ARCHIVE_BUCKET`
    pub bucket: String,
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
            bucket: reader.text("WEIR_ARCHIVE_BUCKET"),
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
        for name in ["WEIR_QUEUE_URL", "WEIR_ARCHIVE_BUCKET", "WEIR_STACK"] {
            assert!(problems.contains(name), "{problems}");
        }
    }
}
