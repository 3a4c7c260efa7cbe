//! The registry of shops.

#[cfg(feature = "client")]
mod add;
mod change;
pub(crate) mod item;
mod read;

use aws_sdk_dynamodb::Client;
use shopify_webhook::ShopDomain;
use weir_aws::SdkConfig;

#[cfg(feature = "client")]
pub use add::{Added, NewShop, NewToken};
pub use change::{Changed, Uninstalled};
pub use read::Page;

use crate::attribute::BadItem;

/// The shops of one table.
#[derive(Debug, Clone)]
pub struct Registry {
    client: Client,
    table: String,
}

/// The registry could not be asked. Its sources say why; none shows a token.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// DynamoDB did not answer, or refused.
    #[error("the registry of shops could not be {action}")]
    Unavailable {
        /// What was tried: `read`, `written`.
        action: &'static str,
        /// What the SDK said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An item of something else.
    #[error("the registry of shops holds something else under {key}")]
    BadItem {
        /// Where: `{shop}#{app}`.
        key: String,
        /// Which attribute.
        source: BadItem,
    },
    /// Others changed the shop each time that this tried to.
    #[error("{0} was changed by others at the same time")]
    Contended(ShopDomain),
    /// The token could not be sealed.
    #[cfg(feature = "client")]
    #[error(transparent)]
    Seal(#[from] crate::seal::SealError),
}

impl Registry {
    /// The shops of a table.
    pub fn new(config: &SdkConfig, table: String) -> Self {
        Self { client: Client::new(config), table }
    }
}

fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> RegistryError {
    RegistryError::Unavailable { action: "read", source: error.into() }
}

fn unwritable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> RegistryError {
    RegistryError::Unavailable { action: "written", source: error.into() }
}
