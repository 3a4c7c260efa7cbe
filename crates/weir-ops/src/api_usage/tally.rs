//! Counting calls.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use resilience::UnixMillis;

use super::{
    line::{Call, Line},
    recent::Recent,
    report::{Lines, OperationRow, RedundantRow, Report, ShopRow, rate},
};

/// All that was counted.
#[derive(Debug, Default)]
pub struct Tally {
    lines: Lines,
    from: Option<UnixMillis>,
    to: Option<UnixMillis>,
    operations: BTreeMap<String, (Counts, Times)>,
    shops: BTreeMap<String, Counts>,
    failures: BTreeMap<String, u64>,
    /// By operation and shop.
    redundant: BTreeMap<(String, String), u64>,
    recent: Recent,
    /// Repeats by background work.
    polls: u64,
}

#[derive(Debug, Default)]
struct Counts {
    calls: u64,
    retries: u64,
    throttled: u64,
    redundant: u64,
    points: u64,
}

/// Of an operation only: they take some kilobytes, and there may be many shops.
#[derive(Debug)]
struct Times {
    /// Milliseconds.
    took: Histogram<u32>,
}

/// A call takes no longer: its time-out is far below.
const LONGEST_MS: u64 = 600_000;
/// Rows of the lists that grow with the number of shops.
const ROWS: usize = 10;

impl Default for Times {
    fn default() -> Self {
        // Two digits: nobody needs more of a percentile.
        Self { took: Histogram::new_with_max(LONGEST_MS, 2).expect("constant bounds that make a histogram") }
    }
}

impl Counts {
    fn take(&mut self, call: &Call, is_redundant: bool) {
        self.calls += 1;
        self.retries += u64::from(call.attempt > 1);
        self.throttled += u64::from(call.is_throttled());
        self.redundant += u64::from(is_redundant);
        self.points += u64::from(call.cost.unwrap_or(0));
    }
}

impl Tally {
    /// Counts a line.
    pub fn take(&mut self, line: &Line) {
        self.lines.read += 1;
        match line {
            Line::Other => self.lines.others += 1,
            Line::Malformed => self.lines.malformed += 1,
            Line::Call(call) => self.call(call),
        }
    }

    fn call(&mut self, call: &Call) {
        self.from = Some(self.from.map_or(call.at, |from| from.min(call.at)));
        self.to = Some(self.to.map_or(call.at, |to| to.max(call.at)));
        // A repeat of what failed is a retry, of whoever: it had no answer yet.
        // Two apps have a token, a budget and a cache each: neither could have spared the other's call.
        let same = format!("{} {}", call.app, call.same);
        let is_repeated = self.recent.has(&same, call.at);
        let is_redundant = is_repeated && !call.is_polling();
        self.polls += u64::from(is_repeated && call.is_polling());
        if let Some(failure) = &call.failure {
            *self.failures.entry(failure.clone()).or_default() += 1;
        } else {
            self.recent.add(&same, call.at);
        }
        if is_redundant {
            *self.redundant.entry((call.operation.clone(), call.shop.clone())).or_default() += 1;
        }
        let (counts, times) = self.operations.entry(call.operation.clone()).or_default();
        counts.take(call, is_redundant);
        times.took.saturating_record(call.took_ms);
        self.shops.entry(call.shop.clone()).or_default().take(call, is_redundant);
    }

