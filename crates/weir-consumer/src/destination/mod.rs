//! A destination is a service outside that handlers call: an ERP, a mail service, a webhook of somebody else's.
//!
//! A call passes the operator's switch, the circuit and the shop's rate limit, and its result goes to the circuit.
//! [`CallError`] says what a call came to. From it follows whether the event backs off, is parked until the destination
//! is back, or goes to the DLQ. [`HttpDestination`] posts over HTTP, and [`classify`] says what a status means.

pub(crate) mod http;

use std::{sync::Arc, time::Duration};

use resilience::{
    Breakers,
    limit::{Limiter, NotFor},
};
use weir_core::{Failure, controls::Target};
use weir_telemetry::traces::{Call, Kind};

pub use http::{BadUrl, HttpDestination, HttpUrl, classify};

use crate::router::Event;

/// A destination. Cheap to clone.
#[derive(Clone)]
pub struct Destination {
    name: Arc<str>,
    breakers: Arc<Breakers>,
    limiter: Arc<Limiter>,
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
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a call waits for its rate limit, before the event is parked: a parking takes five seconds at least, and ten on
/// average, in which the limit would serve nobody. With the call itself it fits the time of an invocation.
pub const RATE_LIMIT_WAIT_TIMEOUT: Duration = Duration::from_secs(8);

/// When to look again whether a switch is on.
pub const SWITCH_RETRY_DELAY: Duration = Duration::from_secs(60);

/// When to try again what fails while nothing gets through.
const OUTAGE_RETRY_DELAY: Duration = Duration::from_secs(10);

impl Destination {
    /// The destination of this name. Its circuit and its rates are shared with every process that calls it.
    pub fn new(name: &str, breakers: Arc<Breakers>, limiter: Arc<Limiter>) -> Self {
        Self { name: name.into(), breakers, limiter }
    }

    /// The name under which its circuit, its rate limits and its switch go.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes one call for an event, unless the operator switched it off for the shop, the circuit is open, or the shop's
    /// rate is spent.
    pub async fn call<T>(&self, event: &Event, call: impl Future<Output = Result<T, CallError>>) -> Result<T, Failure> {
        let (controls, shop) = (event.controls(), &event.meta().shop);
        if let Some(off) = controls.is_off(Target::Destination(&self.name), shop) {
            return Err(Failure::switched_off(off, SWITCH_RETRY_DELAY));
        }
        let breaker = self.breakers.get(&format!("destination/{}", self.name));
        let permit = match breaker.permit().await {
            Ok(permit) => permit,
            Err(open) => return Err(Failure::outage(&open, open.retry_after)),
        };
        for limit in controls.limits(&self.name, shop) {
            if let Err(NotFor(rest)) = self.limiter.take(&limit.name, limit.limit, RATE_LIMIT_WAIT_TIMEOUT).await {
                return Err(Failure::outage(format!("{}: the rate limit is spent", self.name), rest));
            }
        }
        let span = Call::begin(Kind::Client, format!("call {}", self.name));
        let no_answer = |_| CallError::Down(format!("no answer within {} s", CALL_TIMEOUT.as_secs()));
        let called = tokio::time::timeout(CALL_TIMEOUT, call).await.map_err(no_answer).flatten();
        span.end(Vec::new(), called.as_ref().err().map(ToString::to_string));
        match called {
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
                    false => Err(Failure::outage(reason, OUTAGE_RETRY_DELAY)),
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
mod tests;
