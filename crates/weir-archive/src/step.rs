//! Stores a batch.

use futures_util::{StreamExt, stream};
use weir_aws::{ArchiveBucket, CallError};
use weir_consumer::BatchStep;
use weir_core::{Failure, archive::ObjectKey, envelope::Envelope};

use crate::group::group;

/// So many objects are stored at once: a batch of many shops waits for S3 alone.
const MAX_CONCURRENT_PUTS: usize = 16;

/// Where objects are stored.
pub trait Store: Send + Sync + 'static {
    /// Stores lines under a name, and returns the size of the object in bytes.
    fn put(&self, key: &ObjectKey, lines: &str) -> impl Future<Output = Result<usize, CallError>> + Send;
}

impl Store for ArchiveBucket {
    fn put(&self, key: &ObjectKey, lines: &str) -> impl Future<Output = Result<usize, CallError>> + Send {
        self.put(key, lines)
    }
}

/// Stores the events of a batch, an object for each shop and hour. Events of an object that was not stored fail; the others
/// do not.
#[derive(Debug)]
pub struct ArchiveStep<S> {
    /// Where objects are stored.
    pub store: S,
}

impl<S: Store> BatchStep for ArchiveStep<S> {
    async fn run(&self, events: Vec<Envelope>) -> Vec<Result<(), Failure>> {
        let mut results = vec![Ok(()); events.len()];
        let (groups, refused) = group(&events);
        for (place, failure) in refused {
            results[place] = Err(failure);
        }
        drop(events);
        let puts = groups.into_iter().map(async |group| (self.store.put(&group.key, &group.lines).await, group.places));
        let mut puts = stream::iter(puts).buffer_unordered(MAX_CONCURRENT_PUTS);
        let (mut stored, mut objects, mut bytes) = (0, 0, 0);
        while let Some((put, places)) = puts.next().await {
            match put {
                Ok(size) => {
                    stored += places.len();
                    objects += 1;
                    bytes += size;
                }
                Err(error) => {
                    for place in places {
                        results[place] = Err(error.failure());
                    }
                }
            }
        }
        if objects > 0 {
            tracing::info!(events = stored, objects, bytes, "Archived");
        }
        results
    }
}
