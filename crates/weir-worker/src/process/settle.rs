//! How a message's attempt ends: in the ledger, and for SQS.

use std::time::Duration;

use weir_core::{
    Failure,
    envelope::Envelope,
    ledger::{Ending, Ledger, Settled},
    park::{self, OUTAGE_AT_MOST, Parked, SWITCHED_OFF_AT_MOST},
};
use weir_lambda::batch::{Message, Verdict};

use super::{Attempt, Processor};
use crate::outside::{Outside, Queue};

impl<O: Outside> Processor<O> {
    /// Records that an event took effect, or never will.
    pub(super) async fn complete(&self, message: &Message, attempt: &Attempt<'_>, ending: &Ending) -> Verdict {
        let (key, receives, state) = (attempt.key, message.receives, ending.state());
        match self.outside.ledger().settle(&attempt.ended(ending, None, self.clock.now())).await {
            Ok(Settled::Written) => {
                tracing::info!(%key, receives, state, "Done");
                Verdict::Acknowledge
            }
            Ok(Settled::Lost) => {
                // The other owner's copy of the message is another receive of this one: it acknowledges.
                tracing::warn!(%key, "Took effect, but another worker had taken over after the lease ended");
                Verdict::Retry
            }
            Err(error) => {
                tracing::error!(%key, error = %error.source, "Took effect, but {error}: it may run again");
                self.back_off(message)
            }
        }
    }

    /// Records a failure, and says when the message comes back.
    pub(super) async fn fail(&self, message: &Message, attempt: &Attempt<'_>, failure: Failure) -> Verdict {
        let key = attempt.key;
        let Failure::Outage { reason, retry_after, switched_off } = failure else {
            return self.record(message, attempt, failure).await;
        };
        let at_most = if switched_off { SWITCHED_OFF_AT_MOST } else { OUTAGE_AT_MOST };
        match self.park(message, retry_after, at_most).await {
            Ok((parked, delay)) => {
                tracing::info!(%key, parks = parked.count, delay_s = delay.as_secs(), reason, "Parked");
                let now = self.clock.now();
                // The copy was sent before this is told, so that whoever reads this can rely on it.
                let ending = Ending::Parked { parks: parked.count, until: now + delay, reason };
                match self.outside.ledger().settle(&attempt.ended(&ending, None, now)).await {
                    Ok(Settled::Written) => Verdict::Acknowledge,
                    Ok(Settled::Lost) => Verdict::Retry,
                    Err(error) => {
                        tracing::warn!(%key, error = %error.source, "A parked event was not recorded");
                        Verdict::Acknowledge
                    }
                }
            }
            Err(failure) => {
                let reason = format!("{failure} ({reason})");
                let failure =
                    if failure.is_permanent() { Failure::permanent(reason) } else { Failure::transient(reason) };
                self.record(message, attempt, failure).await
            }
        }
    }

    async fn record(&self, message: &Message, attempt: &Attempt<'_>, failure: Failure) -> Verdict {
        let (key, permanent) = (attempt.key, failure.is_permanent());
        tracing::warn!(%key, receives = message.receives, permanent, reason = failure.reason(), "Failed");
        // Waiting can't repair what is permanent: it uses up its receives at once and reaches the DLQ.
        let delay = (!permanent).then(|| self.delay(message));
        let (ending, now) = (Ending::Failed(failure), self.clock.now());
        match self.outside.ledger().settle(&attempt.ended(&ending, delay.map(|delay| now + delay), now)).await {
            Ok(Settled::Written) => Verdict::RetryAfter(delay.unwrap_or_default()),
            Ok(Settled::Lost) => Verdict::Retry,
            Err(error) => {
                tracing::error!(%key, error = %error.source, "A failure was not recorded");
                // No message reaches the DLQ before its reason stands in the ledger.
                self.back_off(message)
            }
        }
    }

    /// Sends a delayed copy, unless the event waited too long already.
    pub(super) async fn park(
        &self,
        message: &Message,
        retry_after: Duration,
        at_most: Duration,
    ) -> Result<(Parked, Duration), Failure> {
        // Read again: the envelope was used up, and its body is copied only for those that are parked.
        let envelope = Envelope::parse(&message.body).map_err(Failure::permanent)?;
        let now = self.clock.now();
        let parked = Parked::again(envelope.parked, at_most, now).map_err(Failure::permanent)?;
        if envelope.reference().is_some() {
            park::check_body_age(envelope.meta.received_at, now).map_err(Failure::permanent)?;
        }
        let delay = parked.delay(retry_after, &mut fastrand::Rng::new());
        let group = message.group.as_deref().unwrap_or(&envelope.meta.shop);
        self.outside.queue().park(envelope.park(parked), group, delay).await.map_err(Failure::transient)?;
        self.tell_pending(message, envelope.parked, delay);
        Ok((parked, delay))
    }

    pub(super) fn back_off(&self, message: &Message) -> Verdict {
        Verdict::RetryAfter(self.delay(message))
    }

    fn delay(&self, message: &Message) -> Duration {
        self.backoff.delay(message.receives, &mut fastrand::Rng::new())
    }
}
