//! Which lane a topic takes.

use shopify_webhook::Topic;

use crate::{Lane, check};

/// The part of the build script that reads the table.
#[cfg(test)]
#[path = "../build/routes.rs"]
mod table;

include!(concat!(env!("OUT_DIR"), "/routes.rs"));

/// The table of `infra/routes.toml`: an exact topic beats `resource/*`, and that beats the default. Topics of a
/// [check](crate::check) name their lane.
#[derive(Debug, Clone, Copy)]
pub struct Routes;

impl Routes {
    /// The table that this build was made with.
    pub fn built_in() -> Self {
        Self
    }

    /// The lane of a topic, known or not.
    pub fn lane(self, topic: &Topic) -> Lane {
        let found = |table: &[(&str, Lane)], name: &str| {
            table.binary_search_by_key(&name, |(known, _)| known).ok().map(|at| table[at].1)
        };
        found(EXACT, topic.as_str())
            .or_else(|| found(BY_RESOURCE, topic.resource()))
            .or_else(|| check::lane(topic.as_str()))
            .unwrap_or(DEFAULT)
    }
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
        let problems = table::generate(table).unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems.contains(&"\"a/b\" is routed twice".to_owned()), "{problems:?}");
        for wrong in ["default = \"slow\"", "default = \"slow\"\n[lanes]", "default = \"bulk\"\n[lanes]\nslow = []"] {
            assert_eq!(table::generate(wrong).unwrap_err().len(), 1, "{wrong}");
        }
    }

    #[test]
    fn every_exact_pattern_of_the_table_is_a_topic() {
        assert!(EXACT.iter().all(|(topic, _)| Topic::parse(topic).is_some()));
    }
}
