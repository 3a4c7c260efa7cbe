//! How a message's attempt ends: in the ledger, and for SQS.

use std::time::Duration;

use weir_core::{
    Failure,
    ledger::{AttemptResult, Ledger, Progress, SettleRequest, Settled},
    park::{DELAY_AT_MOST, OUTAGE_AT_MOST, Parked},
};

use super::{
    Processor, RETRY_DELAY,
    attempt::Attempt,
    fate::Fate,
    park::{CopyError, parking},
};
use crate::{LastStep, batch::Message, services::WorkerServices};

/// A failed event that waits longer than this waits as a delayed copy. A message that is hidden counts as in flight, of
/// which SQS allows 120,000 a queue; a copy does not, and its receives start afresh.
const MAX_HIDDEN: Duration = Duration::from_secs(10);

/// How long a message is hidden that can be neither handled nor copied because of a wrong permission or name: its
/// receives are few, and have to last until that is repaired.
const REFUSED_COPY_WAIT: Duration = Duration::from_secs(3600);

impl<S: WorkerServices, P: LastStep> Processor<S, P> {
    /// Records that an event took effect, or never will.
    pub(super) async fn complete(&self, message: &Message, attempt: &Attempt<'_>, ending: &AttemptResult) -> Fate {
        let (key, receives, state) = (attempt.key, message.receives, ending.state());
        let ended = attempt.ended(ending, &attempt.progress, self.consumer.clock.now());
        match self.consumer.services.ledger().settle(&ended).await {
            Ok(Settled::Written) => {
                tracing::info!(%key, receives, state, "Done");
                Fate::Ended
            }
            Ok(Settled::Lost) => {
                // The other owner's copy of the message is another receive of this one: it acknowledges.
                tracing::warn!(%key, "The event took effect, but another worker had claimed it after its lease ended");
                Fate::Lost
            }
            Err(error) => {
                tracing::error!(%key, error = %error.source, "The event took effect, but {error}: it may run again");
                self.come_back(message, self.delay(message.receives)).await
            }
        }
    }

    /// Records a failure, and says when the message comes back.
    pub(super) async fn fail(&self, message: &Message, attempt: &Attempt<'_>, failure: &Failure) -> Fate {
        match parking(failure) {
            Some((retry_after, at_most)) => self.fail_by_outage(message, attempt, failure, retry_after, at_most).await,
            None if failure.is_permanent() => self.give_up(message, attempt, failure.clone()).await,
            None => self.fail_itself(message, attempt, failure).await,
        }
    }

    /// What an outage, a switch or a wrong setting bars waits as a copy, and uses up none of the event's attempts.
    async fn fail_by_outage(
        &self,
        message: &Message,
        attempt: &Attempt<'_>,
        failure: &Failure,
        retry_after: Duration,
        at_most: Duration,
    ) -> Fate {
        let (key, reason) = (attempt.key, failure.reason());
        if let Failure::Misconfigured(_) = failure {
            tracing::error!(%key, reason, "AWS refuses a call until its permission, name or setting is changed");
        }
        match self.park(message, retry_after, at_most).await {
            Ok((parked, delay)) => {
                tracing::info!(%key, parks = parked.count, delay_s = delay.as_secs(), reason, "Parked");
                let now = self.consumer.clock.now();
                // The copy is sent before the ledger is updated, so that a reader of the ledger can rely on it.
                let ending =
                    AttemptResult::Parked { parks: parked.count, until: now + delay, reason: reason.to_owned() };
                match self.consumer.services.ledger().settle(&attempt.ended(&ending, &attempt.progress, now)).await {
                    Ok(Settled::Written) => Fate::Parked,
                    Ok(Settled::Lost) => Fate::Lost,
                    Err(error) => {
                        tracing::warn!(%key, error = %error.source, "A parked event was not recorded");
                        Fate::Parked
                    }
                }
            }
            Err(refused @ (CopyError::GaveUp(_) | CopyError::BodyTooOld(_))) => {
                self.give_up(message, attempt, Failure::permanent(format!("{refused} ({reason})"))).await
            }
            Err(refused) => {
                let failure = Failure::transient(format!("{refused} ({reason})"));
                tracing::error!(%key, reason = failure.reason(), "The event was not parked");
                let delay = if refused.is_misconfigured() { REFUSED_COPY_WAIT } else { self.delay(message.receives) };
                self.hide(message, attempt, failure, attempt.progress.clone(), delay).await
            }
        }
    }

