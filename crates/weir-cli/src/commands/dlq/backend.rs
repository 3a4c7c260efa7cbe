//! Everything outside that `weir dlq` talks to: the queues, the ledger, and where operations are written down.

use std::time::Duration;

use weir_aws::{
    DynamoLedger, Operations,
    dead_letters::{DeadLetter, DeadLetterQueue, Depth, Outgoing, QueueError, Refusals},
    ledger::ReadError,
    operations::{OperationsError, Stored},
};
use weir_core::{
    Lane, StoreError, UnixMillis,
    ledger::{ActionLog, ActionRequest, Key, Record, Recorded},
};
use weir_ops::{LaneQueues, Stack, StackError};

use super::operation::{Chunk, Operation, SHELF, kept_until, shelf_of};
use crate::target;

/// What a sweep needs of the world. A trait, so that tests can lose each reply.
pub(crate) trait DeadLetterBackend {
    async fn depth(&self, lane: Lane) -> Result<Depth, QueueError>;
    async fn receive(&self, lane: Lane, hold: Duration) -> Result<Vec<DeadLetter>, QueueError>;
    async fn hold(&self, lane: Lane, receipts: &[String], time: Duration) -> Result<Refusals, QueueError>;
    async fn delete(&self, lane: Lane, receipts: &[String]) -> Result<Refusals, QueueError>;
    async fn send(&self, lane: Lane, messages: &[Outgoing]) -> Result<Refusals, QueueError>;
    async fn records(&self, keys: &[Key]) -> Result<Vec<Record>, ReadError>;
    /// Has the ledger say what is done with an event.
    async fn record(&self, request: &ActionRequest<'_>) -> Result<Recorded, StoreError>;
    /// Writes the operation if nobody else did since `expected`.
    async fn save(
        &self,
        name: &str,
        expected: Option<u64>,
        operation: &Operation,
    ) -> Result<Stored<Operation>, OperationsError>;
    /// Writes down what is about to be acted on.
    async fn enter(&self, name: &str, number: u32, chunk: &Chunk) -> Result<(), OperationsError>;
}

/// The queues and tables of a stack.
pub(crate) struct StackBackend {
    queues: Vec<(Lane, DeadLetterQueue)>,
    pub(crate) ledger: DynamoLedger,
    pub(crate) operations: Operations,
}

impl StackBackend {
    pub(crate) fn of(stack: &Stack) -> Result<Self, StackError> {
        let queue = |queues: LaneQueues| (queues.lane, DeadLetterQueue::new(&stack.config, queues.dlq, queues.queue));
        Ok(Self {
            queues: stack.lanes()?.into_iter().map(queue).collect(),
            ledger: target::reader(&stack.config, stack.output("LedgerTable")?),
            operations: Operations::new(&stack.config, stack.output("OperationsTable")?),
        })
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

    async fn receive(&self, lane: Lane, hold: Duration) -> Result<Vec<DeadLetter>, QueueError> {
        self.queue(lane)?.receive(hold).await
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

    async fn save(
        &self,
        name: &str,
        expected: Option<u64>,
        operation: &Operation,
    ) -> Result<Stored<Operation>, OperationsError> {
        self.operations.put(SHELF, name, expected, operation, Some(kept_until(operation.started_at))).await
    }

    async fn enter(&self, name: &str, number: u32, chunk: &Chunk) -> Result<(), OperationsError> {
        let expires = Some(kept_until(UnixMillis::now()));
        // A write whose reply was lost meets itself: what stands there is what was to be written.
        self.operations.put(&shelf_of(name), &format!("{number:08}"), None, chunk, expires).await.map(drop)
    }
}
