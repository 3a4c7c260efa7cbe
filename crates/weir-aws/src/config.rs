//! The SDK's configuration inside a Lambda function, made without `aws-config`: region, credentials and
//! endpoint stand in the environment there, and looking further costs start-up time.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion, http::SharedHttpClient, stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};

use crate::trust::SETTING;
pub use crate::trust::{AMAZON as AMAZON_ROOTS, Roots};

/// How long an SDK call may take: in all, and each of its attempts.
///
/// SDK retries happen within `whole`, so that the caller's own retries and its deadline keep one budget.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// All attempts together.
    pub whole: Duration,
    /// One attempt.
    pub attempt: Duration,
    /// To connect.
    pub connect: Duration,
}

impl Patience {
    /// For ingest: Shopify waits 5 s in all, and ingest answers within 3 s.
    pub const INGEST: Self = Self {
        whole: Duration::from_millis(2_500),
        attempt: Duration::from_millis(1_000),
        connect: Duration::from_millis(500),
    };
    /// For ingest with a fallback region: each region has half of the 3 s. Two attempts fit into a half, and each
    /// of them bears a new connection (name, TCP, TLS) and the request to a region that is 150 ms away.
    pub const INGEST_SHARED: Self = Self {
        whole: Duration::from_millis(1_450),
        attempt: Duration::from_millis(700),
        connect: Duration::from_millis(700),
    };
    /// For workers and the CLI, which nobody waits for.
    pub const BACKGROUND: Self =
        Self { whole: Duration::from_secs(10), attempt: Duration::from_secs(4), connect: Duration::from_secs(2) };

    fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .operation_timeout(self.whole)
            .operation_attempt_timeout(self.attempt)
            .connect_timeout(self.connect)
            .build()
    }
}

/// What is wrong with a Lambda function's environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// What it should hold and does not.
    #[error("{0} is not set: Lambda and the local emulator set it for every function")]
    NotInLambda(&'static str),
    /// Roots that nobody knows.
    #[error("{SETTING} must be amazon or system, not {0:?}")]
    Roots(String),
}

/// Reads region, credentials and endpoint from a function's environment.
pub fn from_env(env: impl Fn(&str) -> Option<String>, patience: Patience) -> Result<SdkConfig, EnvironmentError> {
    let required = |name| env(name).ok_or(EnvironmentError::NotInLambda(name));
    let credentials = Credentials::new(
        required("AWS_ACCESS_KEY_ID")?,
        required("AWS_SECRET_ACCESS_KEY")?,
        env("AWS_SESSION_TOKEN").filter(|token| !token.is_empty()),
        None,
        "environment",
    );
    let region = required("AWS_REGION")?;
    let endpoint = endpoint(&env);
    let roots = Roots::of(env, &region, endpoint.as_deref()).map_err(EnvironmentError::Roots)?;
    let client = http_client(endpoint.as_deref(), roots);
    Ok(new(region, credentials, endpoint, client, patience))
}

/// Where AWS answers, if not where it does by default: set by an emulator for all that it runs, or by
/// `sam local invoke`, which can only fill in variables that template.yaml has.
fn endpoint(env: impl Fn(&str) -> Option<String>) -> Option<String> {
    ["WEIR_ENDPOINT_URL", "AWS_ENDPOINT_URL"].into_iter().filter_map(env).find(|url| !url.is_empty())
}

/// The configuration of another region, with all else as at home. The HTTP client is the same one, with its trust
/// store: a region that is never called costs nothing. An emulator answers for every region, unless another one does
/// at `endpoint`.
pub fn in_region(home: &SdkConfig, region: String, endpoint: Option<String>) -> SdkConfig {
    let there = home.to_builder().region(Region::new(region));
    match endpoint {
        Some(url) => there.http_client(http_client(Some(&url), Roots::System)).endpoint_url(url).build(),
        None => there.build(),
    }
}

/// The configuration of one region with given credentials, where an emulator answers.
pub fn at(endpoint: String, region: String, credentials: Credentials, patience: Patience) -> SdkConfig {
    let client = http_client(Some(&endpoint), Roots::System);
    new(region, credentials, Some(endpoint), client, patience)
}

