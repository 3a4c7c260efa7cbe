//! What a service does with an event after the event's handlers.

use serde_json::value::RawValue;
use weir_core::Failure;

use crate::{EffectDeadline, router::Event};

/// The last step of an event: the worker publishes it to the bus; another service may write to a table of its own.
///
/// A step runs after the event's handlers, inside the event's lease and its resource. It runs at least once, so it
/// must be safe to repeat.
pub trait LastStep: Send + Sync + 'static {
    /// What the messages of one batch share. Dropped when the batch is answered: nothing of it may run on.
    type Batch: Send;
    /// One message's part in the batch. It is dropped where the message ends without the step.
    type Handle: Send + 'static;

    /// Begins a batch of so many messages, and returns a handle for each. No effect may begin after `deadline`.
    fn begin(&self, messages: usize, deadline: EffectDeadline) -> (Self::Batch, Vec<Self::Handle>);

    /// Takes the event to its effect. `json` is the body, known to be JSON.
    ///
    /// # Errors
    /// A failure, which says what happens to the message.
    fn run(
        &self,
        event: &Event,
        json: &RawValue,
        handle: Self::Handle,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Reports an event that never takes effect, because a newer state of its resource came first.
    ///
    /// # Errors
    /// A failure, which says what happens to the message.
    fn run_superseded(
        &self,
        event: &Event,
        json: &RawValue,
        handle: Self::Handle,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// No last step: the event's handlers did the work.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStep;

impl LastStep for NoStep {
    type Batch = ();
    type Handle = ();

    fn begin(&self, messages: usize, _: EffectDeadline) -> ((), Vec<()>) {
        ((), vec![(); messages])
    }

    async fn run(&self, _: &Event, _: &RawValue, (): ()) -> Result<(), Failure> {
        Ok(())
    }

    async fn run_superseded(&self, _: &Event, _: &RawValue, (): ()) -> Result<(), Failure> {
        Ok(())
    }
}
