//! What a replay works on: the queues, the ledger, and the table of operations.

use std::time::Duration;

use weir_aws::{
    DynamoLedger,
    dead_letters::{DeadLetter, DeadLetterQueue, Depth, Outgoing, QueueError, Refusals},
    documents::{DocumentError, Stored},
    ledger::ReadError,
};
use weir_core::{
    Lane, StoreError, UnixMillis,
    ledger::{ActionLog, ActionRequest, Key, Record, Recorded},
};
use weir_jobs::{DocumentJobs, JobStore};

use super::{
    entry::DeadLetterEntry,
    error::DeadLetterError,
    operation::{Chunk, Entry, Operation, ReplayWork},
};
use crate::{LaneQueues, Stack, StackError, resend::Resend};

/// What a replay needs of the world. A trait, so that tests can lose each reply.
pub(crate) trait DeadLetterBackend: JobStore<ReplayWork> {
    async fn depth(&self, lane: Lane) -> Result<Depth, QueueError>;
    async fn receive(&self, lane: Lane, hold: Duration, waits: bool) -> Result<Vec<DeadLetter>, QueueError>;
    async fn hold(&self, lane: Lane, receipts: &[String], time: Duration) -> Result<Refusals, QueueError>;
    async fn delete(&self, lane: Lane, receipts: &[String]) -> Result<Refusals, QueueError>;
    async fn send(&self, lane: Lane, messages: &[Outgoing]) -> Result<Refusals, QueueError>;
    async fn records(&self, keys: &[Key]) -> Result<Vec<Record>, ReadError>;
    /// Has the ledger say what is done with an event.
    async fn record(&self, request: &ActionRequest<'_>) -> Result<Recorded, StoreError>;
}

/// The queues and tables of a stack.
pub struct StackBackend {
    queues: Vec<(Lane, DeadLetterQueue)>,
    pub(crate) ledger: DynamoLedger,
    pub(crate) jobs: DocumentJobs,
}

impl StackBackend {
    /// Those of a stack.
    ///
    /// # Errors
    /// If the stack lacks an output.
    pub fn of(stack: &Stack) -> Result<Self, StackError> {
        let queue = |queues: LaneQueues| (queues.lane, DeadLetterQueue::new(&stack.config, queues.dlq, queues.queue));
        Ok(Self {
            queues: stack.lanes()?.into_iter().map(queue).collect(),
            ledger: DynamoLedger::new(&stack.config, stack.output("LedgerTable")?, Duration::ZERO),
            jobs: DocumentJobs::new(&stack.config, stack.output("OperationsTable")?),
        })
    }

    /// When SQS deletes the first of these messages for good: it counts from when a message was first sent, whatever became
    /// of it since.
    ///
    /// # Errors
    /// If a queue can't be read.
    pub async fn first_deleted_at(&self, entries: &[&DeadLetterEntry]) -> Result<Option<UnixMillis>, DeadLetterError> {
        let mut first: Option<UnixMillis> = None;
        for lane in Lane::ALL {
            let of_lane = entries.iter().map(|entry| &entry.letter).filter(|letter| letter.lane == lane);
            if let Some(oldest) = of_lane.map(|letter| letter.sent_at).min() {
                let at = oldest + self.depth(lane).await?.retention;
                first = Some(first.map_or(at, |other| other.min(at)));
            }
        }
        Ok(first)
    }

    /// A replay or a drop, and what it acted on.
    ///
    /// # Errors
    /// If the table of operations can't be read.
    pub async fn operation(&self, name: &str) -> Result<Option<(Operation, Vec<Entry>)>, DeadLetterError> {
        let Some(found) = self.jobs.get::<ReplayWork>(name).await? else { return Ok(None) };
        let chunks = self.jobs.checkpoints::<ReplayWork>(name).await?;
        Ok(Some((found.value, chunks.into_iter().flat_map(|chunk| chunk.entries).collect())))
    }

    /// Replays and drops with their names, the last one first.
    ///
    /// # Errors
    /// If the table of operations can't be read.
    pub async fn operations(&self, limit: usize) -> Result<Vec<(String, Operation)>, DeadLetterError> {
        Ok(self.jobs.history(limit).await?)
    }

    /// Resends with their names, the last one first.
    ///
    /// # Errors
    /// If the table of operations can't be read.
    pub async fn resends(&self, limit: usize) -> Result<Vec<(String, Resend)>, DeadLetterError> {
        Ok(self.jobs.history(limit).await?)
    }

    fn queue(&self, lane: Lane) -> Result<&DeadLetterQueue, QueueError> {
        let found = self.queues.iter().find(|(it, _)| *it == lane).map(|(_, queue)| queue);
        found.ok_or_else(|| QueueError {
            action: "a look",
            queue: lane.to_string(),
            code: None,
            reason: "the stack has no such lane".to_owned(),
        })
    }
}

impl DeadLetterBackend for StackBackend {
    async fn depth(&self, lane: Lane) -> Result<Depth, QueueError> {
        self.queue(lane)?.depth().await
    }

    async fn receive(&self, lane: Lane, hold: Duration, waits: bool) -> Result<Vec<DeadLetter>, QueueError> {
        self.queue(lane)?.receive(hold, waits).await
    }

    async fn hold(&self, lane: Lane, receipts: &[String], time: Duration) -> Result<Refusals, QueueError> {
        self.queue(lane)?.hold(receipts, time).await
    }

    async fn delete(&self, lane: Lane, receipts: &[String]) -> Result<Refusals, QueueError> {
        self.queue(lane)?.delete(receipts).await
    }

    async fn send(&self, lane: Lane, messages: &[Outgoing]) -> Result<Refusals, QueueError> {
        self.queue(lane)?.send(messages).await
    }

    async fn records(&self, keys: &[Key]) -> Result<Vec<Record>, ReadError> {
        self.ledger.get_many(keys).await
    }

    async fn record(&self, request: &ActionRequest<'_>) -> Result<Recorded, StoreError> {
        self.ledger.record(request).await
    }
}

impl JobStore<ReplayWork> for StackBackend {
    async fn save(
        &self,
        name: &str,
        expected: Option<u64>,
        job: &Operation,
    ) -> Result<Stored<Operation>, DocumentError> {
        self.jobs.save(name, expected, job).await
    }

    async fn checkpoint(&self, name: &str, number: u32, chunk: &Chunk) -> Result<(), DocumentError> {
        JobStore::<ReplayWork>::checkpoint(&self.jobs, name, number, chunk).await
    }
}
