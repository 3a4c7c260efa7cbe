//! What the fence knows of a resource.

use std::{collections::BTreeMap, fmt};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    UnixMillis,
    envelope::Meta,
    ledger::Owner,
    sha256,
    topics::{Content, Version},
};

/// One resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// `{shop}#{app}#{resource}`
    pub key: String,
    /// The newest state that was let in.
    pub newest: State,
    /// Who handles an event of it, and until when at the latest.
    pub held: Option<(Owner, UnixMillis)>,
    /// The last run of each topic.
    pub ran: BTreeMap<Mark, Run>,
}

/// A state of a resource, as an event tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Which one.
    pub version: Version,
    /// A [`short_hash`] of the body's.
    pub body: String,
    /// A [`short_hash`] of the X-Shopify-Event-Id: topics of one merchant action share it.
    pub event: Option<String>,
    /// What of it can be compared with the Admin API.
    pub content: Option<Content>,
}

impl State {
    /// The state that an event's body is a snapshot of.
    pub fn of(meta: &Meta, version: Version, content: Option<Content>) -> Self {
        let event = meta.event_id.as_ref().map(|id| short_hash(id.as_str()));
        Self { version, body: short_hash(&meta.body_sha256), event, content }
    }

    /// The newest state, if it was another before.
    #[must_use]
    pub fn after(&self, before: Option<&Self>) -> Self {
        let version = before.map_or(self.version, |before| self.version.after(&before.version));
        Self { version, ..self.clone() }
    }

    /// Whether both tell of the same state of the resource, though they were not triggered at once: one merchant action
    /// causes events of several topics, with one `updated_at`. Without `updated_at` nobody can tell.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let same_event = self.event.is_some() && self.event == other.event;
        self.version.shares_updated_at(&other.version) && (same_event || self.body == other.body)
    }
}

/// Forty-eight bits of a hash, in eight characters: enough to tell the texts of one resource apart. An item of the fence
/// has room for no more.
pub fn short_hash(text: &str) -> String {
    // Of lower-case hexadecimal, so it is a number.
    let bits = u64::from_str_radix(&sha256::hex(text.as_bytes())[..12], 16).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(&bits.to_be_bytes()[2..])
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
            None => meta.topic.to_string(),
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

/// Which delivery a topic ran for, and of which state.
///
/// As text, `{version}/{delivery}/{generation}/{body}`, with a version of two parts: a store compares versions and events
/// by a prefix, generations (of ten digits) as text, and finds the body at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Run {
    /// The version of the resource.
    pub version: Version,
    /// A [`short_hash`] of the event's webhook id.
    pub delivery: String,
    /// The generation of its replay.
    pub generation: u32,
    /// A [`short_hash`] of the body's.
    pub body: String,
}

impl Run {
    /// The run of an event. For its own topic, a synthetic one is the last of its second: what is delivered after all is
    /// older. Other topics' deliveries of that second may still run.
    pub fn of(meta: &Meta, state: &State) -> Self {
        let version = match meta.synthetic {
            Some(_) => state.version.read_at(meta.received_at),
            None => state.version,
        };
        let body = state.body.clone();
        Self { version, delivery: short_hash(meta.webhook_id.as_str()), generation: meta.generation, body }
    }

    /// What runs with the same `updated_at` begin with.
    pub fn at_update(&self) -> String {
        self.version.text_of_updated_at()
    }

    /// What runs of the same version begin with; without a Triggered-At, those with the same `updated_at`. Every run
    /// before this one is less.
    pub fn at_version(&self) -> String {
        match self.version.triggered_at() {
            Some(_) => format!("{}/", self.version),
            None => self.at_update(),
        }
    }

    /// What runs of the same version and event begin with.
    pub fn of_event(&self) -> String {
        format!("{}/{}/", self.version, self.delivery)
    }

    /// What runs of the same version and event that an operator runs again begin with, at least.
    pub fn of_generation(&self) -> String {
        format!("{}{:010}/", self.of_event(), self.generation)
    }

    /// Whether it ran before: an earlier version, or an unknown Triggered-At before a known one.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.to_string() < other.at_version()
    }

    /// Reads the text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let [updated_at, triggered_at, delivery, generation, body] = std::array::from_fn(|_| parts.next());
        let run = Self {
            version: Version::parse(updated_at?, triggered_at?)?,
            delivery: delivery?.to_owned(),
            generation: generation?.parse().ok()?,
            body: body?.to_owned(),
        };
        parts.next().is_none().then_some(run)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{:010}/{}", self.version, self.delivery, self.generation, self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(updated_at: &str, triggered_at: Option<&str>) -> Run {
        let version = Version::new(Some(updated_at.parse().unwrap()), triggered_at.map(|at| at.parse().unwrap()));
        let (delivery, body) = (short_hash("b54557e4"), short_hash("{}"));
        Run { version: version.unwrap(), delivery, generation: 12, body }
    }

    #[test]
    fn a_run_is_read_as_it_was_written() {
        for triggered_at in [None, Some("2026-11-27T05:00:00.1Z")] {
            let run = run("2026-11-27T05:00:00Z", triggered_at);
            let text = run.to_string();
            for start in [run.at_update(), run.at_version(), run.of_event(), run.of_generation()] {
                assert!(text.starts_with(&start), "{text} with {start}");
            }
            assert!(text.ends_with(&format!("/{}", run.body)), "{text}");
            assert_eq!(Run::parse(&text), Some(run));
        }
        for text in ["1/2", "", "1//a/0000000001/b/", "//a/0000000001/b", "1//a/x/b"] {
            assert_eq!(Run::parse(text), None, "{text}");
        }
    }

    #[test]
    fn runs_of_one_update_are_ordered_by_their_trigger() {
        let (update, next) = ("2026-11-27T05:00:00Z", "2026-11-27T05:00:01Z");
        let (unknown, first, second) = (
            run(update, None),
            run(update, Some("2026-11-27T05:00:00.1Z")),
            run(update, Some("2026-11-27T05:00:00.4Z")),
        );
        assert!(unknown.is_before(&first) && first.is_before(&second) && second.is_before(&run(next, None)));
        for (one, other) in [(&first, &first), (&second, &first), (&first, &unknown), (&unknown, &unknown)] {
            assert!(!one.is_before(other), "{one} before {other}");
        }
    }
}
