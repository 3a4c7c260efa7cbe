//! Where a delivery is put: on a lane of this region, or else of the fallback region.
//!
//! ```text
//! 0 s     secrets              1.5 s                                    3 s
//! ├──────┼─ home: half of what ─┼─ fallback: the rest ─────────────────┤ 503
//!          is left               connects, tries, tries once more
//! ```
//!
//! Home comes first with each delivery: only so is it noticed when it is back. But while it hangs, every delivery
//! holds a Lambda instance for as long as it waits, and the account has only so many. So after home had its half and
//! failed, it gets only [`DEGRADED_TIMEOUT`] for [`DEGRADED_PERIOD`], unless it succeeds before. Each instance remembers
//! that for itself.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use shopify_webhook::{Header, ShopDomain, Verified};
use tokio::time::{Instant, timeout_at};
use weir_core::{
    Lane,
    envelope::{self, Meta},
};

use crate::outside::{Sink, Unavailable};

/// The time that home gets while it is degraded: several times what a healthy queue takes, with a new connection.
const DEGRADED_TIMEOUT: Duration = Duration::from_millis(300);

/// How long home counts as degraded. A shortened try does not prolong it: it may have failed because it was short.
const DEGRADED_PERIOD: Duration = Duration::from_secs(10);

/// A delivery to put on a lane. Only a verified one can be.
pub(crate) struct EnqueueRequest<'a> {
    pub(crate) meta: Meta,
    pub(crate) verified: &'a Verified<'a>,
    pub(crate) lane: Lane,
    pub(crate) shop: &'a ShopDomain,
    /// Headers that it came with and that could not be read.
    pub(crate) dropped: &'a [Header],
}

impl EnqueueRequest<'_> {
    /// Seals it anew for each region: a copy kept for the second one would cost every delivery that needs none.
    async fn send_to(&self, sink: &impl Sink) -> Result<(), Unavailable> {
        let body = self.verified.body();
        let message = match envelope::seal(&self.meta, body) {
            Ok(message) => message,
            // The reference names the bucket of the region that reads it.
            Err(envelope::TooLarge) => envelope::refer(&self.meta, &sink.store(&self.meta, body.to_vec()).await?),
        };
        sink.send(self.lane, message, self.shop).await
    }
}

/// The region whose lane took a delivery.
pub(crate) enum EnqueuedIn {
    Primary,
    /// With what went wrong at home. It may have taken the delivery all the same.
    Secondary(Unavailable),
}

pub(crate) struct Regions<Q> {
    home: Q,
    fallback: Option<Q>,
    degraded_until: Mutex<Option<Instant>>,
}

impl<Q: Sink> Regions<Q> {
    pub(crate) fn only(home: Q) -> Self {
        Self { home, fallback: None, degraded_until: Mutex::default() }
    }

    pub(crate) fn with_fallback(self, fallback: Q) -> Self {
        Self { fallback: Some(fallback), ..self }
    }

    /// Puts the delivery into the first region that takes it in time. The error names what each of them said.
    pub(crate) async fn enqueue(&self, request: &EnqueueRequest<'_>, end: Instant) -> Result<EnqueuedIn, Unavailable> {
        let Some(fallback) = &self.fallback else {
            return send_before(end, request, &self.home).await.map(|()| EnqueuedIn::Primary);
        };
        let now = Instant::now();
        let (half, degraded) = (now + (end - now) / 2, self.is_degraded(now));
        let home_end = if degraded { half.min(now + DEGRADED_TIMEOUT) } else { half };
        let at_home = match send_before(home_end, request, &self.home).await {
            Ok(()) => {
                if degraded {
                    self.mark_degraded_until(None);
                }
                return Ok(EnqueuedIn::Primary);
            }
            Err(error) => error,
        };
        if !degraded {
            self.mark_degraded_until(Some(Instant::now() + DEGRADED_PERIOD));
        }
        match send_before(end, request, fallback).await {
            Ok(()) => Ok(EnqueuedIn::Secondary(at_home)),
            Err(there) => Err(Unavailable(format!("{at_home}; in the fallback region: {there}"))),
        }
    }

    fn is_degraded(&self, now: Instant) -> bool {
        self.degraded_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }

    fn mark_degraded_until(&self, until: Option<Instant>) {
        *self.degraded_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

async fn send_before(end: Instant, request: &EnqueueRequest<'_>, sink: &impl Sink) -> Result<(), Unavailable> {
    let begun = Instant::now();
    match timeout_at(end, request.send_to(sink)).await {
        Ok(result) => result,
        Err(_elapsed) => Err(Unavailable(format!("no answer within {} ms", begun.elapsed().as_millis()))),
    }
}
