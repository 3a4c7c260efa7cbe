//! Publishing the events of pools.

use weir_core::Failure;

use crate::event::Outgoing;

/// A bus.
pub trait Publish: Send + Sync {
    /// Publishes events, and returns what became of each, in their order. A repeated event has the same id.
    fn publish(&self, events: &[Outgoing]) -> impl Future<Output = Vec<Result<(), Failure>>> + Send;
}

/// Publishes nothing: a command of an operator leaves it to the service.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPublisher;

impl Publish for NoPublisher {
    async fn publish(&self, events: &[Outgoing]) -> Vec<Result<(), Failure>> {
        vec![Err(Failure::transient("the service publishes it")); events.len()]
    }
}
