//! The monitor's documents of a shard and of a round.

use std::collections::BTreeMap;

use resilience::UnixMillis;
use serde::{Deserialize, Serialize};

/// The collection of the shards' documents and of [`ROUND`].
pub const COLLECTION: &str = "monitor";

/// The name of what all shards came to together.
pub const ROUND: &str = "round";

/// So many shops that could not be checked are remembered one by one: a few KB in the shard's document.
const REMEMBERED: usize = 300;

/// When every shop had been checked. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// When the slowest shard last came to its end.
    pub ended_at: String,
    /// How many shops there were.
    pub shops: u64,
}

/// A shard's document. A round goes over all its shops, in as many runs as it takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Until when a run holds the shard.
    #[serde(default)]
    pub held_until_ms: i64,
    /// The round under way, if one is.
    #[serde(default)]
    pub round: Option<UnderWay>,
    /// The last that came to its end.
    #[serde(default)]
    pub last: Option<Ended>,
    /// Shops whose last check failed, by `{app}/{shop}`, and when they were surely well.
    #[serde(default)]
    unchecked_ms: BTreeMap<String, Option<i64>>,
    /// The same for all that were not remembered one by one, the earliest.
    #[serde(default)]
    others_unchecked_ms: Option<i64>,
}

/// A round under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// When it began.
    pub began_at_ms: i64,
    /// The shop and the app that were checked last.
    pub after: Option<(String, String)>,
    /// How many were, or could not be.
    pub shops: u64,
    /// How many could not be.
    #[serde(default)]
    pub failed: u64,
}

/// A round that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When it began: each shop was well at some time after that.
    pub began_at_ms: i64,
    /// When it ended.
    pub ended_at_ms: i64,
    /// How many shops it checked.
    pub shops: u64,
}

impl Progress {
    /// What a run begins with, which holds the shard until then; `None` if another run does.
    #[must_use]
    pub fn held(&self, now: UnixMillis, until: UnixMillis) -> Option<Self> {
        if self.held_until_ms > now.0 {
            return None;
        }
        let mut next = self.clone();
        next.held_until_ms = until.0;
        next.round.get_or_insert(UnderWay { began_at_ms: now.0, after: None, shops: 0, failed: 0 });
        Some(next)
    }

    /// When the round before began, if there was one, and when this one did.
    #[must_use]
    pub fn rounds(&self) -> (Option<UnixMillis>, UnixMillis) {
        let before = self.last.map(|last| UnixMillis(last.began_at_ms));
        (before, UnixMillis(self.round.as_ref().map_or(0, |round| round.began_at_ms)))
    }

    /// When a shop was surely well: when it was last checked, or before; `None` if it never was.
    #[must_use]
    pub fn well_at(&self, name: &str) -> Option<UnixMillis> {
        if let Some(well_at) = self.unchecked_ms.get(name) {
            return well_at.map(UnixMillis);
        }
        let last = self.last.map(|last| last.began_at_ms)?;
        Some(UnixMillis(self.others_unchecked_ms.map_or(last, |others| others.min(last))))
    }

    /// Notes that shops were checked or could not be, and where to go on.
    pub fn checked(&mut self, results: &[(String, bool)], after: (String, String)) {
        for (name, is_checked) in results {
            if *is_checked {
                self.unchecked_ms.remove(name);
            } else if !self.unchecked_ms.contains_key(name) {
                let well_at = self.well_at(name).map(|at| at.0);
                if self.unchecked_ms.len() < REMEMBERED {
                    self.unchecked_ms.insert(name.clone(), well_at);
                } else if let Some(at) = well_at {
                    self.others_unchecked_ms = Some(self.others_unchecked_ms.map_or(at, |others| others.min(at)));
                }
            }
        }
        if let Some(round) = &mut self.round {
            round.shops += results.len() as u64;
            round.failed += results.iter().filter(|(_, is_checked)| !is_checked).count() as u64;
            round.after = Some(after);
        }
    }

    /// Notes that the round came to its end.
    pub fn ended(&mut self, now: UnixMillis) {
        if let Some(UnderWay { began_at_ms, shops, failed, .. }) = self.round.take() {
            self.last = Some(Ended { began_at_ms, ended_at_ms: now.0, shops });
            if failed == 0 {
                // What is left there is of shops that are gone.
                self.unchecked_ms.clear();
                self.others_unchecked_ms = None;
            }
        }
        self.held_until_ms = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> UnixMillis {
        UnixMillis(ms)
    }

    fn key(shop: &str) -> (String, String) {
        (shop.to_owned(), "default".to_owned())
    }

    #[test]
    fn one_run_holds_a_shard_until_it_is_surely_dead() {
        let first = Progress::default().held(at(0), at(100)).unwrap();
        assert_eq!(first.held(at(99), at(199)), None);
        assert!(first.held(at(100), at(200)).is_some());
    }

    #[test]
    fn a_run_goes_on_where_the_one_before_ended() {
        let mut run = Progress::default().held(at(0), at(100)).unwrap();
        run.checked(&[("default/a".into(), true)], key("a"));
        let next = run.held(at(100), at(200)).unwrap();
        assert_eq!(next.round, Some(UnderWay { began_at_ms: 0, after: Some(key("a")), shops: 1, failed: 0 }));
        let mut next = next;
        next.ended(at(150));
        assert_eq!(next.last, Some(Ended { began_at_ms: 0, ended_at_ms: 150, shops: 1 }));
        let new = next.held(at(150), at(250)).unwrap();
        assert_eq!(new.round, Some(UnderWay { began_at_ms: 150, after: None, shops: 0, failed: 0 }));
    }

    #[test]
    fn a_shop_was_well_when_the_round_before_began_or_when_its_last_check_succeeded() {
        let mut progress = Progress::default().held(at(10), at(100)).unwrap();
        assert_eq!(progress.well_at("default/a"), None, "it was never checked");
        progress.checked(&[("default/a".into(), true), ("default/b".into(), false)], key("b"));
        progress.ended(at(20));
        let mut progress = progress.held(at(30), at(100)).unwrap();
        assert_eq!(progress.well_at("default/a"), Some(at(10)));
        assert_eq!(progress.well_at("default/b"), None, "its check failed each time");
        progress.checked(&[("default/a".into(), false), ("default/b".into(), true)], key("b"));
        progress.ended(at(40));
        let progress = progress.held(at(50), at(100)).unwrap();
        assert_eq!(progress.well_at("default/a"), Some(at(10)));
        assert_eq!(progress.well_at("default/b"), Some(at(30)));
    }

    #[test]
    fn an_outage_of_many_shops_keeps_the_document_small_and_forgets_no_loss() {
        let mut progress = Progress::default().held(at(10), at(20)).unwrap();
        progress.ended(at(20));
        let mut progress = progress.held(at(30), at(40)).unwrap();
        let all: Vec<(String, bool)> = (0..1_000).map(|n| (format!("default/shop-{n}"), false)).collect();
        progress.checked(&all, key("z"));
        progress.ended(at(40));
        assert!(serde_json::to_string(&progress).unwrap().len() < 20_000);
        for (name, _) in &all {
            assert_eq!(progress.well_at(name), Some(at(10)), "{name}");
        }
    }
}