    /// Lines so far.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines.read
    }

    /// When the last call so far ended.
    #[must_use]
    pub fn to(&self) -> Option<UnixMillis> {
        self.to
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lines.read - self.lines.others - self.lines.malformed
    }

    /// What it comes to.
    #[must_use]
    pub fn report(&self) -> Report {
        let sum = |count: fn(&Counts) -> u64| self.operations.values().map(|(counts, _)| count(counts)).sum::<u64>();
        let (calls, points) = (sum(|counts| counts.calls), sum(|counts| counts.points));
        let (throttled, redundant) = (sum(|counts| counts.throttled), sum(|counts| counts.redundant));
        let operations = self.operations.iter().map(|(name, (counts, times))| OperationRow {
            operation: name.clone(),
            calls: counts.calls,
            share: rate(counts.calls, calls),
            mean_ms: times.took.mean(),
            p95_ms: times.took.value_at_quantile(0.95),
            points: counts.points,
            cost_share: rate(counts.points, points),
            redundant: counts.redundant,
            throttled: counts.throttled,
            retries: counts.retries,
        });
        let shops = self.shops.iter().map(|(shop, counts)| ShopRow {
            shop: shop.clone(),
            calls: counts.calls,
            share: rate(counts.calls, calls),
            points: counts.points,
            redundant: counts.redundant,
            throttled: counts.throttled,
        });
        let repeats = self.redundant.iter().map(|((operation, shop), calls)| RedundantRow {
            operation: operation.clone(),
            shop: shop.clone(),
            calls: *calls,
        });
        Report {
            from: self.from.map(|at| at.to_string()),
            to: self.to.map(|at| at.to_string()),
            calls,
            retries: sum(|counts| counts.retries),
            points,
            throttled,
            throttled_rate: rate(throttled, calls),
            redundant,
            redundant_rate: rate(redundant, calls),
            polls: self.polls,
            failed: self.failures.values().sum(),
            failures: self.failures.clone(),
            operations: most(operations, |row| row.calls, usize::MAX),
            shop_count: self.shops.len(),
            shops: most(shops, |row| row.calls, ROWS),
            redundant_by: most(repeats, |row| row.calls, ROWS),
            lines: self.lines,
        }
    }
}

