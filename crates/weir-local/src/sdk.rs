//! The AWS SDK, pointed at an emulator.

use aws_credential_types::Credentials;
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::{RequestChecksumCalculation, ResponseChecksumValidation, SharedCredentialsProvider};

/// The region that everything local is in.
pub const REGION: &str = "us-east-1";

/// What every client needs: the endpoint, credentials that mean nothing, and plain HTTP with no TLS set-up.
///
/// Each call makes an HTTP client of its own. Do not share one between runtimes (between tests, that is): its pooled
/// connections end with the runtime that opened them.
#[must_use]
pub fn sdk_config(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys("test", "test", None)))
        .http_client(Builder::new().build_http())
        // Nothing is lost on the way to loopback, and a checksum of a debug build's bootstrap takes its time.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build()
}

/// An S3 client for an emulator: buckets are in the path, since `bucket.127.0.0.1` is no host name.
#[must_use]
pub fn s3_client(config: &SdkConfig) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(config).force_path_style(true).build();
    aws_sdk_s3::Client::from_conf(config)
}
