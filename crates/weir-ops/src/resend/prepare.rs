//! From events to messages: which generation is sent again, its body, and whether the fence lets it in.

use std::{collections::HashMap, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use weir_aws::{ArchiveBucket, Bodies, BodyError, CallError, DynamoFence, archive::ArchiveError, ledger::ReadError};
use weir_core::{
    UnixMillis,
    archive::ArchivedBody,
    envelope::Meta,
    ledger::{Key, Record},
    sha256,
};
use weir_jobs::JobError;

use super::{
    SkipReason,
    copies::copies,
    decide::{admits, generation, not_archived, snapshot},
};
use crate::{
    Stack, StackError,
    dead_letters::{SealError, StackBackend},
    events::archived::{ArchivedCopy, bucket},
};

/// Reads of the ledger and the fence at once.
const MAX_CONCURRENT_READS: usize = 16;

/// Events can't be sent again.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// The ledger or the fence.
    #[error(transparent)]
    Ledger(#[from] ReadError),
    /// The stack lacks an output.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The archive's bucket.
    #[error(transparent)]
    Archive(#[from] CallError),
    /// An object is not what weir writes.
    #[error("object {0} of the archive is damaged")]
    Damaged(String),
    /// The bucket of large bodies.
    #[error(transparent)]
    Bucket(#[from] BodyError),
    /// Where resends are written down.
    #[error(transparent)]
    Job(#[from] JobError),
}

impl From<ArchiveError> for ResendError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Damaged(object) => Self::Damaged(object),
            ArchiveError::Failed(call) => Self::Archive(call),
        }
    }
}

impl From<SealError> for ResendError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Stack(error) => Self::Stack(error),
            SealError::Bucket(error) => Self::Bucket(error),
        }
    }
}

/// What a resend reads of a stack.
pub struct Resender<'a> {
    pub(super) stack: &'a Stack,
    pub(super) backend: &'a StackBackend,
    archive: Option<ArchiveBucket>,
    archive_days: Option<u32>,
    bodies: Bodies,
    fence: DynamoFence,
}

/// An event that can be sent.
pub(super) struct Ready {
    /// The generation that is sent again.
    pub(super) record: Record,
    /// Of the new generation.
    pub(super) meta: Meta,
    pub(super) body: Vec<u8>,
}

/// What becomes of an event; `None` if this resend sent it before, and a worker has it.
pub(super) type Prepared = (String, Result<Option<Box<Ready>>, SkipReason>);

impl<'a> Resender<'a> {
    /// For a stack.
    ///
    /// # Errors
    /// If the stack lacks an output.
    pub fn of(stack: &'a Stack, backend: &'a StackBackend) -> Result<Self, StackError> {
        Ok(Self {
            stack,
            backend,
            archive: bucket(stack),
            archive_days: stack.parameter("ArchiveDays").and_then(|days| days.parse().ok()),
            bodies: Bodies::new(&stack.config, stack.output("BodiesBucket")?),
            // It is only read: how long items are kept is of no use here.
            fence: DynamoFence::new(&stack.config, stack.output("FenceTable")?, Duration::ZERO),
        })
    }

    /// What becomes of these events. `chosen`: the generations that this resend wrote down before. `superseded`: whether
    /// events go as well that a newer state overtook.
    pub(super) async fn prepare(
        &self,
        events: Vec<String>,
        chosen: &HashMap<String, u32>,
        superseded: bool,
        now: UnixMillis,
    ) -> Result<Vec<Prepared>, ResendError> {
        let histories: Vec<(String, Vec<Record>)> = stream::iter(events)
            .map(async |event| {
                let history = self.backend.ledger.history(&event).await?;
                Ok::<_, ReadError>((event, history))
            })
            .buffered(MAX_CONCURRENT_READS)
            .try_collect()
            .await?;
        let mut decided = Vec::with_capacity(histories.len());
        for (event, history) in histories {
            let generation = generation(&history, chosen.get(&event).copied(), now);
            decided.push((event, generation.map(|found| found.map(|(record, next)| (record.clone(), next)))));
        }
        let wanted: Vec<Record> =
            decided.iter().filter_map(|(_, decided)| Some(decided.as_ref().ok()?.as_ref()?.0.clone())).collect();
        let found = match &self.archive {
            Some(archive) if !wanted.is_empty() => Some(copies(archive, &wanted).await?),
            Some(_) => Some(HashMap::new()),
            None => None,
        };
        let prepared = decided.into_iter().map(|(event, decided)| {
            let found = &found;
            async move {
                let ready = match decided {
                    Err(skip) => Err(skip),
                    Ok(None) => Ok(None),
                    Ok(Some((record, next))) => self.ready(record, next, found.as_ref(), superseded, now).await?,
                };
                Ok::<Prepared, ResendError>((event, ready))
            }
        });
        stream::iter(prepared).buffered(MAX_CONCURRENT_READS).try_collect().await
    }

    async fn ready(
        &self,
        record: Record,
        generation: u32,
        found: Option<&HashMap<Key, ArchivedCopy>>,
        superseded: bool,
        now: UnixMillis,
    ) -> Result<Result<Option<Box<Ready>>, SkipReason>, ResendError> {
        let Some(found) = found else { return Ok(Err(SkipReason::NoArchive)) };
        let Some(copy) = found.get(&record.key) else {
            return Ok(Err(not_archived(&record, self.archive_days, now)));
        };
        let body = match &copy.body {
            ArchivedBody::Here(body) => body.clone(),
            ArchivedBody::At(reference) => match self.bodies.get(reference).await {
                Ok(body) => body,
                Err(BodyError::Lost | BodyError::Foreign) => return Ok(Err(SkipReason::BodyDeleted)),
                Err(error) => return Err(error.into()),
            },
        };
        // The bus may have printed the JSON anew: the worker compares the hash with this very body.
        let meta = Meta { generation, body_sha256: sha256::hex(&body), ..copy.meta.clone() };
        if let Some(snapshot) = snapshot(&meta, &body, now) {
            let kept = self.fence.look(&snapshot.key).await?;
            // An item that is not weir's: the worker says so.
            let kept = kept.and_then(|kept| kept.record().ok());
            match admits(&meta, &snapshot, kept.as_ref(), now) {
                Err(SkipReason::Superseded) if superseded => {}
                Err(skip) => return Ok(Err(skip)),
                Ok(()) => {}
            }
        }
        Ok(Ok(Some(Box::new(Ready { record, meta, body }))))
    }
}