/// The rows with the most, the most first; among equals by name, as they come.
fn most<T>(rows: impl Iterator<Item = T>, by: fn(&T) -> u64, at_most: usize) -> Vec<T> {
    let mut rows: Vec<T> = rows.collect();
    rows.sort_by_key(|row| std::cmp::Reverse(by(row)));
    rows.truncate(at_most);
    rows
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        super::line::tests::{NOW, call},
        *,
    };

    fn tally(calls: impl IntoIterator<Item = Call>) -> Report {
        let mut tally = Tally::default();
        calls.into_iter().for_each(|call| tally.take(&Line::Call(call)));
        tally.report()
    }

    fn at(seconds: u64) -> UnixMillis {
        NOW + Duration::from_secs(seconds)
    }

    #[test]
    fn operations_have_their_share_of_calls_and_cost() {
        let orders = (0..3).map(|n| call(at(n), "Orders", "north", &n.to_string()));
        let shop = Call { cost: Some(1), took_ms: 900, ..call(at(9), "Shop", "north", "x") };
        let report = tally(orders.chain([shop]));
        assert_eq!((report.calls, report.points), (4, 10));
        let [orders, shop] = &report.operations[..] else { panic!("{report:?}") };
        assert_eq!((orders.operation.as_str(), orders.calls, orders.points), ("Orders", 3, 9));
        assert_eq!((orders.share, shop.cost_share), (0.75, 0.1));
        assert!((99..=101).contains(&orders.p95_ms) && (890..=910).contains(&shop.p95_ms), "{report:?}");
        assert_eq!((report.from, report.to), (Some(NOW.to_string()), Some(at(9).to_string())));
    }

    #[test]
    fn a_percentile_is_that_of_the_slow_ones() {
        let took = |n: u64| Call {
            took_ms: if n.is_multiple_of(10) { 2_000 } else { 100 },
            ..call(at(n), "A", "s", &n.to_string())
        };
        let row = &tally((0..100).map(took)).operations[0];
        assert!((1_980..=2_020).contains(&row.p95_ms) && (285.0..295.0).contains(&row.mean_ms), "{row:?}");
        let row = &tally([Call { took_ms: u64::MAX, ..call(NOW, "A", "s", "1") }]).operations[0];
        assert!(row.p95_ms >= LONGEST_MS, "{row:?}");
    }

    #[test]
    fn the_same_call_within_a_minute_is_redundant_and_a_later_one_is_not() {
        let seen = [(0, "a"), (30, "a"), (89, "a"), (149, "a"), (150, "b")];
        let report = tally(seen.map(|(second, same)| call(at(second), "Orders", "north", same)));
        assert_eq!((report.redundant, report.redundant_rate), (2, 0.4));
        let [row] = &report.redundant_by[..] else { panic!("{report:?}") };
        assert_eq!((row.operation.as_str(), row.shop.as_str(), row.calls), ("Orders", "north.myshopify.com", 2));
    }

    #[test]
    fn same_query_of_two_apps_is_not_redundant() {
        let of = |app: &str, second| Call { app: app.into(), ..call(at(second), "Orders", "north", "a") };
        assert_eq!(tally([of("default", 0), of("loyalty", 1)]).redundant, 0);
        assert_eq!(tally([of("default", 0), of("loyalty", 1), of("loyalty", 2)]).redundant, 1);
    }

    #[test]
    fn polling_by_background_work_is_not_redundant() {
        let poll =
            |second| Call { priority: Some("background".into()), ..call(at(second), "Subscriptions", "north", "a") };
        let report = tally([poll(0), poll(30), poll(59)]);
        assert_eq!((report.redundant, report.polls, report.redundant_by.len()), (0, 2, 0));
        // Somebody who waits, and asks what was just read, could have been spared it.
        let report = tally([poll(0), call(at(30), "Subscriptions", "north", "a")]);
        assert_eq!((report.redundant, report.polls), (1, 0));
    }

    #[test]
    fn a_retry_is_not_redundant_until_one_has_succeeded() {
        let failed = |second, attempt| Call {
            attempt,
            status: 503,
            cost: None,
            failure: Some("server_error".into()),
            ..call(at(second), "Orders", "north", "a")
        };
        let success = Call { attempt: 3, ..call(at(3), "Orders", "north", "a") };
        let report = tally([failed(0, 1), failed(1, 2), success]);
        assert_eq!((report.redundant, report.retries, report.failures["server_error"]), (0, 2, 2));
        assert_eq!(tally([call(at(0), "A", "s", "a"), failed(1, 1)]).redundant, 1);
    }

    #[test]
    fn both_ways_of_being_throttled_count() {
        let throttled = Call { failure: Some("throttled".into()), ..call(at(0), "A", "s", "1") };
        let too_many = Call { status: 429, failure: Some("too_many_requests".into()), ..call(at(1), "A", "s", "2") };
        let report = tally([throttled, too_many, call(at(2), "A", "s", "3"), call(at(3), "A", "s", "4")]);
        assert_eq!((report.throttled, report.throttled_rate, report.failures.len()), (2, 0.5, 2));
    }

    #[test]
    fn report_lists_the_ten_busiest_shops() {
        let calls = (1..=25_u64).flat_map(|shop| (0..shop).map(move |n| (shop, n)));
        let report = tally(calls.map(|(shop, n)| call(at(0), "A", &format!("shop-{shop:02}"), &format!("{shop}/{n}"))));
        assert_eq!((report.shop_count, report.shops.len()), (25, 10));
        assert_eq!((report.shops[0].shop.as_str(), report.shops[0].calls), ("shop-25.myshopify.com", 25));
    }

    #[test]
    fn no_calls_make_no_rates() {
        let mut tally = Tally::default();
        tally.take(&Line::Other);
        tally.take(&Line::Malformed);
        let report = tally.report();
        assert_eq!((report.calls, report.throttled_rate, report.from), (0, 0.0, None));
        assert_eq!((report.lines.read, report.lines.others, report.lines.malformed), (2, 1, 1));
    }
}
