//! Whether a service takes what this process sends.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::call_error::{CallError, ErrorClass};

/// How long after the last success a service still counts as one that takes what is well-formed.
const RECENT: Duration = Duration::from_secs(60);

/// Whether a service takes the calls of this process. `ValidationException` says either that one request is malformed or
/// that all are: while others get through, it is the request.
#[derive(Debug, Default)]
pub(crate) struct Acceptance(Mutex<Option<Instant>>);

impl Acceptance {
    /// A call got through, or an answer showed that calls do.
    pub(crate) fn accepted(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// A refusal for the shape of a request is the request's own fault while other requests get through.
    pub(crate) fn judge(&self, error: CallError) -> CallError {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let others_pass = last.is_some_and(|at| at.elapsed() < RECENT);
        let is_shape = error.class == ErrorClass::Misconfigured && error.reason.contains("Validation");
        if is_shape && others_pass { CallError { class: ErrorClass::Rejected, ..error } } else { error }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::call_error::ErrorClass::*, *};

    #[tokio::test(start_paused = true)]
    async fn malformed_request_is_at_fault_only_while_others_get_through() {
        let table = Acceptance::default();
        let error = || CallError {
            operation: "UpdateItem",
            resource: "ledger".into(),
            reason: "ValidationException".into(),
            class: Misconfigured,
        };
        assert_eq!(table.judge(error()).class, Misconfigured);
        table.accepted();
        assert_eq!(table.judge(error()).class, Rejected);
        let denied = CallError { reason: "AccessDeniedException".into(), ..error() };
        assert_eq!(table.judge(denied).class, Misconfigured, "no request can help that");
        tokio::time::advance(RECENT).await;
        assert_eq!(table.judge(error()).class, Misconfigured);
    }
}
