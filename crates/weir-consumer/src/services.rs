//! The services that a consumer calls: AWS in a function; in tests and in the simulation, services that fail on
//! purpose.

use std::time::Duration;

use weir_aws::{Bodies, BodyError, DynamoFence, DynamoLedger, LaneQueue, NotParked};
use weir_core::{
    Failure, StoreError,
    envelope::Meta,
    fence::{self, Fence, Leave},
    ledger::{Ledger, Settled},
};

/// The services of one consumer.
pub trait WorkerServices: Send + Sync + 'static {
    /// What happened to each event.
    type Ledger: Ledger;
    /// Who handles which resource.
    type Fence: Fence;
    /// Where large bodies are.
    type Bodies: BodyStore;
    /// Where the messages come from.
    type Queue: Queue;

    /// What happened to each event.
    fn ledger(&self) -> &Self::Ledger;
    /// Who handles which resource.
    fn fence(&self) -> &Self::Fence;
    /// Where large bodies are.
    fn bodies(&self) -> &Self::Bodies;
    /// Where the messages come from.
    fn queue(&self) -> &Self::Queue;
}

/// Stores bodies that no message can carry.
pub trait BodyStore: Send + Sync + 'static {
    /// The bytes at a reference.
    fn get(&self, reference: &str) -> impl Future<Output = Result<Vec<u8>, BodyError>> + Send;
    /// Stores the bytes and returns their reference.
    fn put(&self, meta: &Meta, body: Vec<u8>) -> impl Future<Output = Result<String, BodyError>> + Send;
}

/// The queue that the messages come from.
pub trait Queue: Send + Sync + 'static {
    /// Sets when messages (their receipt handles) come back. Returns how many changes failed, with the first reason:
    /// such a message comes back when the queue's visibility time-out runs out.
    fn postpone(&self, messages: &[(String, Duration)]) -> impl Future<Output = Option<(usize, String)>> + Send;
    /// Sends a copy that comes after `delay`, in the message group of its shop.
    fn park(&self, copy: String, group: &str, delay: Duration) -> impl Future<Output = Result<(), NotParked>> + Send;
}

/// Services of these types.
#[derive(Debug)]
pub struct Services<L, F, B, Q> {
    /// What happened to each event.
    pub ledger: L,
    /// Who handles which resource: [`NoFence`] for a consumer that keeps no order.
    pub fence: F,
    /// Where large bodies are.
    pub bodies: B,
    /// The queue that the messages come from.
    pub queue: Q,
}

/// The services of AWS.
pub type AwsServices<F = DynamoFence> = Services<DynamoLedger, F, Bodies, LaneQueue>;

impl<L: Ledger + 'static, F: Fence + 'static, B: BodyStore, Q: Queue> WorkerServices for Services<L, F, B, Q> {
    type Ledger = L;
    type Fence = F;
    type Bodies = B;
    type Queue = Q;

    fn ledger(&self) -> &L {
        &self.ledger
    }

    fn fence(&self) -> &F {
        &self.fence
    }

    fn bodies(&self) -> &B {
        &self.bodies
    }

    fn queue(&self) -> &Q {
        &self.queue
    }
}

/// The fence of a consumer without `topics`: no event of it enters a resource.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFence;

impl Fence for NoFence {
    async fn enter(&self, _: &fence::EnterRequest<'_>) -> Result<fence::Entry, StoreError> {
        Ok(fence::Entry::Granted)
    }

    async fn leave(&self, _: &fence::EnterRequest<'_>, _: Leave) -> Result<Settled, StoreError> {
        Ok(Settled::Written)
    }
}

impl BodyStore for Bodies {
    fn get(&self, reference: &str) -> impl Future<Output = Result<Vec<u8>, BodyError>> + Send {
        self.get(reference)
    }

    fn put(&self, meta: &Meta, body: Vec<u8>) -> impl Future<Output = Result<String, BodyError>> + Send {
        self.put(meta, body)
    }
}

impl Queue for LaneQueue {
    fn postpone(&self, messages: &[(String, Duration)]) -> impl Future<Output = Option<(usize, String)>> + Send {
        self.postpone(messages)
    }

    fn park(&self, copy: String, group: &str, delay: Duration) -> impl Future<Output = Result<(), NotParked>> + Send {
        self.park(copy, group, delay)
    }
}

/// What a body that could not be stored or fetched means for the event.
pub fn body_failure(error: BodyError) -> Failure {
    match error {
        BodyError::Failed(call) => call.failure(),
        BodyError::Foreign | BodyError::Lost => Failure::permanent(error),
    }
}
