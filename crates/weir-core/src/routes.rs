//! Which lane a topic takes.

use std::{collections::HashMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use shopify_webhook::Topic;

/// A lane is a priority: a queue with its DLQ and its worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Paid orders, uninstalls, the compliance topics.
    Urgent,
    /// Orders, refunds, fulfillments, inventory, and what is unknown.
    Standard,
    /// Products, collections, customers, carts, checkouts.
    Bulk,
}

impl Lane {
    /// Every lane, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Urgent, Self::Standard, Self::Bulk];

    /// The name in routes.toml, in the template's resources and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Standard => "standard",
            Self::Bulk => "bulk",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Lane {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|lane| lane.as_str() == text)
            .ok_or_else(|| format!("no lane is named {text:?}: expected urgent, standard or bulk"))
    }
}

/// The table of `infra/routes.toml`: an exact topic beats `resource/*`, and that beats the default.
#[derive(Debug, Clone)]
pub struct Routes {
    default: Lane,
    exact: HashMap<String, Lane>,
    by_resource: HashMap<String, Lane>,
}

/// A mistake in the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteProblem {
    /// Not the shape of the table.
    #[error("the route table can't be read: {0}")]
    Syntax(String),
    /// Neither a topic nor `resource/*`.
    #[error("{0:?} is neither a topic, such as orders/paid, nor a whole resource, such as orders/*")]
    Pattern(String),
    /// One pattern in two lanes, or twice in one.
    #[error("{0:?} is routed twice")]
    Twice(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    default: Lane,
    lanes: HashMap<Lane, Vec<String>>,
}

impl Routes {
    /// The table that this build was made with.
    ///
    /// # Panics
    /// Never in a build that passed its tests: they read the same table.
    #[expect(clippy::expect_used, reason = "the table is part of the build, and a test reads it")]
    pub fn built_in() -> Self {
        Self::parse(include_str!("../../../infra/routes.toml")).expect("the built-in table was tested")
    }

    /// Reads a table, or says everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<RouteProblem>> {
        let table: Table = toml::from_str(text).map_err(|e| vec![RouteProblem::Syntax(e.to_string())])?;
        let mut routes = Self { default: table.default, exact: HashMap::new(), by_resource: HashMap::new() };
        let mut problems = Vec::new();
        for (lane, patterns) in table.lanes {
            for pattern in patterns {
                let earlier = match pattern.strip_suffix("/*") {
                    Some(resource) if is_resource(resource) => routes.by_resource.insert(resource.to_owned(), lane),
                    None if Topic::parse(&pattern).is_some() => routes.exact.insert(pattern.clone(), lane),
                    _ => {
                        problems.push(RouteProblem::Pattern(pattern));
                        continue;
                    }
                };
                if earlier.is_some() {
                    problems.push(RouteProblem::Twice(pattern));
                }
            }
        }
        if problems.is_empty() { Ok(routes) } else { Err(problems) }
    }

    /// The lane of a topic, known or not.
    pub fn lane(&self, topic: &Topic) -> Lane {
        let exact = self.exact.get(topic.as_str());
        *exact.or_else(|| self.by_resource.get(topic.resource())).unwrap_or(&self.default)
    }
}

fn is_resource(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(topic: &str, lane: Lane) {
        assert_eq!(Routes::built_in().lane(&Topic::parse(topic).unwrap()), lane, "{topic}");
    }

    #[test]
    fn the_built_in_table_sends_each_topic_where_the_design_says() {
        for topic in ["orders/paid", "app/uninstalled", "customers/data_request", "customers/redact", "shop/redact"] {
            check(topic, Lane::Urgent);
        }
        for topic in ["orders/create", "refunds/create", "fulfillments/update", "inventory_levels/update"] {
            check(topic, Lane::Standard);
        }
        for topic in
            ["products/update", "collections/create", "customers/update", "carts/update", "customer.tags_added"]
        {
            check(topic, Lane::Bulk);
        }
    }

    #[test]
    fn an_unknown_topic_takes_the_default_lane() {
        check("spaceships/landed", Lane::Standard);
    }

    #[test]
    fn an_event_is_routed_by_its_resource() {
        let topic = Topic::from_event("Product", "update").unwrap();
        assert_eq!(Routes::built_in().lane(&topic), Lane::Bulk);
    }

    #[test]
    fn every_mistake_in_a_table_is_reported_at_once() {
        let table = "default = \"bulk\"\n[lanes]\nurgent = [\"orders\", \"a/b\"]\nbulk = [\"a/b\", \"*\", \"x y/*\"]";
        let problems = Routes::parse(table).unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems.contains(&RouteProblem::Twice("a/b".into())));
        assert!(matches!(Routes::parse("default = \"slow\"").unwrap_err()[..], [RouteProblem::Syntax(_)]));
        assert!(Routes::parse("default = \"bulk\"\n[lanes]\nslow = []").is_err());
    }
}
