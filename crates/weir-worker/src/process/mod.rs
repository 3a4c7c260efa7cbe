//! The way of one message: claim, enter its resource, act, publish, leave, settle.

mod act;
mod fate;
mod publisher;
mod resource;
mod settle;
mod told;
mod within;

use std::{sync::Arc, time::Duration};

use crate::outside::Outside;
use resilience::Clock;
use weir_consumer::{
    batch::{Message, Verdict},
    router::Router,
};
use weir_core::{
    Backoff, Failure, Lane, Topics, UnixMillis,
    controls::Controls,
    envelope::{Envelope, EnvelopeProblem},
    ledger::{Again, Ask, Claim, Ended, Ending, Key, Ledger, Owner, Progress},
    sha256,
};
use weir_telemetry::{Telemetry, metrics};

use act::Stopped;
use fate::{Fate, store_failure};
pub use publisher::{Publisher, Seat};
pub use within::{EffectsEnd, TimeIsUp};

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
    /// What the operator switched off and slowed down, as of the invocation's start; or why that was never read.
    pub controls: Result<Arc<Controls>, Failure>,
    /// Lambda's id of the invocation: part of each lease's owner.
    pub request_id: String,
    /// When this invocation's leases end.
    pub lease_until: UnixMillis,
    /// Until when effects may begin.
    pub effects_end: EffectsEnd,
    /// What the work is told to.
    pub telemetry: Telemetry,
    /// How often SQS hands out one message. Only what kills the worker and invocations that never ran use it up.
    pub max_receives: u32,
    /// How often an event may fail before it goes to the DLQ.
    pub max_attempts: u32,
}

/// What the ledger grants with a claim.
struct Granted {
    /// The attempt's number.
    attempt: u32,
    /// The webhook id of the event's first delivery, if that is another one.
    first: Option<String>,
    /// What earlier attempts left.
    progress: Progress,
}

/// An attempt at an event, from its claim on.
struct Attempt<'a> {
    key: &'a Key,
    owner: &'a Owner,
    number: u32,
    receives: u32,
    begun: UnixMillis,
    /// Known at the claim, or once the body is open.
    resource: Option<String>,
    /// What earlier attempts left; the handlers that succeed in this one are added to it.
    progress: Progress,
}

impl<'a> Attempt<'a> {
    fn begun(ask: &Ask<'a>, Granted { attempt: number, progress, .. }: Granted) -> Self {
        let Ask { key, owner, receives, now, .. } = *ask;
        Self { key, owner, number, receives, begun: now, resource: ask.resource.map(str::to_owned), progress }
    }

    /// Its end, after which no message comes back by itself, and no copy.
    fn ended<'b>(&'b self, ending: &'b Ending, progress: &'b Progress, now: UnixMillis) -> Ended<'b> {
        let Self { key, owner, number, receives, begun, ref resource, .. } = *self;
        let resource = resource.as_deref();
        let (comes_back, copy) = (None, None);
        Ended { key, owner, ending, attempt: number, receives, begun, comes_back, copy, progress, resource, now }
    }
}

/// Added to what is left of another's lease, so that the next receive finds it over.
const AFTER_LEASE: Duration = Duration::from_secs(1);

/// When to look again for what AWS did not answer.
const SOON: Duration = Duration::from_secs(10);

/// From this receive on a message whose ledger can't be reached is parked, or from its last one if that comes before.
const PARKED_FROM: u32 = 3;

impl<O: Outside> Processor<O> {
    /// Takes a message to its verdict. Everything that goes wrong is told once, here.
    pub async fn process(&self, message: &Message, seat: Seat) -> Verdict {
        let (verdict, parked) = match Envelope::parse(&message.body) {
            Ok(envelope) => {
                let parked = envelope.parked;
                (self.traced(message, envelope, seat).await, parked)
            }
            Err(problem) => (self.unreadable(message, &problem).await, None),
        };
        match verdict {
            // A parked copy says so itself: only there its delay is known.
            Verdict::Acknowledge | Verdict::DeadLetter => {}
            Verdict::Retry => self.tell_pending(message, parked, Duration::ZERO),
            Verdict::RetryAfter(delay) => self.tell_pending(message, parked, delay),
        }
        verdict
    }

