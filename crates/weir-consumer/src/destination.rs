//! Something outside that handlers call: an ERP, a mail service, a webhook of somebody else's.
//!
//! Before a call the operator's switch is asked, its circuit and the shop's rate limit; after it the circuit is told. What
//! a call came to is said once, by [`CallError`]; from it follows whether the event backs off, is parked until the
//! destination is back, or goes to the DLQ.

use std::{sync::Arc, time::Duration};

use resilience::{
    Breakers,
    limit::{Limiter, NotFor},
};
use weir_core::{Failure, controls::Target};
use weir_telemetry::traces::{Call, Kind};

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

/// How long a call waits for its rate limit, before the event is parked.
const RATE_LIMIT_WAIT_TIMEOUT: Duration = Duration::from_secs(1);

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
        let (controls, shop) = (event.controls(), event.meta().shop.as_str());
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
mod tests {
    use resilience::{Clock, MemoryState, UnixMillis, breaker::Settings};
    use weir_core::{controls::Controls, envelope::Meta};

    use super::*;

    fn destination(state: &Arc<MemoryState>) -> Destination {
        let clock = Clock::starting_at(UnixMillis(1_795_755_600_000));
        let breakers = Arc::new(Breakers::new(Settings::default(), clock, state.clone()));
        Destination::new("erp", breakers, Arc::new(Limiter::new(clock, state.clone())))
    }

    fn event() -> Event {
        let meta = Meta {
            webhook_id: "1".into(),
            shop: "north.myshopify.com".into(),
            topic: "refunds/create".into(),
            app: "default".into(),
            event_id: None,
            api_version: None,
            subscription: None,
            triggered_at: None,
            received_at: UnixMillis(0),
            body_sha256: String::new(),
            traceparent: None,
            dedupe_key: None,
            synthetic: None,
            test: false,
            generation: 0,
        };
        Event::new(meta, b"{}".to_vec())
    }

    async fn fail(destination: &Destination) -> Failure {
        destination.call(&event(), async { Err::<(), _>(CallError::Down("500".into())) }).await.unwrap_err()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_switched_off_for_a_shop_is_not_called_for_it() {
        let erp = destination(&Arc::default());
        let switch = r#"{"off":[{"destination":"erp","shop":"north.myshopify.com","why":"stocktaking"}]}"#;
        let controls = Arc::new(Controls::parse(switch).unwrap());
        let failure = erp.call(&event().under(controls.clone()), async { Ok(()) }).await.unwrap_err();
        assert!(
            matches!(&failure, Failure::Outage { switched_off: true, reason, .. } if reason.contains("stocktaking"))
        );
        let meta = Meta { shop: "south.myshopify.com".into(), ..event().meta().clone() };
        let other = Event::new(meta, b"{}".to_vec()).under(controls);
        assert_eq!(erp.call(&other, async { Ok(()) }).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_shop_whose_rate_is_spent_waits_and_others_do_not() {
        let erp = destination(&Arc::default());
        let limit = r#"{"limits":[{"destination":"erp","per_second":0.1,"burst":2}]}"#;
        let controls = Arc::new(Controls::parse(limit).unwrap());
        let event = event().under(controls.clone());
        for _ in 0..2 {
            assert_eq!(erp.call(&event, async { Ok(()) }).await, Ok(()));
        }
        let failure = erp.call(&event, async { Ok(()) }).await.unwrap_err();
        let Failure::Outage { reason, retry_after, switched_off: false } = failure else { panic!("{failure:?}") };
        assert!(reason.contains("rate limit") && retry_after > Duration::from_secs(5), "{reason}: {retry_after:?}");
        let meta = Meta { shop: "south.myshopify.com".into(), ..event.meta().clone() };
        assert_eq!(erp.call(&Event::new(meta, b"{}".to_vec()).under(controls), async { Ok(()) }).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_while_others_get_through_is_the_events_own_fault() {
        let erp = destination(&Arc::default());
        assert_eq!(erp.call(&event(), async { Ok(7) }).await, Ok(7));
        assert_eq!(fail(&erp).await, Failure::transient("erp: 500"));
    }

    #[tokio::test(start_paused = true)]
    async fn while_nothing_gets_through_it_is_an_outage() {
        let erp = destination(&Arc::default());
        assert_eq!(fail(&erp).await, Failure::outage("erp: 500", OUTAGE_RETRY_DELAY));
        assert_eq!(erp.call(&event(), async { Ok(()) }).await, Ok(()));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(fail(&erp).await, Failure::outage("erp: 500", OUTAGE_RETRY_DELAY), "what got through was long ago");
    }

    #[tokio::test(start_paused = true)]
    async fn a_destination_that_hangs_is_down() {
        let erp = destination(&Arc::default());
        let hung = erp.call(&event(), std::future::pending::<Result<(), CallError>>()).await;
        assert_eq!(hung, Err(Failure::outage("erp: no answer within 10 s", OUTAGE_RETRY_DELAY)));
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
            .call(&event(), async {
                called.set(true);
                Ok(())
            })
            .await
            .unwrap_err();
        let Failure::Outage { reason, retry_after, .. } = failure else { panic!("{failure:?}") };
        assert!(!called.get() && reason.contains("destination/erp keeps failing (500)"), "{reason}");
        assert!(retry_after > Duration::from_secs(14), "{retry_after:?}");
        tokio::time::advance(retry_after).await;
        assert_eq!(other.call(&event(), async { Ok(()) }).await, Ok(()), "the probe closes it");
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(one.call(&event(), async { Ok(()) }).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_for_good_and_a_throttle_is_obeyed_and_neither_opens_the_circuit() {
        let erp = destination(&Arc::default());
        let wait = Duration::from_secs(77);
        for _ in 0..20 {
            let refused = erp.call(&event(), async { Err::<(), _>(CallError::Refused("422".into())) }).await;
            assert_eq!(refused, Err(Failure::permanent("erp: 422")));
            let throttled = CallError::Throttled { reason: "429".into(), retry_after: wait };
            assert_eq!(
                erp.call(&event(), async { Err::<(), _>(throttled) }).await,
                Err(Failure::outage("erp: 429", wait))
            );
        }
    }
}
