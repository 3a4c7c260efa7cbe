//! Ingest's settings, as template.yaml sets them.

use tracing_subscriber::filter::LevelFilter;
use weir_aws::LaneUrls;
use weir_lambda::settings::{Problems, Reader};

/// All of them.
#[derive(Debug)]
pub struct Settings {
    /// `WEIR_APPS`: the names that `/webhooks/{app}` may have.
    pub apps: Vec<String>,
    /// `WEIR_SECRET_PREFIX`: an app's secret is `{prefix}/{app}`.
    pub secret_prefix: String,
    /// `WEIR_QUEUE_URGENT`, `WEIR_QUEUE_STANDARD`, `WEIR_QUEUE_BULK`
    pub lanes: LaneUrls,
    /// `WEIR_BODIES_BUCKET`
    pub bodies_bucket: String,
    /// `WEIR_LOG`
    pub log: LevelFilter,
}

impl Settings {
    /// Reads the environment, or says everything that is wrong with it.
    pub fn read(env: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader::new(env);
        let settings = Self {
            apps: reader.list("WEIR_APPS", is_app, "names of 1 to 63 lower-case letters, digits and hyphens"),
            secret_prefix: reader.text("WEIR_SECRET_PREFIX"),
            lanes: LaneUrls {
                urgent: reader.text("WEIR_QUEUE_URGENT"),
                standard: reader.text("WEIR_QUEUE_STANDARD"),
                bulk: reader.text("WEIR_QUEUE_BULK"),
            },
            bodies_bucket: reader.text("WEIR_BODIES_BUCKET"),
            log: reader.parsed("WEIR_LOG", LevelFilter::INFO),
        };
        reader.finish(settings)
    }
}

fn is_app(name: &str) -> bool {
    (1..=63).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_environment_is_refused_with_everything_that_is_missing() {
        assert_eq!(Settings::read(|_| None).unwrap_err().0.len(), 7);
    }

    #[test]
    fn apps_are_a_list_of_names() {
        let read = |apps: &'static str| {
            Settings::read(move |name| Some(if name == "WEIR_APPS" { apps } else { "info" }.to_owned()))
        };
        assert_eq!(read("default, loyalty").unwrap().apps, ["default", "loyalty"]);
        for apps in ["default,", "De fault", "a/b", "x,é"] {
            assert!(read(apps).is_err(), "{apps}");
        }
    }
}
