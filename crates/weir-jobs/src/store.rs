//! Where jobs are kept.

use resilience::UnixMillis;
use weir_aws::{
    DocumentStore, SdkConfig,
    documents::{Document, DocumentError, Stored},
};

use crate::{Job, JobKind};

/// Writes jobs of one kind. A trait, so that tests can lose each reply.
pub trait JobStore<K: JobKind> {
    /// Writes a job if its document still has this version; `None`: if there is none.
    fn save(
        &self,
        name: &str,
        expected: Option<u64>,
        job: &Job<K>,
    ) -> impl Future<Output = Result<Stored<Job<K>>, DocumentError>>;

    /// Writes the checkpoint of this number, from 0. A write whose reply was lost may be repeated.
    fn checkpoint(
        &self,
        name: &str,
        number: u32,
        checkpoint: &K::Checkpoint,
    ) -> impl Future<Output = Result<(), DocumentError>>;
}

/// Jobs in a stack's table of documents.
#[derive(Debug, Clone)]
pub struct DocumentJobs {
    documents: DocumentStore,
}

impl DocumentJobs {
    /// In the table of this name.
    #[must_use]
    pub fn new(config: &SdkConfig, table: String) -> Self {
        Self { documents: DocumentStore::new(config, table) }
    }

    /// A job; `None` if there is none of this name.
    ///
    /// # Errors
    /// If the table can't be read.
    pub async fn get<K: JobKind>(&self, name: &str) -> Result<Option<Document<Job<K>>>, DocumentError> {
        self.documents.get(K::COLLECTION, name).await
    }

    /// All checkpoints of a job, in their order.
    ///
    /// # Errors
    /// If the table can't be read.
    pub async fn checkpoints<K: JobKind>(&self, name: &str) -> Result<Vec<K::Checkpoint>, DocumentError> {
        let all = self.documents.list::<K::Checkpoint>(&checkpoints_of::<K>(name), false, usize::MAX).await?;
        Ok(all.into_iter().map(|document| document.value).collect())
    }

    /// Jobs with their names, the last one first.
    ///
    /// # Errors
    /// If the table can't be read.
    pub async fn history<K: JobKind>(&self, limit: usize) -> Result<Vec<(String, Job<K>)>, DocumentError> {
        let all = self.documents.list(K::COLLECTION, true, limit).await?;
        Ok(all.into_iter().map(|one| (one.name, one.value)).collect())
    }
}

impl<K: JobKind> JobStore<K> for DocumentJobs {
    async fn save(&self, name: &str, expected: Option<u64>, job: &Job<K>) -> Result<Stored<Job<K>>, DocumentError> {
        self.documents.put(K::COLLECTION, name, expected, job, Some(job.started_at + K::RETENTION)).await
    }

    async fn checkpoint(&self, name: &str, number: u32, checkpoint: &K::Checkpoint) -> Result<(), DocumentError> {
        let expires_at = Some(UnixMillis::now() + K::RETENTION);
        let (collection, number) = (checkpoints_of::<K>(name), format!("{number:08}"));
        // A write whose reply was lost meets itself: what is there is what was to be written.
        self.documents.put(&collection, &number, None, checkpoint, expires_at).await.map(drop)
    }
}

fn checkpoints_of<K: JobKind>(name: &str) -> String {
    format!("{}/{name}", K::COLLECTION)
}
