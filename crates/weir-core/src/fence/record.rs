//! What the fence knows of a resource.

use std::{collections::BTreeMap, fmt};

use crate::{UnixMillis, envelope::Meta, ledger::Owner, topics::Version};

/// One resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// `{shop}#{app}#{resource}`
    pub key: String,
    /// The newest version that was let in.
    pub version: Version,
    /// Who handles an event of it, and until when at the latest.
    pub held: Option<(Owner, UnixMillis)>,
    /// The last run of each topic.
    pub ran: BTreeMap<Mark, Run>,
}

/// What runs once for each version: a topic, by a subscription if that has a name. Two subscriptions of one topic
/// are two requests for its events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark(String);

impl Mark {
    /// The mark of an event.
    pub fn of(meta: &Meta) -> Self {
        Self(match &meta.subscription {
            Some(subscription) => format!("{}@{subscription}", meta.topic),
            None => meta.topic.clone(),
        })
    }

    /// `orders/paid`, or `orders/paid@big_orders`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Mark {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Which event a topic ran for, at which version.
///
/// As text, `{version}/{webhook id}/{generation}`: so that a store can compare versions and events by a prefix, and
/// generations (of ten digits) as text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Run {
    /// The version of the resource.
    pub version: Version,
    /// The event's webhook id.
    pub webhook_id: String,
    /// The generation of its replay.
    pub generation: u32,
}

impl Run {
    /// The run of an event.
    pub fn of(meta: &Meta, version: Version) -> Self {
        Self { version, webhook_id: meta.webhook_id.clone(), generation: meta.generation }
    }

    /// What runs of the same version begin with.
    pub fn at_version(&self) -> String {
        format!("{}/", self.version)
    }

    /// What runs of the same version and event begin with.
    pub fn of_event(&self) -> String {
        format!("{}/{}/", self.version, self.webhook_id)
    }

    /// Reads the text.
    pub fn parse(text: &str) -> Option<Self> {
        let (version, rest) = text.split_once('/')?;
        let (webhook_id, generation) = rest.rsplit_once('/')?;
        Some(Self {
            version: version.parse().ok()?,
            webhook_id: webhook_id.to_owned(),
            generation: generation.parse().ok()?,
        })
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{:010}", self.version, self.webhook_id, self.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read_as_it_was_written() {
        for webhook_id in ["b54557e4", "with/slash", ""] {
            let run = Run { version: Version(-7), webhook_id: webhook_id.into(), generation: 12 };
            let text = run.to_string();
            assert!(text.starts_with(&run.of_event()) && text.starts_with(&run.at_version()), "{text}");
            assert_eq!(Run::parse(&text), Some(run));
        }
        assert_eq!(Run::parse("1/2"), None);
    }
}
