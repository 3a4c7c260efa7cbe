//! The monitor's document of a shop whose subscriptions differ.

use std::time::Duration;

use jiff::Timestamp;
use resilience::UnixMillis;
use serde::{Deserialize, Serialize};
use shopify_webhook::ShopDomain;

use crate::Plan;

/// The collection of shops that differ now, each by its [`name`].
pub const COLLECTION: &str = "drift";

/// The collection of those that did.
pub const REPAIRS: &str = "repairs";

/// The name of a shop's document.
#[must_use]
pub fn name(app: &str, shop: &ShopDomain) -> String {
    format!("{app}/{shop}")
}

/// A shop whose subscriptions were not as desired. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// When it was found.
    pub since: String,
    /// Since when events may be missing: the last time at which all was surely well.
    pub possible_since: String,
    /// Topics of subscriptions that were missing.
    pub missing: Vec<String>,
    /// Topics of those that were other than desired.
    pub drifted: Vec<String>,
    /// When all of them were as desired again; absent as long as they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaired_at: Option<String>,
    /// What is in the way of a repair, or of the recovery after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// What is not as desired in a shop that was well, or was never looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It was well until then.
    Lost(UnixMillis),
    /// It was never looked at since the app was installed: nothing is lost, it is set up. Events since then are looked
    /// for, and not far back: a stack that is new to its shops does not send their whole past.
    New(UnixMillis),
}

impl Found {
    /// Which of both, by when the shop was surely well, if it ever was. Events of a new shop are looked for `first_look`
    /// back at most.
    #[must_use]
    pub fn of(well_at: Option<UnixMillis>, installed_at: UnixMillis, now: UnixMillis, first_look: Duration) -> Self {
        match well_at.filter(|at| *at >= installed_at) {
            Some(at) => Self::Lost(at),
            None => Self::New(installed_at.max(now - first_look)),
        }
    }

    /// Since when events may be missing.
    #[must_use]
    pub fn since(self) -> UnixMillis {
        match self {
            Self::Lost(at) | Self::New(at) => at,
        }
    }
}

impl Drift {
    /// What is found now in a shop that was well until then.
    #[must_use]
    pub fn found(plan: &Plan, now: UnixMillis, well_until: UnixMillis) -> Self {
        let mut drift = Self {
            since: now.to_string(),
            possible_since: well_until.to_string(),
            missing: Vec::new(),
            drifted: Vec::new(),
            repaired_at: None,
            failure: None,
        };
        drift.add(plan);
        drift
    }

    /// What is found in addition, in a shop of which something was found before.
    pub fn add(&mut self, plan: &Plan) {
        let add = |to: &mut Vec<String>, topic: &str| {
            if !to.iter().any(|known| known == topic) {
                to.push(topic.to_owned());
            }
        };
        plan.missing().for_each(|topic| add(&mut self.missing, topic));
        plan.drifted().for_each(|topic| add(&mut self.drifted, topic));
        self.repaired_at = None;
    }

    /// The topics of which events may be missing.
    #[must_use]
    pub fn topics(&self) -> Vec<&str> {
        let mut topics: Vec<&str> = self.missing.iter().chain(&self.drifted).map(String::as_str).collect();
        topics.sort_unstable();
        topics.dedup();
        topics
    }

    /// Since when events may be missing; `None` if the document does not say so in a way that this version reads.
    #[must_use]
    pub fn well_until(&self) -> Option<UnixMillis> {
        self.possible_since.parse().ok().map(|at: Timestamp| UnixMillis(at.as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Desired, plan};

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn a_shop_that_was_never_looked_at_has_lost_nothing() {
        let (day, now) = (86_400_000, UnixMillis(10 * 86_400_000));
        let of =
            |well_at: Option<i64>, installed_at| Found::of(well_at.map(UnixMillis), UnixMillis(installed_at), now, DAY);
        assert_eq!(of(Some(9 * day), day), Found::Lost(UnixMillis(9 * day)));
        assert_eq!(of(Some(8 * day), 9 * day + 1), Found::New(UnixMillis(9 * day + 1)), "installed again since");
        assert_eq!(of(None, day), Found::New(UnixMillis(9 * day)), "no more than a day of its past");
    }

    #[test]
    fn later_drift_is_added_and_keeps_the_first_time() {
        let desired =
            Desired::parse("[[subscription]]\ntopics = [\"orders/create\", \"orders/paid\"]").unwrap().desired;
        let plan = plan(
            &desired.wanted("default", &ShopDomain::parse("a.myshopify.com").unwrap()),
            &[],
            "https://weir.example",
        );
        let mut drift = Drift::found(&plan, UnixMillis(5_000), UnixMillis(1_000));
        drift.repaired_at = Some("1970-01-01T00:00:06.000Z".into());
        drift.add(&plan);
        assert_eq!((drift.topics(), drift.repaired_at.as_ref()), (vec!["orders/create", "orders/paid"], None));
        assert_eq!((drift.since.as_str(), drift.well_until()), ("1970-01-01T00:00:05.000Z", Some(UnixMillis(1_000))));
        let json = serde_json::to_value(&drift).unwrap();
        assert_eq!(json["missing"], serde_json::json!(["orders/create", "orders/paid"]));
        assert!(json.get("repaired_at").is_none());
    }
}
