//! Delayed copies: they wait in a message's place, and their receives start afresh.

use std::time::Duration;

use weir_aws::{ErrorClass, NotParked};
use weir_core::{
    Failure,
    envelope::EnvelopeError,
    park::{self, DELAY_AT_MOST, GaveUp, OUTAGE_AT_MOST, Parked, SWITCHED_OFF_AT_MOST},
};

use super::{Processor, RETRY_DELAY};
use crate::{
    LastStep,
    batch::Message,
    services::{Queue, WorkerServices},
};

/// When to try again what AWS refuses until somebody changes a permission, a name or a setting.
const MISCONFIGURED_RETRY: Duration = Duration::from_secs(60);

/// Why no delayed copy waits in a message's place.
#[derive(Debug, thiserror::Error)]
pub(super) enum CopyError {
    /// The event waited too long already.
    #[error(transparent)]
    GaveUp(#[from] GaveUp),
    /// The queue did not take it.
    #[error(transparent)]
    NotTaken(#[from] NotParked),
    /// The message is no event.
    #[error(transparent)]
    Unreadable(#[from] EnvelopeError),
    /// A copy would outlive the event's body in S3.
    #[error(transparent)]
    BodyTooOld(#[from] park::BodyTooOld),
}

impl CopyError {
    pub(super) fn is_misconfigured(&self) -> bool {
        matches!(self, Self::NotTaken(NotParked(error)) if error.class == ErrorClass::Misconfigured)
    }
}

/// For how long an event may be parked because of this failure, and when to look again; `None` for the event's own.
pub(super) fn parking(failure: &Failure) -> Option<(Duration, Duration)> {
    match failure {
        Failure::Outage { retry_after, switched_off: true, .. } => Some((*retry_after, SWITCHED_OFF_AT_MOST)),
        Failure::Outage { retry_after, .. } => Some((*retry_after, OUTAGE_AT_MOST)),
        Failure::Misconfigured(_) => Some((MISCONFIGURED_RETRY, SWITCHED_OFF_AT_MOST)),
        Failure::Transient(_) | Failure::Panic | Failure::Permanent(_) => None,
    }
}

/// The same for a store that can't be reached: its own failures wait, too.
pub(super) fn parking_of(failure: &Failure) -> (Duration, Duration) {
    parking(failure).unwrap_or((RETRY_DELAY, OUTAGE_AT_MOST))
}

impl<S: WorkerServices, P: LastStep> Processor<S, P> {
    /// Sends a copy that waits for what is not there, unless the event waited too long already.
    pub(super) async fn park(
        &self,
        message: &Message,
        retry_after: Duration,
        at_most: Duration,
    ) -> Result<(Parked, Duration), CopyError> {
        let mut waits = Duration::ZERO;
        let copy = self.send_copy(message, at_most, |parked| {
            waits = parked.delay(retry_after, &mut fastrand::Rng::new());
            waits
        });
        let copy = copy.await?;
        Ok((copy, waits))
    }

    /// Sends a copy that is seen after `delay`.
    pub(super) async fn copy(
        &self,
        message: &Message,
        delay: Duration,
        at_most: Duration,
    ) -> Result<Parked, CopyError> {
        self.send_copy(message, at_most, |_| delay.min(DELAY_AT_MOST)).await
    }

    async fn send_copy(
        &self,
        message: &Message,
        at_most: Duration,
        delay: impl FnOnce(&Parked) -> Duration,
    ) -> Result<Parked, CopyError> {
        // Read again: the envelope was used up, and its body is copied only for those that wait so.
        let envelope = self.consumer.source.read(&message.body)?;
        let now = self.consumer.clock.now();
        let parked = Parked::again(envelope.parked, at_most, now)?;
        if envelope.reference().is_some() {
            park::check_body_age(envelope.meta.received_at, now)?;
        }
        let delay = delay(&parked);
        let group = message.group.as_deref().unwrap_or(envelope.meta.shop.as_str()).to_owned();
        self.consumer.services.queue().park(envelope.park(parked), &group, delay).await?;
        self.record_pending(message, envelope.parked, delay);
        Ok(parked)
    }
}