    /// A failure of the event itself uses up one of its attempts.
    async fn fail_itself(&self, message: &Message, attempt: &Attempt<'_>, failure: &Failure) -> Fate {
        let (key, receives, reason) = (attempt.key, message.receives, failure.reason());
        let failures = attempt.progress.failures.saturating_add(1);
        if failures >= self.consumer.max_attempts {
            let reason = format!("{reason} (the last of {failures} attempts)");
            return self.give_up(message, attempt, Failure::permanent(reason)).await;
        }
        tracing::warn!(%key, receives, failures, permanent = false, reason, "Failed");
        let progress = Progress { failures, passed: attempt.progress.passed.clone() };
        let delay = self.delay(failures).min(DELAY_AT_MOST);
        if delay > MAX_HIDDEN || self.is_last_receive(message) {
            match self.copy(message, delay, Duration::MAX).await {
                Ok(copy) => return self.record_copied(attempt, failure.clone(), &progress, copy, delay).await,
                Err(error) => {
                    tracing::warn!(%key, %error, "A failed event stays hidden until its next receive, because no copy could be sent")
                }
            }
        }
        self.hide(message, attempt, failure.clone(), progress, delay).await
    }

    /// Records a failure whose message waits as a copy. The copy was sent before.
    async fn record_copied(
        &self,
        attempt: &Attempt<'_>,
        failure: Failure,
        progress: &Progress,
        copy: Parked,
        delay: Duration,
    ) -> Fate {
        let (key, now) = (attempt.key, self.consumer.clock.now());
        let ending = AttemptResult::Failed(failure);
        let ended = attempt.ended(&ending, progress, now);
        let ended = SettleRequest { copy: Some(copy.count), comes_back: Some(now + delay), ..ended };
        match self.consumer.services.ledger().settle(&ended).await {
            Ok(Settled::Written) => Fate::Copied,
            Ok(Settled::Lost) => Fate::Lost,
            Err(error) => {
                tracing::warn!(%key, error = %error.source, "A failure was not recorded");
                Fate::Copied
            }
        }
    }

    /// Records a failure whose message stays in the lane, hidden for `delay`.
    async fn hide(
        &self,
        message: &Message,
        attempt: &Attempt<'_>,
        failure: Failure,
        progress: Progress,
        delay: Duration,
    ) -> Fate {
        let (key, now) = (attempt.key, self.consumer.clock.now());
        let ending = AttemptResult::Failed(failure);
        let ended = SettleRequest { comes_back: Some(now + delay), ..attempt.ended(&ending, &progress, now) };
        match self.consumer.services.ledger().settle(&ended).await {
            Ok(Settled::Written) => Fate::ComesBack(delay),
            Ok(Settled::Lost) => Fate::Lost,
            Err(error) => {
                tracing::error!(%key, error = %error.source, "A failure was not recorded");
                self.come_back(message, delay).await
            }
        }
    }

    /// Records that the event failed for good: its message then goes to the DLQ at once.
    async fn give_up(&self, message: &Message, attempt: &Attempt<'_>, failure: Failure) -> Fate {
        let (key, receives) = (attempt.key, message.receives);
        tracing::warn!(%key, receives, permanent = true, reason = failure.reason(), "Failed");
        // Whoever moves it back from the DLQ wants all its attempts again.
        let progress = Progress { failures: 0, passed: attempt.progress.passed.clone() };
        let ending = AttemptResult::Failed(failure);
        match self
            .consumer
            .services
            .ledger()
            .settle(&attempt.ended(&ending, &progress, self.consumer.clock.now()))
            .await
        {
            Ok(Settled::Written) => Fate::GivenUp,
            Ok(Settled::Lost) => Fate::Lost,
            Err(error) => {
                tracing::error!(%key, error = %error.source, "A failure was not recorded");
                // No message reaches the DLQ before its reason stands in the ledger.
                self.come_back(message, self.delay(receives)).await
            }
        }
    }

    /// The message comes back after `delay`, through no fault of its event. On its last receive SQS would move it to the
    /// DLQ instead: then a copy waits in its place, whose receives start afresh.
    pub(super) async fn come_back(&self, message: &Message, delay: Duration) -> Fate {
        if !self.is_last_receive(message) {
            return Fate::ComesBack(delay);
        }
        match self.copy(message, delay.max(RETRY_DELAY), OUTAGE_AT_MOST).await {
            Ok(_copy) => Fate::Copied,
            Err(error) => {
                tracing::error!(%error, "The last receive of a message ended without a parked copy");
                Fate::ComesBack(delay)
            }
        }
    }

    pub(super) fn is_last_receive(&self, message: &Message) -> bool {
        message.receives >= self.consumer.max_receives
    }

    /// How long a message waits after so many failures or receives.
    pub(super) fn delay(&self, times: u32) -> Duration {
        self.consumer.backoff.delay(times, &mut fastrand::Rng::new())
    }
}
