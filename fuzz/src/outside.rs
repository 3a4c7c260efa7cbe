//! The world outside ingest, in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arbitrary::Arbitrary;
use shopify_webhook::{ClientSecrets, ShopDomain};
use weir_core::{Lane, envelope::Meta};
use weir_ingest::outside::{SecretSource, Sink, Unavailable};

/// The app's secrets that are valid: a rotation is under way.
pub const SECRETS: [&str; 2] = ["hush", "hush-before-the-rotation"];

/// What the queues do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Arbitrary)]
pub enum Queue {
    /// Take it.
    #[default]
    Takes,
    /// Answer with an error.
    Refuses,
    /// Not answer.
    Hangs,
}

/// Secrets, queues and a bucket. Clones share them.
#[derive(Clone, Default)]
pub struct Outside(Arc<Mutex<Held>>);

/// What came out of ingest.
#[derive(Default)]
pub struct Held {
    queue: Queue,
    /// Lane, message and group.
    pub messages: Vec<(Lane, String, String)>,
    /// Bodies that no message could carry.
    pub bodies: Vec<Vec<u8>>,
}

impl Outside {
    /// Empties it; from now on its queues behave so.
    pub fn reset(&self, queue: Queue) {
        *self.held() = Held { queue, ..Held::default() };
    }

    /// All that came out since.
    pub fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SecretSource for Outside {
    async fn read(&self, app: &str) -> Result<ClientSecrets, Unavailable> {
        let secrets = SECRETS.map(Into::into).to_vec();
        ClientSecrets::new(secrets).ok_or_else(|| Unavailable(format!("no secret of {app}")))
    }
}

impl Sink for Outside {
    async fn send(&self, lane: Lane, message: String, shop: &ShopDomain) -> Result<(), Unavailable> {
        let queue = self.held().queue;
        match queue {
            Queue::Takes => self.held().messages.push((lane, message, shop.to_string())),
            Queue::Refuses => return Err(Unavailable("refused".to_owned())),
            Queue::Hangs => std::future::pending().await,
        }
        Ok(())
    }

    async fn store(&self, _meta: &Meta, body: Vec<u8>) -> Result<String, Unavailable> {
        self.held().bodies.push(body);
        Ok("s3://bodies/1".to_owned())
    }
}
