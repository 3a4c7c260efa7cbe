//! What ingest needs from outside.

use shopify_webhook::{ClientSecrets, ShopDomain};
use weir_core::{Lane, envelope::Meta};

/// Something outside did not do what was asked, or can't be known to have. The text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// Where the apps' client secrets lie.
pub trait SecretSource: Send + Sync {
    /// The secrets of an app that are valid now.
    fn read(&self, app: &str) -> impl Future<Output = Result<ClientSecrets, Unavailable>> + Send;
}

/// Where events go.
pub trait Sink: Send + Sync {
    /// Returns once the lane holds the message.
    fn send(
        &self,
        lane: Lane,
        message: String,
        shop: &ShopDomain,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Stores a body that no message can carry, and returns its reference.
    fn store(&self, meta: &Meta, body: Vec<u8>) -> impl Future<Output = Result<String, Unavailable>> + Send;
}

#[cfg(feature = "aws")]
mod aws {
    use weir_aws::{AppSecrets, Bodies, LaneSender};

    use super::{ClientSecrets, Lane, Meta, SecretSource, ShopDomain, Sink, Unavailable};

    impl SecretSource for AppSecrets {
        async fn read(&self, app: &str) -> Result<ClientSecrets, Unavailable> {
            self.read(app).await.map_err(|error| Unavailable(error.to_string()))
        }
    }

    /// SQS and S3.
    pub struct AwsSink {
        /// The lanes.
        pub lanes: LaneSender,
        /// The bucket for large bodies.
        pub bodies: Bodies,
    }

    impl Sink for AwsSink {
        async fn send(&self, lane: Lane, message: String, shop: &ShopDomain) -> Result<(), Unavailable> {
            let sent = self.lanes.send(lane, message, shop.as_str()).await;
            sent.map_err(|error| Unavailable(error.to_string()))
        }

        async fn store(&self, meta: &Meta, body: Vec<u8>) -> Result<String, Unavailable> {
            self.bodies.put(meta, body).await.map_err(|error| Unavailable(error.to_string()))
        }
    }
}

#[cfg(feature = "aws")]
pub use aws::AwsSink;
