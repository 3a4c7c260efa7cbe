//! Where a stack is: the region, the credentials and the endpoint that every client of it takes.

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use shopify_client::Endpoint as AdminApi;
use weir_aws::{
    SdkConfig,
    config::{self, Patience},
};

/// Where a stack is. Whoever makes it knows the machine and its files; this crate does not.
#[derive(Debug, Clone)]
pub struct StackLocation {
    /// Its name.
    pub name: String,
    /// Region, endpoint and credentials.
    pub config: SdkConfig,
    /// Whether it runs on an emulator, which has no metrics.
    pub is_emulated: bool,
    /// Where its shops' Admin API answers; `None` where there is none: real shops must not hear of a stack of tests.
    pub shopify: Option<AdminApi>,
}

impl StackLocation {
    /// A stack on AWS. Region and credentials are those of this machine's configuration, or of the profile; a region that
    /// is given comes before both.
    pub async fn on_aws(name: &str, region: Option<&str>, profile: Option<&str>) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(config::http_client(None, config::Roots::System));
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        Self { name: name.to_owned(), config, is_emulated: false, shopify: Some(AdminApi::Shopify) }
    }

    /// A stack on an emulator at `endpoint`, with the simulated Shopify that its shops are at, if one runs.
    #[must_use]
    pub fn emulated(name: &str, region: &str, endpoint: &str, shopify: Option<AdminApi>) -> Self {
        // The emulator takes any credentials, and the user's own are none of its business.
        let credentials = Credentials::new("test", "test", None, None, "local stack");
        let config = config::at(endpoint.to_owned(), region.to_owned(), credentials, Patience::BACKGROUND);
        Self { name: name.to_owned(), config, is_emulated: true, shopify }
    }
}
