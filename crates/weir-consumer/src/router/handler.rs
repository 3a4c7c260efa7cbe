//! What may stand as a handler.

use std::{pin::Pin, sync::Arc};

use weir_core::Failure;

use super::{Event, FromEvent};

/// The future of one handler's run.
pub type Running = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// A handler whose arguments were forgotten.
pub(super) type Erased = Arc<dyn Fn(Event) -> Running + Send + Sync>;

/// An `async fn` of up to three arguments, each a [`FromEvent`], that returns `Result<(), Failure>`.
///
/// Implemented for such functions and closures; `Args` only tells them apart.
pub trait Handler<Args>: Clone + Send + Sync + 'static {
    /// Takes the arguments from the event and runs.
    fn call(self, event: Event) -> Running;
}

macro_rules! handler_of {
    ($($arg:ident),+) => {
        impl<F, Fut, $($arg),+> Handler<($($arg,)+)> for F
        where
            F: Fn($($arg),+) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = Result<(), Failure>> + Send,
            $($arg: FromEvent,)+
        {
            fn call(self, event: Event) -> Running {
                Box::pin(async move { self($($arg::from_event(&event)?),+).await })
            }
        }
    };
}

handler_of!(A);
handler_of!(A, B);
handler_of!(A, B, C);