fn new(
    region: String,
    credentials: Credentials,
    endpoint: Option<String>,
    client: SharedHttpClient,
    patience: Patience,
) -> SdkConfig {
    let mut builder = SdkConfig::builder();
    builder.set_endpoint_url(endpoint);
    builder
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(client)
        // A first retry after 50 ms at most, in place of a second: ingest has no second to lose.
        .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)))
        .timeout_config(patience.timeouts())
        // Meant for streams of unknown length; our bodies are small and every call has a time-out.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

/// TLS by rustls with ring; none at all for an `http:` endpoint, which only an emulator has.
pub fn http_client(endpoint: Option<&str>, roots: Roots) -> SharedHttpClient {
    match endpoint {
        Some(url) if url.starts_with("http:") => Builder::new().build_http(),
        _ => {
            let tls = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
            tls.tls_context(roots.context()).build_https()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_without_its_environment_says_what_is_missing() {
        let error = from_env(|name| (name != "AWS_REGION").then(|| "x".into()), Patience::INGEST).unwrap_err();
        assert_eq!(error, EnvironmentError::NotInLambda("AWS_REGION"));
        let there = |name: &str| (name != SETTING).then(|| "x".into());
        assert!(from_env(there, Patience::INGEST).is_ok());
        let error = from_env(|_| Some("x".into()), Patience::INGEST).unwrap_err();
        assert_eq!(error.to_string(), "WEIR_TLS_ROOTS must be amazon or system, not \"x\"");
    }

    #[test]
    fn an_endpoint_that_is_empty_is_none() {
        let with = |ours: &str, theirs: &str| {
            let (ours, theirs) = (ours.to_owned(), theirs.to_owned());
            endpoint(move |name| Some(if name == "WEIR_ENDPOINT_URL" { ours.clone() } else { theirs.clone() }))
        };
        assert_eq!(with("", ""), None);
        assert_eq!(with("", "http://emulator").as_deref(), Some("http://emulator"));
        assert_eq!(with("http://sam", "http://emulator").as_deref(), Some("http://sam"));
    }

    #[test]
    fn a_client_with_tls_can_be_made() {
        // ring is its one crypto provider, chosen here: a second one in the tree would make this panic.
        for roots in [Roots::Amazon, Roots::System] {
            let _client = http_client(None, roots);
        }
    }

    #[test]
    fn ingest_answers_within_the_time_that_shopify_leaves() {
        assert!(Patience::INGEST.whole < Duration::from_secs(3));
        assert!(Patience::INGEST.attempt * 2 <= Patience::INGEST.whole);
    }

    #[test]
    fn two_attempts_in_each_of_two_regions_fit_into_that_time() {
        const LONGEST_FIRST_BACKOFF: Duration = Duration::from_millis(50);
        let shared = Patience::INGEST_SHARED;
        assert!(shared.whole * 2 < Duration::from_secs(3));
        assert!(shared.attempt * 2 + LONGEST_FIRST_BACKOFF <= shared.whole);
    }

    #[test]
    fn another_region_has_its_own_name_and_endpoint_and_all_else_of_home() {
        let credentials = Credentials::new("a", "b", None, None, "test");
        let home = |endpoint: Option<&str>| {
            let client = http_client(endpoint, Roots::Amazon);
            let endpoint = endpoint.map(str::to_owned);
            new("eu-west-1".into(), credentials.clone(), endpoint, client, Patience::INGEST_SHARED)
        };
        let there = in_region(&home(None), "eu-central-1".into(), None);
        assert_eq!(there.region().map(AsRef::as_ref), Some("eu-central-1"));
        assert_eq!(there.endpoint_url(), None);
        assert_eq!(there.timeout_config(), home(None).timeout_config());
        assert!(there.credentials_provider().is_some());
        let emulated = |endpoint: Option<&str>| {
            let there = in_region(&home(Some("http://home")), "eu-central-1".into(), endpoint.map(str::to_owned));
            there.endpoint_url().map(str::to_owned)
        };
        assert_eq!(emulated(Some("http://there")).as_deref(), Some("http://there"));
        assert_eq!(emulated(None).as_deref(), Some("http://home"));
    }
}
