//! What a reconciliation found.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use resilience::UnixMillis;
use serde::{Deserialize, Serialize};
use shopify_webhook::ShopDomain;

use crate::{Kind, SkippedTopic};

/// The drift of one shop, as one run found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The shop's domain.
    pub shop: String,
    /// Whose subscriptions.
    pub app: String,
    /// When the run began.
    pub began_at: UnixMillis,
    /// When it ended.
    pub ended_at: UnixMillis,
    /// Whether it only looked.
    pub dry_run: bool,
    /// What was looked at, by kind.
    pub kinds: BTreeMap<Kind, KindProgress>,
    /// Events that weir never saw or never finished, by topic and by the hour in which they were triggered (RFC 3339).
    pub missing: BTreeMap<String, BTreeMap<String, u32>>,
    /// How many of them were sent. Less than are missing only in a dry run, or if the run broke off.
    pub sent: u32,
    /// How many are on their way: in a lane, with a worker, parked, or failed and coming back. The next run looks again.
    pub on_their_way: u32,
    /// How many failed for good: their messages are in a dead-letter queue, and are not sent again.
    pub dead: u32,
    /// How many were gone before they could be read.
    pub gone: u32,
    /// Points of the Admin API's budget that it used.
    pub points: u64,
    /// Calls of the REST Admin API, which have a limit of their own.
    pub rest_calls: u32,
    /// What is not looked after.
    pub left_out: Vec<SkippedTopic>,
    /// Why it broke off, if it did: what is left comes with the next run.
    pub unfinished: Option<Unfinished>,
}

/// One kind's part of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindProgress {
    /// The oldest change that was asked for.
    pub from: UnixMillis,
    /// The newest.
    pub until: UnixMillis,
    /// How many resources had changed.
    pub resources: u32,
    /// Whether all of them were looked at.
    pub whole: bool,
    /// Why nothing could be read, if the app may not.
    pub refused: Option<String>,
}

/// Why a run broke off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "because")]
pub enum Unfinished {
    /// The caller's time is up.
    TimeIsUp,
    /// It used as many points as it may.
    PointsAreUsed,
    /// Another run looks at the same shop.
    AnotherRun,
    /// Shopify, or the budget, asks to come back.
    ComeBack {
        /// In so many milliseconds.
        after_ms: u64,
        /// What was said.
        error: String,
    },
}

impl std::fmt::Display for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TimeIsUp => f.write_str("its time was up"),
            Self::PointsAreUsed => f.write_str("it used as many points as it may"),
            Self::AnotherRun => f.write_str("another run looks at the same shop"),
            Self::ComeBack { after_ms, error } => {
                write!(f, "{error}; it may pass in {} s", after_ms.div_ceil(1_000))
            }
        }
    }
}

impl Report {
    pub(crate) fn new(
        shop: &ShopDomain,
        app: &str,
        now: UnixMillis,
        dry_run: bool,
        left_out: Vec<SkippedTopic>,
    ) -> Self {
        Self {
            shop: shop.to_string(),
            app: app.to_owned(),
            began_at: now,
            ended_at: now,
            dry_run,
            kinds: BTreeMap::new(),
            missing: BTreeMap::new(),
            sent: 0,
            on_their_way: 0,
            dead: 0,
            gone: 0,
            points: 0,
            rest_calls: 0,
            left_out,
            unfinished: None,
        }
    }

    pub(crate) fn miss(&mut self, topic: &str, at: Timestamp) {
        let hour = at.as_second().div_euclid(3_600) * 3_600;
        let hour = Timestamp::from_second(hour).unwrap_or(at).to_string();
        *self.missing.entry(topic.to_owned()).or_default().entry(hour).or_default() += 1;
    }

    /// How many events were missing.
    pub fn missing(&self) -> u32 {
        self.missing.values().flat_map(|hours| hours.values()).sum()
    }

    /// How many resources were looked at.
    pub fn resources(&self) -> u32 {
        self.kinds.values().map(|kind| kind.resources).sum()
    }

    /// How far behind the slowest kind is: from the newest change that it looked at to the end of the run.
    pub fn lag(&self) -> Option<Duration> {
        let until = |kind: &KindProgress| if kind.whole { kind.until } else { kind.from };
        self.kinds.values().map(|kind| self.ended_at.since(until(kind))).max()
    }

    /// The document's name in its collection: by time, so that the newest come last.
    pub fn name(&self) -> String {
        format!("{}/{}/{}", self.began_at, self.shop, self.app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_events_are_counted_by_topic_and_hour() {
        let mut report = Report::new(
            &ShopDomain::parse("north.myshopify.com").unwrap(),
            "default",
            UnixMillis(0),
            false,
            Vec::new(),
        );
        for (topic, at) in [
            ("orders/create", "2026-11-27T05:00:00Z"),
            ("orders/create", "2026-11-27T05:59:59.9Z"),
            ("orders/create", "2026-11-27T06:00:00Z"),
            ("orders/paid", "2026-11-27T05:30:00Z"),
        ] {
            report.miss(topic, at.parse().unwrap());
        }
        assert_eq!(report.missing["orders/create"]["2026-11-27T05:00:00Z"], 2);
        assert_eq!(report.missing["orders/create"]["2026-11-27T06:00:00Z"], 1);
        assert_eq!(report.missing(), 4);
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }
}
