//! What this process invalidated, and when.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use resilience::UnixMillis;
use shopify_webhook::ShopDomain;

use super::Object;

/// Moments of invalidation. Nothing asked for at or before one counts after it.
///
/// Asked at each read, rather than at each write: so it does not matter whether an invalidation comes just before or
/// just after an object lands in memory.
#[derive(Default)]
pub(super) struct Fences(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    raised: HashMap<(ShopDomain, Object), UnixMillis>,
    /// How many there may be before those that run out are looked for.
    sweep_at: usize,
}

/// Not worth sweeping for less.
const FEW: usize = 1_024;

impl Fences {
    /// Notes an invalidation. It is kept for `ttl`: what was asked for before it is too old by then anyway.
    pub(super) fn raise(&self, shop: &ShopDomain, object: Object, now: UnixMillis, ttl: Duration) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let raised = kept.raised.entry((shop.clone(), object)).or_insert(now);
        *raised = now.max(*raised);
        if kept.raised.len() > kept.sweep_at.max(FEW) {
            kept.raised.retain(|_, at| now < *at + ttl);
            kept.sweep_at = 2 * kept.raised.len();
        }
    }

    /// Whether what was asked for at `asked_at` still counts, for an object and what it belongs to.
    pub(super) fn pass(&self, shop: &ShopDomain, objects: [Option<Object>; 2], asked_at: UnixMillis) -> bool {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.raised.is_empty() {
            return true;
        }
        objects.into_iter().flatten().all(|object| {
            let raised = kept.raised.get(&(shop.clone(), object));
            raised.is_none_or(|raised| *raised < asked_at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
    const TTL: Duration = Duration::from_secs(300);
    const MOMENT: Duration = Duration::from_millis(1);

    #[test]
    fn later_request_passes_the_cache_fence() {
        let shop = ShopDomain::parse("north.myshopify.com").unwrap();
        let fences = Fences::default();
        let pass = |id, owner: Option<u64>, at| {
            fences.pass(&shop, [Some(Object::Product(id)), owner.map(Object::Product)], at)
        };
        assert!(pass(1, None, NOW));
        fences.raise(&shop, Object::Product(1), NOW, TTL);
        fences.raise(&shop, Object::Product(1), NOW - MOMENT, TTL);
        assert!(!pass(1, None, NOW) && !pass(2, Some(1), NOW));
        assert!(pass(1, None, NOW + MOMENT) && pass(2, None, NOW));
    }

    #[test]
    fn fences_do_not_pile_up() {
        let shop = ShopDomain::parse("north.myshopify.com").unwrap();
        let fences = Fences::default();
        for step in 0..20_000_u32 {
            fences.raise(&shop, Object::Product(step.into()), NOW + TTL * step / 1_000, TTL);
        }
        assert!(fences.0.lock().unwrap().raised.len() <= 4 * FEW);
    }
}
