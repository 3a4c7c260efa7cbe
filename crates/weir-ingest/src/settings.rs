//! Ingest's settings, as template.yaml sets them.

use weir_aws::LaneUrls;
use weir_core::AppName;
use weir_lambda::settings::{Reader, SettingsError};

/// All of them.
#[derive(Debug)]
pub struct Settings {
    /// `WEIR_APPS`: the names that `/webhooks/{app}` may have.
    pub apps: Vec<AppName>,
    /// `WEIR_PATH_SEGMENT`: what follows `/webhooks` in every path, if anything does.
    pub path_segment: Option<String>,
    /// `WEIR_SECRET_PREFIX`: an app's secret is `{prefix}/{app}`.
    pub secret_prefix: String,
    /// `WEIR_QUEUE_PREFIX`: a lane's queue URL is this and the lane's name.
    pub lanes: LaneUrls,
    /// `WEIR_BODIES_BUCKET`
    pub bodies_bucket: String,
    /// The second region, if there is one.
    pub fallback: Option<Fallback>,
    /// `WEIR_LOG`, `WEIR_STACK` and what else all functions have.
    pub telemetry: weir_telemetry::Settings,
}

/// A stack in another region that takes what this region's lanes do not.
#[derive(Debug)]
pub struct Fallback {
    /// `WEIR_FALLBACK_REGION`; without it there is no fallback.
    pub region: String,
    /// `WEIR_FALLBACK_QUEUE_PREFIX`: a lane's queue URL is this and the lane's name.
    pub lanes: LaneUrls,
    /// `WEIR_FALLBACK_BODIES_BUCKET`: that stack's own, for its worker follows no reference into another.
    pub bodies_bucket: String,
    /// `WEIR_FALLBACK_ENDPOINT_URL`: set only where another emulator plays the second region.
    pub endpoint: Option<String>,
}

impl Settings {
    /// Reads the environment, or says everything that is wrong with it.
    pub fn read(env: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(&env);
        let settings = Self {
            apps: apps(&mut reader),
            path_segment: env("WEIR_PATH_SEGMENT").filter(|segment| !segment.is_empty()),
            secret_prefix: reader.text("WEIR_SECRET_PREFIX"),
            lanes: LaneUrls::prefixed(&reader.text("WEIR_QUEUE_PREFIX")),
            bodies_bucket: reader.text("WEIR_BODIES_BUCKET"),
            fallback: Fallback::read(&env, &mut reader),
            telemetry: weir_telemetry::Settings::read(&mut reader),
        };
        reader.finish(settings)
    }
}

impl Fallback {
    fn read<F: Fn(&str) -> Option<String>>(
        env: impl Fn(&str) -> Option<String>,
        reader: &mut Reader<F>,
    ) -> Option<Self> {
        const QUEUE_PREFIX: &str = "WEIR_FALLBACK_QUEUE_PREFIX";
        const BODIES_BUCKET: &str = "WEIR_FALLBACK_BODIES_BUCKET";
        let names = ["WEIR_FALLBACK_REGION", QUEUE_PREFIX, BODIES_BUCKET, "WEIR_FALLBACK_ENDPOINT_URL"];
        let [region, queue_prefix, bodies_bucket, endpoint] =
            names.map(|name| env(name).filter(|value| !value.is_empty()));
        let region = region?;
        // With a region the rest must be there: the reader says what is not.
        let mut required = |name, value: Option<String>| value.unwrap_or_else(|| reader.text(name));
        Some(Self {
            region,
            lanes: LaneUrls::prefixed(&required(QUEUE_PREFIX, queue_prefix)),
            bodies_bucket: required(BODIES_BUCKET, bodies_bucket),
            endpoint,
        })
    }
}

/// Without a name that is none: the reader says so.
fn apps<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> Vec<AppName> {
    let is_app = |name: &str| AppName::parse(name).is_some();
    let names = reader.list("WEIR_APPS", is_app, "names of 1 to 63 lower-case letters, digits and hyphens");
    names.iter().filter_map(|name| AppName::parse(name)).collect()
}

#[cfg(test)]
mod tests {
    use weir_core::Lane;

    use super::*;

    #[test]
    fn an_empty_environment_is_refused_with_everything_that_is_missing() {
        assert_eq!(Settings::read(|_| None).unwrap_err().0.len(), 6);
    }

    #[test]
    fn a_fallback_is_whole_or_not_at_all() {
        let read = |region: &'static str, rest: &'static str| {
            Settings::read(move |name| {
                let value = match name {
                    "WEIR_APPS" => "default",
                    "WEIR_LOG" => "info",
                    "WEIR_FALLBACK_REGION" => region,
                    _ if name.starts_with("WEIR_FALLBACK_") => rest,
                    _ => "x",
                };
                Some(value.to_owned())
            })
        };
        assert!(read("", "").unwrap().fallback.is_none());
        let there = read("eu-central-1", "https://queues/weir-").unwrap().fallback.unwrap();
        assert_eq!((there.region.as_str(), there.lanes.of(Lane::Bulk)), ("eu-central-1", "https://queues/weir-bulk"));
        let missing = read("eu-central-1", "").unwrap_err().to_string();
        for name in ["WEIR_FALLBACK_QUEUE_PREFIX", "WEIR_FALLBACK_BODIES_BUCKET"] {
            assert!(missing.contains(&format!("{name} is not set")), "{missing}");
        }
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
