//! The way of one message: claim, enter its resource, act, publish, leave, settle.

mod act;
mod publisher;
mod resource;
mod settle;
mod told;
mod within;

use std::{sync::Arc, time::Duration};

use resilience::Clock;
use weir_core::{
    Backoff, Failure, Lane, Topics, UnixMillis,
    controls::Controls,
    envelope::{Envelope, EnvelopeProblem},
    ledger::{Again, Ask, Claim, Key, Ledger, Owner},
    metrics,
    park::OUTAGE_AT_MOST,
    sha256,
};
use weir_lambda::{
    batch::{Message, Verdict},
    router::Router,
    telemetry::Telemetry,
};

use act::Stopped;
pub use publisher::{Publisher, Seat};
pub use within::{EffectsEnd, TimeIsUp};

use crate::outside::Outside;

/// What all messages of one invocation share.
pub struct Processor<O> {
    /// Which lane they came by.
    pub lane: Lane,
    /// Everything outside.
    pub outside: Arc<O>,
    /// Who handles what.
    pub router: Router,
    /// Of which topics only the latest event counts.
    pub topics: Arc<Topics>,
    /// How long failed messages wait.
    pub backoff: Backoff,
    /// What tells the time.
    pub clock: Clock,
    /// What the operator switched off and slowed down, as of the invocation's start.
    pub controls: Arc<Controls>,
    /// Lambda's id of the invocation: part of each lease's owner.
    pub request_id: String,
    /// When this invocation's leases end.
    pub lease_until: UnixMillis,
    /// Until when effects may begin.
    pub effects_end: EffectsEnd,
    /// What the work is told to.
    pub telemetry: Telemetry,
    /// From this receive on a failure sends a message to the DLQ.
    pub max_receives: u32,
}

/// Added to what is left of another's lease, so that the next receive finds it over.
const AFTER_LEASE: Duration = Duration::from_secs(1);

/// When to look again for what AWS did not answer.
const SOON: Duration = Duration::from_secs(10);

/// From this receive on a message whose ledger can't be reached is parked: its receives are for its own failures.
const PARKED_FROM: u32 = 3;

impl<O: Outside> Processor<O> {
    /// Takes a message to its verdict. Everything that goes wrong is told once, here.
    pub async fn process(&self, message: &Message, seat: Seat) -> Verdict {
        match Envelope::parse(&message.body) {
            Ok(envelope) => self.traced(message, envelope, seat).await,
            Err(problem) => self.unreadable(message, &problem).await,
        }
    }

    async fn event(&self, message: &Message, envelope: Envelope, seat: Seat) -> Verdict {
        let meta = envelope.meta.clone();
        let key = Key::of(&meta);
        let owner = self.owner(message);
        let ask = Ask {
            key: &key,
            owner: &owner,
            body_sha256: &meta.body_sha256,
            meta: Some(&meta),
            lane: self.lane,
            receives: message.receives,
            parks: envelope.parked.map_or(0, |parked| parked.count),
            now: self.clock.now(),
            lease_until: self.lease_until,
        };
        if let Some(verdict) = self.claim(message, &ask).await {
            return verdict;
        }
        match self.act(envelope, &owner, seat).await {
            Ok(ending) => {
                let verdict = self.complete(message, &key, &owner, &ending).await;
                self.tell_ended(message, &meta, &ending, verdict);
                verdict
            }
            Err(Stopped::Failed(failure)) => {
                let verdict = self.fail(message, &key, &owner, failure.clone()).await;
                self.tell_failed(message, Some(&meta), &failure, verdict);
                verdict
            }
            Err(Stopped::Lost) => Verdict::Retry,
        }
    }

    /// A message that is no envelope: recorded with its reason under SQS's own id for it, then to the DLQ.
    async fn unreadable(&self, message: &Message, problem: &EnvelopeProblem) -> Verdict {
        let key = Key::of_unreadable(message.group.as_deref(), &message.id);
        let owner = self.owner(message);
        let ask = Ask {
            key: &key,
            owner: &owner,
            body_sha256: &sha256::hex(message.body.as_bytes()),
            meta: None,
            lane: self.lane,
            receives: message.receives,
            parks: 0,
            now: self.clock.now(),
            lease_until: self.lease_until,
        };
        if let Some(verdict) = self.claim(message, &ask).await {
            return verdict;
        }
        let failure = Failure::permanent(problem);
        let verdict = self.fail(message, &key, &owner, failure.clone()).await;
        self.tell_failed(message, None, &failure, verdict);
        verdict
    }

    /// `None` if the event is ours.
    async fn claim(&self, message: &Message, ask: &Ask<'_>) -> Option<Verdict> {
        let key = ask.key;
        match self.outside.ledger().claim(ask).await {
            Ok(Claim::Granted) => None,
            Ok(Claim::Duplicate) => {
                tracing::info!(%key, "Duplicate: it ended before");
                self.tell(&metrics::DUPLICATES, ask.meta);
                self.count(key, Again::Duplicate).await;
                Some(Verdict::Acknowledge)
            }
            Ok(Claim::Copied) => {
                tracing::info!(%key, "A parked copy took its place");
                Some(Verdict::Acknowledge)
            }
            Ok(Claim::Busy(rest)) => {
                tracing::info!(%key, rest_ms = rest.as_millis(), "Leased by another worker");
                Some(Verdict::RetryAfter(rest + AFTER_LEASE))
            }
            Ok(Claim::Mismatch) => {
                tracing::error!(%key, "Another body came under this id before: on its way to the DLQ");
                self.tell_mismatch(message, ask.meta);
                self.count(key, Again::Mismatch).await;
                Some(Verdict::RetryAfter(Duration::ZERO))
            }
            Ok(Claim::Condemned) => {
                tracing::info!(%key, receives = message.receives, "Failed for good: on its way to the DLQ");
                Some(Verdict::RetryAfter(Duration::ZERO))
            }
            Err(error) => {
                tracing::error!(%key, error = %error.source, "{error}");
                let verdict = self.without_ledger(message, key).await;
                self.tell_without_ledger(message, ask.meta, verdict);
                Some(verdict)
            }
        }
    }

    /// The ledger can't be reached. After some patience the message is parked, though that can't be recorded.
    async fn without_ledger(&self, message: &Message, key: &Key) -> Verdict {
        if message.receives < PARKED_FROM {
            return self.back_off(message);
        }
        match self.park(message, SOON, OUTAGE_AT_MOST).await {
            Ok((parked, delay)) => {
                tracing::warn!(%key, parks = parked.count, delay_s = delay.as_secs(), "Parked, without a record of it");
                Verdict::Acknowledge
            }
            Err(failure) => {
                tracing::error!(%key, reason = failure.reason(), "Not parked");
                self.back_off(message)
            }
        }
    }

    async fn count(&self, key: &Key, again: Again) {
        if let Err(error) = self.outside.ledger().count(key, again).await {
            tracing::warn!(%key, error = %error.source, "{error}");
        }
    }

    /// Never used twice: an invocation sees a message once.
    fn owner(&self, message: &Message) -> Owner {
        Owner(format!("{}/{}", self.request_id, message.id))
    }
}
