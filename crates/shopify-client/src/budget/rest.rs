//! REST's bucket, in the terms of the budget: Shopify counts calls there, and tells of them in a header.
//!
//! A call counts as fifty points. So the smallest plan's forty calls are 2,000 points and its two calls a second are
//! 100 points a second, as GraphQL's are, and the larger plans' ratios are the same: all that the budget knows of lumps,
//! rates and reserves holds for both. The two buckets are apart at Shopify, and so are their documents.

use http::HeaderMap;

use super::{Cost, ThrottleStatus};

/// What the budget of REST calls knows all of them by: each costs the same.
pub(crate) const OPERATION: &str = "REST";

/// Points of a call.
pub(crate) const CALL: u32 = 50;

/// `32/40`: calls that count now, of those that a bucket holds.
const LIMIT: &str = "x-shopify-shop-api-call-limit";

/// A bucket is empty again after so many seconds.
const EMPTIES_WITHIN: f64 = 20.0;

/// What an answer says of the bucket; `None` if it does not say it. A call that was refused was not counted.
pub(crate) fn cost(headers: &HeaderMap, was_refused: bool) -> Option<Cost> {
    let (used, size) = headers.get(LIMIT)?.to_str().ok()?.trim().split_once('/')?;
    let (used, size): (u32, u32) = (used.trim().parse().ok()?, size.trim().parse().ok()?);
    let points = |calls: u32| f64::from(calls) * f64::from(CALL);
    let throttle_status = ThrottleStatus {
        maximum_available: points(size),
        currently_available: points(size.saturating_sub(used)),
        restore_rate: points(size) / EMPTIES_WITHIN,
    };
    let cost = Cost { requested: CALL, actual: Some(if was_refused { 0 } else { CALL }), throttle_status };
    cost.is_plausible().then_some(cost)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };

    use futures_util::future::join_all;
    use resilience::{Clock, MemoryState, UnixMillis};
    use shopify_webhook::ShopDomain;
    use tokio::time::Instant;

    use super::*;
    use crate::budget::{Budgets, NotWithin, Priority};

    const MINUTE: Duration = Duration::from_secs(60);

    fn told(limit: &str) -> HeaderMap {
        [(http::HeaderName::from_static(LIMIT), limit.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn limit_of_each_plan_is_read_in_points() {
        for (limit, max, available, restore) in
            [("1/40", 2_000.0, 1_950.0, 100.0), ("40/40", 2_000.0, 0.0, 100.0), ("32/400", 20_000.0, 18_400.0, 1_000.0)]
        {
            let status = cost(&told(limit), false).unwrap().throttle_status;
            assert_eq!((status.maximum_available, status.currently_available), (max, available), "{limit}");
            assert_eq!(status.restore_rate, restore, "{limit}");
        }
        assert_eq!(cost(&told("41/40"), true).unwrap().throttle_status.currently_available, 0.0);
    }

    #[test]
    fn limit_that_is_none_is_ignored() {
        for limit in ["", "40", "/", "a/b", "-1/40", "1/0", "0/0", "1/4294967295", "1.5/40"] {
            assert_eq!(cost(&told(limit), false), None, "{limit:?}");
        }
        assert_eq!(cost(&HeaderMap::new(), false), None);
    }

    #[test]
    fn refused_call_costs_nothing() {
        assert_eq!([true, false].map(|refused| cost(&told("40/40"), refused).unwrap().actual), [Some(0), Some(CALL)]);
    }

    /// Shopify's bucket by its rules: a call that finds it full is refused.
    struct Shopify {
        used: f64,
        size: f64,
        at: Instant,
        served: u32,
        refused: u32,
    }

    impl Shopify {
        /// The header, and whether it was refused.
        fn call(&mut self) -> (HeaderMap, bool) {
            self.used = (self.used - self.at.elapsed().as_secs_f64() * self.size / EMPTIES_WITHIN).max(0.0);
            self.at = Instant::now();
            let is_full = self.used + 1.0 > self.size;
            if is_full {
                self.refused += 1;
            } else {
                (self.used, self.served) = (self.used + 1.0, self.served + 1);
            }
            // Whole calls: the one that is going out counts.
            (told(&format!("{}/{}", self.used.ceil(), self.size)), is_full)
        }
    }

    async fn call(budgets: &Budgets, shop: &ShopDomain, at: &Mutex<Shopify>, clock: Clock) -> Result<(), NotWithin> {
        let budget = budgets.of(shop);
        let reserved = budget.reserve(OPERATION, CALL, Priority::Background, Instant::now() + MINUTE / 2).await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (headers, was_refused) = at.lock().unwrap().call();
        tokio::time::sleep(Duration::from_millis(80)).await;
        reserved.settle(OPERATION, cost(&headers, was_refused), clock.now()).await;
        Ok(())
    }

    /// Served and refused within five minutes in which each process calls as often as it may.
    async fn run(size: f64, processes: usize) -> (u32, u32) {
        let clock = Clock::starting_at(UnixMillis(1_800_000_000_000));
        let state = Arc::new(MemoryState::with_latency(Duration::from_millis(5)));
        let shopify = Shopify { used: 0.0, size, at: Instant::now(), served: 0, refused: 0 };
        let (shopify, shop) = (Mutex::new(shopify), ShopDomain::parse("a.myshopify.com").unwrap());
        let end = Instant::now() + 5 * MINUTE;
        let process = || async {
            let budgets = Budgets::of_rest_calls("app".to_owned(), clock, state.clone());
            while Instant::now() < end {
                if let Err(NotWithin(wait)) = call(&budgets, &shop, &shopify, clock).await {
                    tokio::time::sleep(wait).await;
                }
            }
        };
        join_all((0..processes).map(|_| process())).await;
        let shopify = shopify.lock().unwrap();
        (shopify.served, shopify.refused)
    }

    #[tokio::test(start_paused = true)]
    async fn several_processes_share_the_bucket_and_none_is_refused() {
        for (size, processes) in [(40.0, 1), (40.0, 5), (40.0, 20), (400.0, 20)] {
            let (served, refused) = run(size, processes).await;
            let most = size / EMPTIES_WITHIN * 300.0;
            assert_eq!(refused, 0, "{processes} processes, a bucket of {size}");
            assert!(f64::from(served) > most * 0.75, "{processes} processes, a bucket of {size}: {served} of {most}");
        }
    }
}
