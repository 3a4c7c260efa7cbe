//! Whether each event of a topic counts, or only the latest.
//!
//! `infra/topics.toml` says which topics carry a whole snapshot of a resource (`latest`) and how the resource is named;
//! all others, unknown ones too, are `every`. Events of a `latest` topic pass the [fence](crate::fence). Deliveries of
//! one event of an `every` topic share a [key](crate::dedupe) of the ledger.

mod content;
mod scan;
mod snapshot;
#[cfg(test)]
#[path = "../../build/topics.rs"]
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod version;

pub use content::Content;
pub(crate) use scan::first_id;
pub use snapshot::{Reading, Snapshot};
pub use version::{MAX_VERSION_LEAD, TRIGGER_LAG, Version};

include!(concat!(env!("OUT_DIR"), "/topics.rs"));

/// The table of `infra/topics.toml`, as this build was made with it.
#[derive(Debug, Clone, Copy)]
pub struct Topics;

/// What snapshots of some topics are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// `orders`
    name: &'static str,
    /// The field of the body that holds the resource; `None` if the body is the resource.
    within: Option<&'static str>,
    /// The fields that tell one from another, each with those that stand in for it where it is missing. The first is
    /// needed, others may be missing. Without any, a shop has one such resource.
    id: &'static [&'static [&'static str]],
}

/// Which events of a topic count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The latest one of each resource.
    Latest,
    /// Each.
    Every,
}

/// Whether a thing has one event of this topic: a creation or a payment, unlike an update, of which each snapshot may be
/// followed by another. Asked of synthetic events alone, which are of a few topics: what is switched on and off (a location,
/// a customer's account) is not among them.
pub fn happens_once(topic: &str) -> bool {
    !matches!(topic.rsplit_once('/'), Some((_, "update" | "updated")))
}

impl Topics {
    /// The table that this build was made with.
    pub fn built_in() -> Self {
        Self
    }

    /// What the payload of a topic is a snapshot of; `None` for a topic of which every event counts.
    pub fn latest(&self, topic: &str) -> Option<&'static Resource> {
        let at = LATEST.binary_search_by_key(&topic, |(known, _)| known).ok()?;
        RESOURCES.get(LATEST[at].1)
    }

    /// The names of what snapshots are of, such as `orders`.
    pub fn resources(&self) -> impl Iterator<Item = &'static str> + use<> {
        RESOURCES.iter().map(|resource| resource.name)
    }

    /// Every topic that the table decides, in no order.
    pub fn decided(&self) -> impl Iterator<Item = (&'static str, Rule)> + use<> {
        let latest = LATEST.iter().map(|(topic, _)| (*topic, Rule::Latest));
        latest.chain(EVERY.iter().map(|topic| (*topic, Rule::Every)))
    }
}
