//! Something outside that handlers call: an ERP, a mail service, a webhook of somebody else's.
//!
//! Before a call its circuit is asked, after it the circuit is told. What a call came to is said once, by
//! [`CallError`]; from it follows whether the event backs off, is parked until the destination is back, or goes to the DLQ.

use std::{sync::Arc, time::Duration};

use resilience::Breakers;
use weir_core::Failure;

/// A destination. Cheap to clone.
#[derive(Clone)]
pub struct Destination {
    name: Arc<str>,
    breakers: Arc<Breakers>,
}

/// What a call came to that did not succeed. The text goes into the ledger and to the operator: no bodies, no customer data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No connection, no answer in time, a 5xx: this says something about the destination.
    #[error("{0}")]
    Down(String),
    /// It works, and asks to be left alone for so long.
    #[error("{reason}")]
    Throttled {
        /// What it said.
        reason: String,
        /// When to come back.
        retry_after: Duration,
    },
    /// It works, and will never take this.
    #[error("{0}")]
    Refused(String),
}

/// How long a call may take. Well below an invocation's time: a call that is cut off by that tells the circuit nothing.
pub const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// When to try again what fails while nothing gets through.
const AGAIN: Duration = Duration::from_secs(10);

impl Destination {
    /// The destination of this name; `breakers` hold its circuit, shared with every process that calls it.
    pub fn new(name: &str, breakers: Arc<Breakers>) -> Self {
        Self { name: name.into(), breakers }
    }

    /// The name under which its circuit, its rate limits and its switch go.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes one call, unless the circuit is open.
    pub async fn call<T>(&self, call: impl Future<Output = Result<T, CallError>>) -> Result<T, Failure> {
        let breaker = self.breakers.get(&format!("destination/{}", self.name));
        let permit = match breaker.permit().await {
            Ok(permit) => permit,
            Err(open) => return Err(Failure::outage(&open, open.retry_after)),
        };
        let no_answer = |_| CallError::Down(format!("no answer within {} s", ANSWERS_WITHIN.as_secs()));
        match tokio::time::timeout(ANSWERS_WITHIN, call).await.map_err(no_answer).flatten() {
            Ok(value) => {
                permit.succeeded().await;
                Ok(value)
            }
            Err(CallError::Down(reason)) => {
                permit.failed(&reason).await;
                let reason = format!("{}: {reason}", self.name);
                // While others get through it is this event that fails: it backs off, and goes to the DLQ in the end.
                // Else it is the destination, and no event is to blame.
                match breaker.lets_some_through() {
                    true => Err(Failure::transient(reason)),
                    false => Err(Failure::outage(reason, AGAIN)),
                }
            }
            Err(CallError::Throttled { reason, retry_after }) => {
                permit.succeeded().await;
                Err(Failure::outage(format!("{}: {reason}", self.name), retry_after))
            }
            Err(CallError::Refused(reason)) => {
                permit.succeeded().await;
                Err(Failure::permanent(format!("{}: {reason}", self.name)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use resilience::{Clock, MemoryState, UnixMillis, breaker::Settings};

    use super::*;

    fn destination(state: &Arc<MemoryState>) -> Destination {
        let clock = Clock::starting_at(UnixMillis(1_795_755_600_000));
        Destination::new("erp", Arc::new(Breakers::new(Settings::default(), clock, state.clone())))
    }

    async fn fail(destination: &Destination) -> Failure {
        destination.call(async { Err::<(), _>(CallError::Down("500".into())) }).await.unwrap_err()
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_while_others_get_through_is_the_events_own_fault() {
        let erp = destination(&Arc::default());
        assert_eq!(erp.call(async { Ok(7) }).await, Ok(7));
        assert_eq!(fail(&erp).await, Failure::transient("erp: 500"));
    }

    #[tokio::test(start_paused = true)]
    async fn while_nothing_gets_through_it_is_an_outage() {
        let erp = destination(&Arc::default());
        assert_eq!(fail(&erp).await, Failure::outage("erp: 500", AGAIN));
        assert_eq!(erp.call(async { Ok(()) }).await, Ok(()));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(fail(&erp).await, Failure::outage("erp: 500", AGAIN), "what got through was long ago");
    }

    #[tokio::test(start_paused = true)]
    async fn a_destination_that_hangs_is_down() {
        let erp = destination(&Arc::default());
        let hung = erp.call(std::future::pending::<Result<(), CallError>>()).await;
        assert_eq!(hung, Err(Failure::outage("erp: no answer within 10 s", AGAIN)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_circuit_is_known_to_every_process_and_nothing_is_called() {
        let state = Arc::default();
        let (one, other) = (destination(&state), destination(&state));
        for _ in 0..6 {
            fail(&one).await;
        }
        let called = std::cell::Cell::new(false);
        let failure = other
            .call(async {
                called.set(true);
                Ok(())
            })
            .await
            .unwrap_err();
        let Failure::Outage { reason, retry_after, .. } = failure else { panic!("{failure:?}") };
        assert!(!called.get() && reason.contains("destination/erp keeps failing (500)"), "{reason}");
        assert!(retry_after > Duration::from_secs(14), "{retry_after:?}");
        tokio::time::advance(retry_after).await;
        assert_eq!(other.call(async { Ok(()) }).await, Ok(()), "the probe closes it");
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(one.call(async { Ok(()) }).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_for_good_and_a_throttle_is_obeyed_and_neither_opens_the_circuit() {
        let erp = destination(&Arc::default());
        let wait = Duration::from_secs(77);
        for _ in 0..20 {
            let refused = erp.call(async { Err::<(), _>(CallError::Refused("422".into())) }).await;
            assert_eq!(refused, Err(Failure::permanent("erp: 422")));
            let throttled = CallError::Throttled { reason: "429".into(), retry_after: wait };
            assert_eq!(erp.call(async { Err::<(), _>(throttled) }).await, Err(Failure::outage("erp: 429", wait)));
        }
    }
}
