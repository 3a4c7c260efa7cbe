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
//! failed, it gets only [`DOUBTED_SHARE`] for [`DOUBTED_FOR`], unless it succeeds before. Each instance remembers
//! that for itself.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use shopify_webhook::{Header, ShopDomain};
use tokio::time::{Instant, timeout_at};
use weir_core::{
    Lane,
    envelope::{self, Meta},
};

use crate::outside::{Sink, Unavailable};

/// What home gets while it is in doubt: several times what a healthy queue takes, with a new connection.
const DOUBTED_SHARE: Duration = Duration::from_millis(300);

/// How long home is in doubt. A shortened try does not prolong it: it may have failed because it was short.
const DOUBTED_FOR: Duration = Duration::from_secs(10);

/// A delivery on its way to a lane.
pub(crate) struct Parcel<'a> {
    pub(crate) meta: Meta,
    pub(crate) body: &'a [u8],
    pub(crate) lane: Lane,
    pub(crate) shop: &'a ShopDomain,
    /// Headers that it came with and that could not be read.
    pub(crate) dropped: &'a [Header],
}

impl Parcel<'_> {
    /// Seals it anew for each region: a copy kept for the second one would cost every delivery that needs none.
    async fn put_into(&self, sink: &impl Sink) -> Result<(), Unavailable> {
        let message = match envelope::seal(&self.meta, self.body) {
            Ok(message) => message,
            // The reference names the bucket of the region that reads it.
            Err(envelope::TooLarge) => envelope::refer(&self.meta, &sink.store(&self.meta, self.body.to_vec()).await?),
        };
        sink.send(self.lane, message, self.shop).await
    }
}

/// Where a delivery was put.
pub(crate) enum Put {
    Home,
    /// With what went wrong at home. It may have taken the delivery all the same.
    Fallback(Unavailable),
}

pub(crate) struct Regions<Q> {
    home: Q,
    fallback: Option<Q>,
    doubted_until: Mutex<Option<Instant>>,
}

impl<Q: Sink> Regions<Q> {
    pub(crate) fn only(home: Q) -> Self {
        Self { home, fallback: None, doubted_until: Mutex::default() }
    }

    pub(crate) fn with_fallback(self, fallback: Q) -> Self {
        Self { fallback: Some(fallback), ..self }
    }

    /// Puts the delivery into the first region that takes it in time. The error names what each of them said.
    pub(crate) async fn put(&self, parcel: &Parcel<'_>, end: Instant) -> Result<Put, Unavailable> {
        let Some(fallback) = &self.fallback else {
            return put_before(end, parcel, &self.home).await.map(|()| Put::Home);
        };
        let now = Instant::now();
        let (half, doubted) = (now + (end - now) / 2, self.is_doubted(now));
        let home_end = if doubted { half.min(now + DOUBTED_SHARE) } else { half };
        let at_home = match put_before(home_end, parcel, &self.home).await {
            Ok(()) => {
                if doubted {
                    self.doubt_until(None);
                }
                return Ok(Put::Home);
            }
            Err(error) => error,
        };
        if !doubted {
            self.doubt_until(Some(Instant::now() + DOUBTED_FOR));
        }
        match put_before(end, parcel, fallback).await {
            Ok(()) => Ok(Put::Fallback(at_home)),
            Err(there) => Err(Unavailable(format!("{at_home}; in the fallback region: {there}"))),
        }
    }

    fn is_doubted(&self, now: Instant) -> bool {
        self.doubted_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }

    fn doubt_until(&self, until: Option<Instant>) {
        *self.doubted_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

async fn put_before(end: Instant, parcel: &Parcel<'_>, sink: &impl Sink) -> Result<(), Unavailable> {
    let begun = Instant::now();
    match timeout_at(end, parcel.put_into(sink)).await {
        Ok(result) => result,
        Err(_elapsed) => Err(Unavailable(format!("no answer within {} ms", begun.elapsed().as_millis()))),
    }
}
