//! What makes a shop's subscriptions those that are desired.

mod differ;
#[cfg(test)]
mod tests;
mod turns;

use std::collections::BTreeSet;

use shopify_schema::topic_enum;

pub use differ::Difference;
use differ::{differences, same_filter};

use crate::{DesiredSubscriptions, Subscription};

/// A subscription that a shop has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actual {
    /// Shopify's global id.
    pub id: String,
    /// As the schema spells it: `ORDERS_CREATE`.
    pub topic: String,
    /// Where it delivers to.
    pub uri: String,
    /// Its name; empty if it has none.
    pub name: String,
    /// Whether it delivers JSON.
    pub is_json: bool,
    /// Its filter; empty if it has none.
    pub filter: String,
    /// The fields that it delivers; empty for all.
    pub include_fields: BTreeSet<String>,
    /// The namespaces whose metafields it delivers.
    pub metafield_namespaces: BTreeSet<String>,
    /// The metafields that it delivers, as `namespace.key`.
    pub metafields: BTreeSet<String>,
    /// The API version of its payloads.
    pub api_version: String,
}

impl Actual {
    /// The topic as deliveries name it, if this API version has it.
    #[must_use]
    pub fn topic(&self) -> &str {
        shopify_schema::topic_of_enum(&self.topic).unwrap_or(&self.topic)
    }
}

/// What is to be done in a shop, and what is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In this order: what is deleted comes last, so that no topic is without a subscription for a moment, and no name is
    /// given before it is free.
    pub changes: Vec<Change>,
    /// Topics of the subscriptions that are as they should be.
    pub unchanged: Vec<String>,
    /// Subscriptions that deliver elsewhere: never touched.
    pub foreign: Vec<Actual>,
    /// Topics of the app's TOML, of which the API says nothing.
    pub declared: Vec<String>,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is missing.
    Create(Subscription),
    /// It is there, and differs.
    Update {
        /// Shopify's global id.
        id: String,
        /// What it should be.
        subscription: Subscription,
        /// In what it differs.
        differences: Vec<Difference>,
    },
    /// It points to weir, and the file does not have it.
    Delete(Actual),
}

impl Change {
    /// The topic, as deliveries name it.
    #[must_use]
    pub fn topic(&self) -> &str {
        match self {
            Self::Create(subscription) | Self::Update { subscription, .. } => &subscription.topic,
            Self::Delete(actual) => actual.topic(),
        }
    }
}

impl Plan {
    /// The same without what would be deleted.
    #[must_use]
    pub fn without_deletions(mut self) -> Self {
        self.changes.retain(|change| !matches!(change, Change::Delete(_)));
        self
    }

    /// Topics of which a subscription is missing.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().filter(|change| matches!(change, Change::Create(_))).map(Change::topic)
    }

    /// Topics of which one is other than desired.
    pub fn drifted(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().filter(|change| matches!(change, Change::Update { .. })).map(Change::topic)
    }
}

/// Compares what is desired for an app in a shop with what the app has there. `address` is where weir's point.
///
/// Which subscription is which: of one topic, first those with the same filter are paired, for Shopify takes a filter once
/// for a topic and an address, so that no change gets into another's way; then those with the same name; then the rest,
/// as an update leaves no gap where a deletion and a creation would. What delivers JSON comes first each time: to Shopify
/// the same in another format is another subscription, and an update that made both the same would be refused.
#[must_use]
pub fn plan(wanted: &DesiredSubscriptions<'_>, actual: &[Actual], address: &str) -> Plan {
    let (ours, foreign): (Vec<&Actual>, Vec<&Actual>) = actual.iter().partition(|one| one.uri == address);
    let mut plan = Plan { foreign: foreign.into_iter().cloned().collect(), ..Plan::default() };
    plan.declared = wanted.declared.iter().map(|topic| (*topic).to_owned()).collect();
    let (pairs, surplus) = pairs(&wanted.subscriptions, ours.clone());
    for (one, found) in pairs {
        let Some(found) = found else {
            plan.changes.push(Change::Create(one.clone()));
            continue;
        };
        let differences = differences(one, found);
        if differences.is_empty() {
            plan.unchanged.push(one.topic.clone());
        } else {
            plan.changes.push(Change::Update { id: found.id.clone(), subscription: one.clone(), differences });
        }
    }
    plan.changes.extend(surplus.into_iter().cloned().map(Change::Delete));
    plan.changes = turns::in_turn(plan.changes, &ours);
    plan
}

type Pair<'a> = (&'a Subscription, Option<&'a Actual>);

/// Each desired subscription with the one that is, or becomes, it; and those that are none.
fn pairs<'a>(wanted: &[&'a Subscription], mut free: Vec<&'a Actual>) -> (Vec<Pair<'a>>, Vec<&'a Actual>) {
    free.sort_by_key(|found| !found.is_json);
    let mut pairs: Vec<Pair<'a>> = wanted.iter().map(|one| (*one, None)).collect();
    let rules: [fn(&Subscription, &Actual) -> bool; 3] = [
        |one, found| same_filter(one.filter.as_deref(), &found.filter),
        |one, found| one.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(&found.name)),
        |_, _| true,
    ];
    for same in rules {
        for (one, found) in pairs.iter_mut().filter(|(_, found)| found.is_none()) {
            let place = free.iter().position(|free| free.topic == topic_enum(&one.topic) && same(one, free));
            *found = place.map(|place| free.remove(place));
        }
    }
    (pairs, free)
}
