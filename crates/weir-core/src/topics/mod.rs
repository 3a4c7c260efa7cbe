//! Whether each event of a topic counts, or only the latest.
//!
//! `infra/topics.toml` says which topics carry a whole snapshot of a resource (`latest`) and how the resource is named;
//! all others are `every`. Events of a `latest` topic pass the [fence](crate::fence).

mod content;
mod snapshot;
mod version;

use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;
use shopify_webhook::Topic;

pub use content::Content;
pub use snapshot::{Reading, Snapshot};
pub use version::{MAX_VERSION_LEAD, TRIGGER_LAG, Version};

/// The table of `infra/topics.toml`.
#[derive(Debug, Clone)]
pub struct Topics {
    latest: HashMap<String, Arc<Resource>>,
}

/// What snapshots of some topics are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// `orders`
    name: String,
    /// The fields of the body that tell one from another; the first is needed, others may be missing.
    id: Vec<String>,
}

/// Whether a thing has one event of this topic: a creation or a payment, unlike an update, of which each snapshot may be
/// followed by another.
pub fn happens_once(topic: &str) -> bool {
    !matches!(topic.rsplit_once('/'), Some((_, "update" | "updated")))
}

/// A mistake in the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicProblem {
    /// Not the shape of the table.
    #[error("the topic table can't be read: {0}")]
    Syntax(String),
    /// Not a topic.
    #[error("{0:?} is no topic, such as orders/paid")]
    Topic(String),
    /// A topic in two places.
    #[error("{0:?} stands there twice")]
    Twice(String),
    /// An entry that lacks something.
    #[error("the entry of {0:?} needs a name without `#`, an id and a reason")]
    Incomplete(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    latest: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    resource: String,
    id: Vec<String>,
    topics: Vec<String>,
    why: String,
}

impl Topics {
    /// The table that this build was made with.
    ///
    /// # Panics
    /// Never in a build that passed its tests: they read the same table.
    #[expect(clippy::expect_used, reason = "the table is part of the build, and a test reads it")]
    pub fn built_in() -> Self {
        Self::parse(include_str!("../../../../infra/topics.toml")).expect("the built-in table was tested")
    }

    /// Reads a table, or says everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<TopicProblem>> {
        let table: Table = toml::from_str(text).map_err(|e| vec![TopicProblem::Syntax(e.to_string())])?;
        let (mut latest, mut problems) = (HashMap::new(), Vec::new());
        for Entry { resource: name, id, topics, why } in table.latest {
            // `#` parts the keys of the fence.
            if name.is_empty() || name.contains('#') || id.is_empty() || why.trim().is_empty() {
                problems.push(TopicProblem::Incomplete(name.clone()));
            }
            let resource = Arc::new(Resource { name, id });
            for topic in topics {
                if Topic::parse(&topic).is_none() {
                    problems.push(TopicProblem::Topic(topic));
                } else if latest.insert(topic.clone(), Arc::clone(&resource)).is_some() {
                    problems.push(TopicProblem::Twice(topic));
                }
            }
        }
        if problems.is_empty() { Ok(Self { latest }) } else { Err(problems) }
    }

    /// What the payload of a topic is a snapshot of; `None` for a topic of which every event counts.
    pub fn latest(&self, topic: &str) -> Option<&Resource> {
        self.latest.get(topic).map(|resource| &**resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_are_latest_and_what_happens_once_is_every() {
        let topics = Topics::built_in();
        for topic in ["orders/create", "orders/paid", "products/update", "inventory_levels/update", "shop/update"] {
            assert!(topics.latest(topic).is_some(), "{topic}");
        }
        for topic in ["refunds/create", "orders/edited", "app/uninstalled", "customers/redact", "spaceships/landed"] {
            assert!(topics.latest(topic).is_none(), "{topic}");
        }
        assert_eq!(topics.latest("orders/create"), topics.latest("orders/paid"), "they are of one resource");
    }

    #[test]
    fn all_but_updates_happen_once() {
        for topic in ["orders/create", "orders/paid", "orders/cancelled", "products/create"] {
            assert!(happens_once(topic), "{topic}");
        }
        for topic in ["orders/updated", "products/update", "inventory_levels/update"] {
            assert!(!happens_once(topic), "{topic}");
        }
    }

    #[test]
    fn every_mistake_in_a_table_is_reported_at_once() {
        let table = "[[latest]]\nresource = \"a\"\nid = [\"id\"]\nwhy = \"\"\ntopics = [\"a/b\", \"a/b\", \"orders\"]";
        let problems = Topics::parse(table).unwrap_err();
        assert_eq!(
            problems,
            [
                TopicProblem::Incomplete("a".into()),
                TopicProblem::Twice("a/b".into()),
                TopicProblem::Topic("orders".into())
            ]
        );
        assert!(matches!(Topics::parse("latest = 1").unwrap_err()[..], [TopicProblem::Syntax(_)]));
    }
}
