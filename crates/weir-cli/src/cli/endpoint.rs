//! Where deliveries are posted, and what signs them: flags that commands which send have in common.

use clap::Args;

/// The endpoint of ingest.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct EndpointArgs {
    /// Where to post, in place of the local stack; needs a secret
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The environment variable that holds the client secret [default for what is not the local stack: WEIR_CLIENT_SECRET]
    #[arg(long, value_name = "VAR", conflicts_with = "secret")]
    pub(crate) secret_env: Option<String>,
    /// The client secret. Whoever can list this machine's processes can read it here: prefer the environment
    #[arg(long, value_name = "SECRET")]
    pub(crate) secret: Option<secrecy::SecretString>,
}
