//! Which messages are meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use shopify_webhook::ShopDomain;
use weir_core::{Lane, UnixMillis};

use super::entry::{DeadLetterEntry, DeadLetterInfo, DeadLetterStatus};
use crate::names::is_named;

/// Which messages are meant: everything that is given must hold. Times are absolute, so that whoever resumes means the
/// same messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Of this lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<Lane>,
    /// Of this shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<String>,
    /// Of this topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Whose last error, or whose reason, has this text in it; in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Received before then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_before_ms: Option<UnixMillis>,
    /// Received then, or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_after_ms: Option<UnixMillis>,
    /// Of this app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Whose event is in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<DeadLetterStatus>,
    /// Of this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventName>,
}

impl Filter {
    /// The lanes to look into.
    #[must_use]
    pub fn lanes(&self) -> Vec<Lane> {
        self.lane.map_or_else(|| Lane::ALL.to_vec(), |lane| vec![lane])
    }

    /// Whether it takes everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this message is meant.
    #[must_use]
    pub fn takes(&self, found: &DeadLetterEntry) -> bool {
        let letter = &found.letter;
        let same = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_deref().is_none_or(|it| is.is_some_and(|is| is_named(is, it)))
        };
        self.lane.is_none_or(|lane| lane == letter.lane)
            && same(&self.shop, letter.shop())
            && same(&self.topic, letter.topic())
            && same(&self.app, letter.app())
            && self.received_before_ms.is_none_or(|limit| letter.received_at() < limit)
            && self.received_after_ms.is_none_or(|limit| letter.received_at() >= limit)
            && self.state.is_none_or(|state| state == found.status)
            && self.event.as_ref().is_none_or(|event| event.is(letter))
            && self.error.as_ref().is_none_or(|text| found.matches_error(text))
    }
}

/// An event, as an operator names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum EventName {
    /// `SHOP#ID`
    Whole(String),
    /// The webhook id, or `sqs:ID`.
    Id(String),
}

impl EventName {
    /// Whether this message's event is meant.
    #[must_use]
    pub fn is(&self, letter: &DeadLetterInfo) -> bool {
        match self {
            Self::Whole(whole) => whole
                .split_once('#')
                .is_some_and(|(shop, id)| is_named(letter.shop().unwrap_or("unknown"), shop) && letter.is_named(id)),
            Self::Id(id) => letter.is_named(id),
        }
    }
}

/// A text names no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventNameError {
    /// It has no id.
    #[error("{0:?} names no event")]
    NoId(String),
    /// What stands in place of the shop looks like one that was not written out.
    #[error("{0:?} is not the domain of a shop")]
    ShortShop(String),
}

impl FromStr for EventName {
    type Err = EventNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('#') {
            None if !text.trim().is_empty() => Ok(Self::Id(text.to_owned())),
            Some((shop, id)) if !id.is_empty() => {
                // A message that did not come by ingest may say anything in place of a shop, and none if it is no envelope.
                // What looks like a shop that was not written out is told so.
                let is_short = shop != "unknown" && shop.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                let shop = match ShopDomain::parse(shop) {
                    Some(domain) => domain.to_string(),
                    None if is_short => return Err(EventNameError::ShortShop(shop.to_owned())),
                    None => shop.to_owned(),
                };
                Ok(Self::Whole(format!("{shop}#{id}")))
            }
            _ => Err(EventNameError::NoId(text.to_owned())),
        }
    }
}

impl TryFrom<String> for EventName {
    type Error = EventNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EventName> for String {
    fn from(name: EventName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(text) | Self::Id(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::entry::tests::{RECEIVED, found, unreadable};
    use super::*;

    #[track_caller]
    fn check(expected: bool, filter: Filter) {
        assert_eq!(filter.takes(&found()), expected, "{filter:?}");
        let stored: Filter = serde_json::from_str(&serde_json::to_string(&filter).unwrap()).unwrap();
        assert_eq!(stored, filter, "what is written down means the same");
    }

    fn none() -> Filter {
        Filter::default()
    }

    #[test]
    fn every_condition_must_hold() {
        let some = |text: &str| Some(text.to_owned());
        let after = |minutes: u64| Some(RECEIVED + Duration::from_secs(60 * minutes));
        let before = |minutes: u64| Some(RECEIVED - Duration::from_secs(60 * minutes));
        let event = |text: &str| Some(text.parse().unwrap());
        check(true, none());
        check(true, Filter { lane: Some(Lane::Standard), ..none() });
        check(false, Filter { lane: Some(Lane::Bulk), ..none() });
        check(true, Filter { shop: some("north.myshopify.com"), topic: some("orders/create"), ..none() });
        check(false, Filter { shop: some("south.myshopify.com"), topic: some("orders/create"), ..none() });
        check(false, Filter { topic: some("orders/paid"), ..none() });
        check(true, Filter { error: some("http 500"), ..none() });
        check(false, Filter { error: some("http 503"), ..none() });
        check(true, Filter { received_before_ms: after(30), received_after_ms: before(30), ..none() });
        check(false, Filter { received_before_ms: before(1), ..none() });
        check(false, Filter { received_after_ms: after(1), ..none() });
        check(false, Filter { app: some("loyalty"), ..none() });
        check(true, Filter { app: some("default"), state: Some(DeadLetterStatus::Failed), ..none() });
        check(false, Filter { state: Some(DeadLetterStatus::Done), ..none() });
        check(true, Filter { event: event("7"), ..none() });
        check(true, Filter { event: event("north.myshopify.com#7"), ..none() });
        check(false, Filter { event: event("south.myshopify.com#7"), ..none() });
    }

    #[test]
    fn a_message_that_is_no_envelope_has_no_topic_and_a_name_by_sqs() {
        let by = |filter: Filter| filter.takes(&unreadable());
        let event = |text: &str| Some(text.parse().unwrap());
        assert!(by(Filter { event: event("sqs:m-1"), state: Some(DeadLetterStatus::Unreadable), ..none() }));
        assert!(by(Filter { event: event("unknown#sqs:m-1"), ..none() }));
        assert!(by(Filter { error: Some("not a cloudevents".into()), ..none() }));
        assert!(!by(Filter { topic: Some("orders/create".into()), ..none() }));
    }

    #[test]
    fn empty_filter_is_refused() {
        let refused = |text: &str| text.parse::<EventName>().unwrap_err();
        assert_eq!(refused("north#7"), EventNameError::ShortShop("north".into()));
        assert_eq!(refused("north.myshopify.com#"), EventNameError::NoId("north.myshopify.com#".into()));
        assert_eq!(refused(" "), EventNameError::NoId(" ".into()));
    }
}
