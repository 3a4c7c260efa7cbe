//! A job in the hands of somebody who works on it.

use resilience::UnixMillis;
use weir_aws::documents::{DocumentError, Stored};

use crate::{DocumentJobs, Job, JobKind, JobStore, job_name};

/// A job that this process works on, as it is written down.
#[derive(Debug)]
pub struct ClaimedJob<K> {
    name: String,
    version: u64,
    checkpoints: u32,
    /// The job. A change is written with the next [`save`](Self::save).
    pub job: Job<K>,
}

/// A job can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Where jobs are kept.
    #[error(transparent)]
    Store(#[from] DocumentError),
    /// Somebody resumed the job meanwhile.
    #[error("another process continues this job: nothing was changed here")]
    TakenOver,
}

impl<K: JobKind> ClaimedJob<K> {
    /// Writes down a job that begins, under a new name.
    ///
    /// # Errors
    /// If the store does not take it.
    pub async fn start(store: &impl JobStore<K>, job: Job<K>) -> Result<Self, JobError> {
        let mut claimed = Self { name: job_name(job.started_at), version: 0, checkpoints: 0, job };
        claimed.write(store).await?;
        Ok(claimed)
    }

    /// A job that somebody began, with its checkpoints; `None` if there is none of this name. It is not claimed before it is
    /// [resumed](Self::resume).
    ///
    /// # Errors
    /// If the store can't be read.
    pub async fn load(store: &DocumentJobs, name: &str) -> Result<Option<(Self, Vec<K::Checkpoint>)>, JobError> {
        let Some(document) = store.get::<K>(name).await? else { return Ok(None) };
        let checkpoints = store.checkpoints::<K>(name).await?;
        let count = u32::try_from(checkpoints.len()).unwrap_or(u32::MAX);
        Ok(Some((Self::known(name, document.version, count, document.value), checkpoints)))
    }

    /// A job that was read at this version, with so many checkpoints.
    #[must_use]
    pub fn known(name: &str, version: u64, checkpoints: u32, job: Job<K>) -> Self {
        Self { name: name.to_owned(), version, checkpoints, job }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes down that somebody resumes it: whoever worked on it until now stops with its next write.
    ///
    /// # Errors
    /// If somebody else resumed it since it was read, or the store does not take it.
    pub async fn resume(&mut self, store: &impl JobStore<K>, by: String, now: UnixMillis) -> Result<(), JobError> {
        self.job.resume(by, now);
        self.write(store).await
    }

    /// Writes down what is about to be acted on, before it is.
    ///
    /// # Errors
    /// If the store does not take it.
    pub async fn checkpoint(&mut self, store: &impl JobStore<K>, checkpoint: &K::Checkpoint) -> Result<(), JobError> {
        store.checkpoint(&self.name, self.checkpoints, checkpoint).await?;
        self.checkpoints += 1;
        Ok(())
    }

    /// Writes down how far it is.
    ///
    /// # Errors
    /// If somebody resumed it meanwhile, or the store does not take it.
    pub async fn save(&mut self, store: &impl JobStore<K>, now: UnixMillis) -> Result<(), JobError> {
        self.job.updated_at = now;
        self.write(store).await
    }

    async fn write(&mut self, store: &impl JobStore<K>) -> Result<(), JobError> {
        let expected = (self.version > 0).then_some(self.version);
        self.version = match store.save(&self.name, expected, &self.job).await? {
            Stored::Written(version) => version,
            // A reply was lost: this very value is there.
            Stored::Lost(Some(there)) if there.value == self.job => there.version,
            Stored::Lost(_) => return Err(JobError::TakenOver),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, time::Duration};

    use serde::{Deserialize, Serialize};
    use weir_aws::documents::Document;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_755_600_120);

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Count(u64);

    impl JobKind for Count {
        type Checkpoint = u64;
        const COLLECTION: &'static str = "counts";
        const RETENTION: Duration = Duration::from_secs(1);

        fn resume(&mut self) {}
    }

    #[derive(Default)]
    struct Memory {
        job: RefCell<Option<(u64, Job<Count>)>>,
        checkpoints: RefCell<Vec<(u32, u64)>>,
        /// Whether the reply to the next write is lost.
        loses_reply: RefCell<bool>,
    }

    impl JobStore<Count> for Memory {
        async fn save(
            &self,
            name: &str,
            expected: Option<u64>,
            job: &Job<Count>,
        ) -> Result<Stored<Job<Count>>, DocumentError> {
            let mut there = self.job.borrow_mut();
            let lost = |there: &Option<(u64, Job<Count>)>| {
                let found = there.clone().map(|(version, value)| Document { name: name.into(), version, value });
                Stored::Lost(found)
            };
            if there.as_ref().map(|(version, _)| *version) != expected {
                return Ok(lost(&there));
            }
            let version = expected.unwrap_or(0) + 1;
            *there = Some((version, job.clone()));
            // The SDK repeats it, and the repeat meets what it wrote.
            Ok(if self.loses_reply.take() { lost(&there) } else { Stored::Written(version) })
        }

        async fn checkpoint(&self, _: &str, number: u32, checkpoint: &u64) -> Result<(), DocumentError> {
            self.checkpoints.borrow_mut().push((number, *checkpoint));
            Ok(())
        }
    }

    fn job() -> Job<Count> {
        Job::new("me".into(), "weir".into(), Count(3), NOW)
    }

    #[tokio::test]
    async fn write_whose_reply_was_lost_is_known_as_its_own() {
        let store = Memory { loses_reply: true.into(), ..Memory::default() };
        let mut claimed = ClaimedJob::start(&store, job()).await.unwrap();
        claimed.job.work.0 = 2;
        store.loses_reply.replace(true);
        claimed.save(&store, NOW).await.unwrap();
        claimed.save(&store, NOW + Duration::from_secs(1)).await.unwrap();
        assert_eq!(store.job.borrow().as_ref().unwrap().0, 3);
    }

    #[tokio::test]
    async fn job_that_somebody_resumed_is_taken_over() {
        let store = Memory::default();
        let mut first = ClaimedJob::start(&store, job()).await.unwrap();
        let (version, read) = store.job.borrow().clone().unwrap();
        let mut second = ClaimedJob::known(first.name(), version, 0, read);
        second.resume(&store, "you".into(), NOW).await.unwrap();
        assert!(matches!(first.save(&store, NOW).await, Err(JobError::TakenOver)));
        second.save(&store, NOW).await.unwrap();
    }

    #[tokio::test]
    async fn checkpoints_are_numbered_on_after_a_resumption() {
        let store = Memory::default();
        let mut first = ClaimedJob::start(&store, job()).await.unwrap();
        first.checkpoint(&store, &7).await.unwrap();
        let (version, read) = store.job.borrow().clone().unwrap();
        let mut second = ClaimedJob::known(first.name(), version, 1, read);
        second.checkpoint(&store, &8).await.unwrap();
        assert_eq!(*store.checkpoints.borrow(), [(0, 7), (1, 8)]);
    }
}
