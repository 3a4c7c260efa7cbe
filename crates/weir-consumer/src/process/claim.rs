//! The claim of an event: only its owner acts on it.

use std::time::Duration;

use weir_core::{
    Failure,
    ledger::{Claim, ClaimRequest, Key, Ledger, RepeatKind},
};

use super::{
    Processor,
    attempt::Granted,
    fate::{Fate, store_failure},
    park::parking_of,
};
use crate::{
    LastStep,
    batch::{Message, Verdict},
    services::WorkerServices,
};

/// Added to what is left of another's lease, so that the next receive finds it over.
const LEASE_END_MARGIN: Duration = Duration::from_secs(1);

/// From this receive on a message whose ledger can't be reached is parked, or from its last one if that comes before.
const MIN_RECEIVES_BEFORE_PARK: u32 = 3;

impl<S: WorkerServices, P: LastStep> Processor<S, P> {
    /// What the ledger grants, if the event is ours.
    pub(super) async fn claim(&self, message: &Message, ask: &ClaimRequest<'_>) -> Result<Granted, Verdict> {
        let key = ask.key;
        let verdict = match self.consumer.services.ledger().claim(ask).await {
            Ok(Claim::Granted { attempt, first, progress }) => return Ok(Granted { attempt, first, progress }),
            Ok(Claim::Duplicate) => {
                tracing::info!(%key, "Duplicate: the event had ended before");
                self.count_metric(self.consumer.metrics.duplicates, ask.meta);
                self.count(ask, RepeatKind::Duplicate).await;
                Verdict::Acknowledge
            }
            Ok(Claim::Redelivered) => {
                tracing::info!(%key, "The event had ended before, and its acknowledgement was lost");
                Verdict::Acknowledge
            }
            Ok(Claim::SupersededByCopy) => {
                tracing::info!(%key, "A parked copy replaces the message");
                Verdict::Acknowledge
            }
            Ok(Claim::Busy(rest)) => {
                tracing::info!(%key, rest_ms = rest.as_millis(), "Another worker holds the event's lease");
                self.come_back(message, rest + LEASE_END_MARGIN).await.verdict()
            }
            // It was read twice, and the thing changed in between without another version: the first reading stands.
            Ok(Claim::Mismatch) if ask.meta.is_some_and(|meta| meta.synthetic.is_some()) => {
                tracing::info!(%key, "Another copy of the event came first");
                self.count_mismatch(message, ask).await;
                Verdict::Acknowledge
            }
            Ok(Claim::Mismatch) => {
                tracing::error!(%key, "Another body came under this id before: on its way to the DLQ");
                self.record_mismatch(message, ask.meta);
                self.count_mismatch(message, ask).await;
                Verdict::DeadLetter
            }
            Ok(Claim::PermanentlyFailed) => {
                tracing::info!(%key, receives = message.receives, "Failed for good: on its way to the DLQ");
                Verdict::DeadLetter
            }
            Err(error) => {
                tracing::error!(%key, error = %error.source, "{error}");
                let failure = store_failure(&error);
                let fate = self.without_ledger(message, key, &failure).await;
                self.record_without_ledger(message, ask.meta, &failure, fate);
                fate.verdict()
            }
        };
        Err(verdict)
    }

    /// The event can't be claimed. After some tries the message is parked, though that can't be recorded: the claim of the
    /// copy records it, once the ledger answers.
    async fn without_ledger(&self, message: &Message, key: &Key, failure: &Failure) -> Fate {
        let park_from = match failure {
            // The table takes other events: this one's item can't be written, and only the DLQ shows it to anybody.
            Failure::Permanent(_) => u32::MAX,
            // An early retry can't help.
            Failure::Misconfigured(_) => 1,
            Failure::Outage { .. } | Failure::Transient(_) | Failure::Panic => {
                MIN_RECEIVES_BEFORE_PARK.min(self.consumer.max_receives)
            }
        };
        let delay = self.delay(message.receives);
        if message.receives < park_from {
            return Fate::ComesBack(delay);
        }
        let (retry_after, at_most) = parking_of(failure);
        match self.park(message, retry_after, at_most).await {
            Ok((parked, delay)) => {
                tracing::warn!(%key, parks = parked.count, delay_s = delay.as_secs(), "Parked, but the ledger has no record of it");
                Fate::Parked
            }
            Err(error) => {
                tracing::error!(%key, %error, "The event was not parked");
                Fate::ComesBack(delay)
            }
        }
    }

    /// A message that carries another body is refused at each of its receives, and counts once.
    async fn count_mismatch(&self, message: &Message, ask: &ClaimRequest<'_>) {
        if message.receives <= 1 {
            self.count(ask, RepeatKind::Mismatch).await;
        }
    }

    async fn count(&self, ask: &ClaimRequest<'_>, again: RepeatKind) {
        if let Err(error) = self.consumer.services.ledger().count(ask.key, again, ask.webhook_id()).await {
            tracing::warn!(key = %ask.key, error = %error.source, "{error}");
        }
    }
}