    async fn event(&self, message: &Message, mut envelope: Envelope, seat: Seat) -> Verdict {
        let meta = envelope.meta.clone();
        let key = Key::of(&meta);
        let owner = self.owner(message);
        let resource = self.topics.latest(&meta.topic).and_then(|resource| resource.of(envelope.peek()?));
        let ask = Ask {
            key: &key,
            owner: &owner,
            body_sha256: &meta.body_sha256,
            meta: Some(&meta),
            resource: resource.as_deref(),
            lane: self.lane,
            receives: message.receives,
            parks: envelope.parked.map_or(0, |parked| parked.count),
            now: self.clock.now(),
            lease_until: self.lease_until,
        };
        let granted = match self.claim(message, &ask).await {
            Ok(granted) => granted,
            Err(verdict) => return verdict,
        };
        // Another attempt may have had an effect under that id: an event has one, wherever it goes from here.
        if let Some(first) = &granted.first {
            tracing::info!(%key, first_webhook_id = first, "The event came under another webhook id first");
            envelope.meta.webhook_id.clone_from(first);
        }
        let mut attempt = Attempt::begun(&ask, granted);
        let fate = match self.act(envelope, seat, &mut attempt).await {
            Ok(ending) => {
                let fate = self.complete(message, &attempt, &ending).await;
                self.tell_ended(message, &meta, &ending, fate);
                fate
            }
            Err(Stopped::Failed(failure)) => {
                let fate = self.fail(message, &attempt, &failure).await;
                self.tell_failed(message, Some(&meta), &failure, fate);
                fate
            }
            Err(Stopped::Lost) => Fate::Lost,
        };
        fate.verdict()
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
            resource: None,
            lane: self.lane,
            receives: message.receives,
            parks: 0,
            now: self.clock.now(),
            lease_until: self.lease_until,
        };
        match self.claim(message, &ask).await {
            Ok(granted) => {
                let failure = Failure::permanent(problem);
                let fate = self.fail(message, &Attempt::begun(&ask, granted), &failure).await;
                self.tell_failed(message, None, &failure, fate);
                fate.verdict()
            }
            Err(verdict) => verdict,
        }
    }

    /// What the ledger grants, if the event is ours.
    async fn claim(&self, message: &Message, ask: &Ask<'_>) -> Result<Granted, Verdict> {
        let key = ask.key;
        let verdict = match self.outside.ledger().claim(ask).await {
            Ok(Claim::Granted { attempt, first, progress }) => return Ok(Granted { attempt, first, progress }),
            Ok(Claim::Duplicate) => {
                tracing::info!(%key, "Duplicate: it ended before");
                self.tell(&metrics::DUPLICATES, ask.meta);
                self.count(ask, Again::Duplicate).await;
                Verdict::Acknowledge
            }
            Ok(Claim::Redelivered) => {
                tracing::info!(%key, "It ended before, and its acknowledgement was lost");
                Verdict::Acknowledge
            }
            Ok(Claim::Copied) => {
                tracing::info!(%key, "A parked copy took its place");
                Verdict::Acknowledge
            }
            Ok(Claim::Busy(rest)) => {
                tracing::info!(%key, rest_ms = rest.as_millis(), "Leased by another worker");
                self.come_back(message, rest + AFTER_LEASE).await.verdict()
            }
            // It was read twice, and the thing changed in between without another version: the first reading stands.
            Ok(Claim::Mismatch) if ask.meta.is_some_and(|meta| meta.synthetic.is_some()) => {
                tracing::info!(%key, "Another reading of it came before");
                self.count_mismatch(message, ask).await;
                Verdict::Acknowledge
            }
            Ok(Claim::Mismatch) => {
                tracing::error!(%key, "Another body came under this id before: on its way to the DLQ");
                self.tell_mismatch(message, ask.meta);
                self.count_mismatch(message, ask).await;
                Verdict::DeadLetter
            }
            Ok(Claim::Condemned) => {
                tracing::info!(%key, receives = message.receives, "Failed for good: on its way to the DLQ");
                Verdict::DeadLetter
            }
            Err(error) => {
                tracing::error!(%key, error = %error.source, "{error}");
                let failure = store_failure(&error);
                let fate = self.without_ledger(message, key, &failure).await;
                self.tell_without_ledger(message, ask.meta, &failure, fate);
                fate.verdict()
            }
        };
        Err(verdict)
    }

    /// The event can't be claimed. After some tries the message is parked, though that can't be recorded: the copy tells
    /// the ledger of it, once that answers.
    async fn without_ledger(&self, message: &Message, key: &Key, failure: &Failure) -> Fate {
        let park_from = match failure {
            // The table takes other events: this one's item can't be written, and only the DLQ shows it to anybody.
            Failure::Permanent(_) => u32::MAX,
            // Trying again soon mends nothing.
            Failure::Misconfigured(_) => 1,
            Failure::Outage { .. } | Failure::Transient(_) | Failure::Panic => PARKED_FROM.min(self.max_receives),
        };
        let delay = self.delay(message.receives);
        if message.receives < park_from {
            return Fate::ComesBack(delay);
        }
        let (retry_after, at_most) = Self::stay_of(failure);
        match self.park(message, retry_after, at_most).await {
            Ok((parked, delay)) => {
                tracing::warn!(%key, parks = parked.count, delay_s = delay.as_secs(), "Parked, without a record of it");
                Fate::Parked
            }
            Err(error) => {
                tracing::error!(%key, %error, "Not parked");
                Fate::ComesBack(delay)
            }
        }
    }

    /// A message that carries another body is refused at each of its receives, and counts once.
    async fn count_mismatch(&self, message: &Message, ask: &Ask<'_>) {
        if message.receives <= 1 {
            self.count(ask, Again::Mismatch).await;
        }
    }

    async fn count(&self, ask: &Ask<'_>, again: Again) {
        if let Err(error) = self.outside.ledger().count(ask.key, again, ask.webhook_id()).await {
            tracing::warn!(key = %ask.key, error = %error.source, "{error}");
        }
    }

    /// Never used twice: an invocation sees a message once.
    fn owner(&self, message: &Message) -> Owner {
        Owner::of(&self.request_id, &message.id)
    }
}
