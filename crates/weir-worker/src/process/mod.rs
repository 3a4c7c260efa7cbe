//! The way of one message: claim, act, publish, complete.

mod act;
mod publisher;

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use weir_core::{
    Backoff, Failure, Lane, UnixMillis,
    envelope::{Envelope, EnvelopeProblem},
    ledger::{Ask, Claim, Key, Ledger, Owner, Settled},
    sha256,
};
use weir_lambda::{
    batch::{Message, Verdict},
    router::Router,
};

pub use publisher::{Publisher, Seat};

use crate::outside::BodyStore;

/// What all messages of one invocation share.
pub struct Processor<L, S> {
    /// Which lane they came by.
    pub lane: Lane,
    /// What happened to each event.
    pub ledger: Arc<L>,
    /// Where large bodies lie.
    pub bodies: Arc<S>,
    /// Who handles what.
    pub router: Router,
    /// How long failed messages wait.
    pub backoff: Backoff,
    /// Lambda's id of the invocation: part of each lease's owner.
    pub request_id: String,
    /// When this invocation's leases end.
    pub lease_until: UnixMillis,
    /// Until when handlers may run.
    pub handlers_end: Instant,
}

/// Added to what is left of another's lease, so that the next receive finds it over.
const AFTER_LEASE: Duration = Duration::from_secs(1);

impl<L: Ledger, S: BodyStore> Processor<L, S> {
    /// Takes a message to its verdict. Everything that goes wrong is told once, here.
    pub async fn process(&self, message: &Message, seat: Seat) -> Verdict {
        match Envelope::parse(&message.body) {
            Ok(envelope) => self.event(message, envelope, seat).await,
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
            now: UnixMillis::now(),
            lease_until: self.lease_until,
        };
        if let Some(verdict) = self.claim(message, &ask).await {
            return verdict;
        }
        match self.act(envelope, seat).await {
            Ok(()) => self.complete(message, &key, &owner).await,
            Err(failure) => self.fail(message, &key, &owner, &failure).await,
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
            now: UnixMillis::now(),
            lease_until: self.lease_until,
        };
        if let Some(verdict) = self.claim(message, &ask).await {
            return verdict;
        }
        self.fail(message, &key, &owner, &Failure::permanent(problem)).await
    }

    /// `None` if the event is ours.
    async fn claim(&self, message: &Message, ask: &Ask<'_>) -> Option<Verdict> {
        let key = ask.key;
        match self.ledger.claim(ask).await {
            Ok(Claim::Granted) => None,
            Ok(Claim::Duplicate) => {
                tracing::info!(%key, "Duplicate: it took effect before");
                if let Err(error) = self.ledger.count_duplicate(key).await {
                    tracing::warn!(%key, error = %error.source, "A duplicate was not counted");
                }
                Some(Verdict::Acknowledge)
            }
            Ok(Claim::Busy(rest)) => {
                tracing::info!(%key, rest_ms = rest.as_millis(), "Leased by another worker");
                Some(Verdict::RetryAfter(rest + AFTER_LEASE))
            }
            Ok(Claim::Mismatch) => {
                tracing::error!(%key, "Another body came under this id before: on its way to the DLQ");
                Some(Verdict::RetryAfter(Duration::ZERO))
            }
            Err(error) => {
                tracing::error!(%key, error = %error.source, "{error}");
                Some(self.back_off(message))
            }
        }
    }

    async fn complete(&self, message: &Message, key: &Key, owner: &Owner) -> Verdict {
        match self.ledger.complete(key, owner, UnixMillis::now()).await {
            Ok(Settled::Written) => {
                tracing::info!(%key, receives = message.receives, "Done");
                Verdict::Acknowledge
            }
            Ok(Settled::Lost) => {
                // The other owner's copy of the message is another receive of this one: it acknowledges.
                tracing::warn!(%key, "Took effect, but another worker had taken over after the lease ended");
                Verdict::Retry
            }
            Err(error) => {
                tracing::error!(%key, error = %error.source, "Took effect, but {error}: it will run again");
                self.back_off(message)
            }
        }
    }

    async fn fail(&self, message: &Message, key: &Key, owner: &Owner, failure: &Failure) -> Verdict {
        let permanent = failure.is_permanent();
        tracing::warn!(%key, receives = message.receives, permanent, reason = failure.reason(), "Failed");
        match self.ledger.release(key, owner, failure, UnixMillis::now()).await {
            Ok(Settled::Written) => {}
            Ok(Settled::Lost) => return Verdict::Retry,
            Err(error) => tracing::error!(%key, error = %error.source, "A failure was not recorded"),
        }
        // Waiting can't repair what is permanent: it uses up its receives at once and reaches the DLQ.
        if permanent { Verdict::RetryAfter(Duration::ZERO) } else { self.back_off(message) }
    }

    fn back_off(&self, message: &Message) -> Verdict {
        Verdict::RetryAfter(self.backoff.delay(message.receives, &mut fastrand::Rng::new()))
    }

    /// Never used twice: an invocation sees a message once.
    fn owner(&self, message: &Message) -> Owner {
        Owner(format!("{}/{}", self.request_id, message.id))
    }
}
