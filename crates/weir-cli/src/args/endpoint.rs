//! Where deliveries are posted, and what signs them: flags that commands which send have in common.

use clap::Args;

/// The endpoint of ingest.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct EndpointArgs {
    /// Post to this URL instead of the local stack; needs a secret
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The environment variable that holds the client secret [default with --url: WEIR_CLIENT_SECRET]
    #[arg(long, value_name = "VAR", conflicts_with = "secret")]
    pub(crate) secret_env: Option<String>,
    /// The client secret. Every user of this machine can see it in the list of processes: prefer the environment
    #[arg(long, value_name = "SECRET")]
    pub(crate) secret: Option<secrecy::SecretString>,
}
