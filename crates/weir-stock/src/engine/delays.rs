//! Shops that can't be called for a while. They are left alone for so long, because a call that waits for one of them keeps
//! every other shop of its batch waiting.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shopify_webhook::ShopDomain;
use weir_core::UnixMillis;

/// A shop is left alone for this long at most: then it is asked again.
const MAX_DELAY: Duration = Duration::from_secs(60);

/// What this process knows of shops that can't be called.
#[derive(Debug, Default)]
pub struct Delays(Mutex<HashMap<ShopDomain, UnixMillis>>);

impl Delays {
    fn until(&self) -> MutexGuard<'_, HashMap<ShopDomain, UnixMillis>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a shop can't be called for this long.
    pub(super) fn note(&self, shop: &ShopDomain, delay: Duration, now: UnixMillis) {
        let until = now + delay.min(MAX_DELAY);
        let mut noted = self.until();
        let noted = noted.entry(shop.clone()).or_insert(until);
        *noted = until.max(*noted);
    }

    /// For how long a shop can't be called; `None` if it can.
    pub(super) fn rest(&self, shop: &ShopDomain, now: UnixMillis) -> Option<Duration> {
        let mut noted = self.until();
        let until = *noted.get(shop)?;
        if until <= now {
            noted.remove(shop);
            return None;
        }
        Some(until.since(now))
    }
}
