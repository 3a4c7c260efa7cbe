//! Which messages are meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use weir_core::{Lane, UnixMillis};
use weir_ops::names::is_named;

use super::letter::{Found, Letter, Standing};
use crate::{
    cli::{FilterArgs, StandingName},
    delivery,
    problem::Usage,
};

/// All of what is there must hold. Times are absolute: whoever resumes means the same messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lane: Option<Lane>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shop: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<String>,
    /// In lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) received_before_ms: Option<UnixMillis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) received_after_ms: Option<UnixMillis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<Standing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<EventName>,
}

impl Filter {
    pub(crate) fn new(args: &FilterArgs, now: UnixMillis) -> Result<Self, Usage> {
        if let (Some(older), Some(newer)) = (args.older_than, args.newer_than)
            && older >= newer
        {
            return Err(Usage::new(
                "nothing is older than --older-than and newer than --newer-than",
                "--older-than 1h --newer-than 2h means: between two hours and one hour ago",
            ));
        }
        Ok(Self {
            lane: args.lane.map(Lane::from),
            shop: args.shop.as_deref().map(delivery::shop).transpose()?.map(|shop| shop.to_string()),
            topic: args.topic.clone(),
            error: args.error.as_ref().map(|text| text.to_lowercase()),
            received_before_ms: args.older_than.map(|age| now - age),
            received_after_ms: args.newer_than.map(|age| now - age),
            app: args.app.clone(),
            state: args.state.map(Standing::from),
            event: args.event.as_deref().map(str::parse).transpose()?,
        })
    }

    /// The lanes to look into.
    pub(crate) fn lanes(&self) -> Vec<Lane> {
        self.lane.map_or_else(|| Lane::ALL.to_vec(), |lane| vec![lane])
    }

    /// Whether it takes everything.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn takes(&self, found: &Found) -> bool {
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
            && self.state.is_none_or(|state| state == found.standing)
            && self.event.as_ref().is_none_or(|event| event.is(letter))
            && self.error.as_ref().is_none_or(|text| found.says(text))
    }
}

/// An event, as it was named on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) enum EventName {
    /// `SHOP#ID`
    Whole(String),
    /// The webhook id, or `sqs:ID`.
    Id(String),
}

impl EventName {
    /// Whether this message's event is meant.
    pub(crate) fn is(&self, letter: &Letter) -> bool {
        match self {
            Self::Whole(whole) => whole
                .split_once('#')
                .is_some_and(|(shop, id)| is_named(letter.shop().unwrap_or("unknown"), shop) && letter.is_named(id)),
            Self::Id(id) => letter.is_named(id),
        }
    }
}

impl FromStr for EventName {
    type Err = Usage;

    fn from_str(text: &str) -> Result<Self, Usage> {
        match text.split_once('#') {
            None if !text.trim().is_empty() => Ok(Self::Id(text.to_owned())),
            Some((shop, id)) if !id.is_empty() => {
                // A message that did not come by ingest may say anything in place of a shop, and none if it is no envelope.
                // What looks like a shop that was not written out is told so.
                let is_short = shop != "unknown" && shop.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                let known = delivery::shop(shop);
                let shop =
                    if is_short { known?.to_string() } else { known.map_or(shop.to_owned(), |it| it.to_string()) };
                Ok(Self::Whole(format!("{shop}#{id}")))
            }
            _ => Err(Usage::new(
                format!("{text:?} names no event"),
                "it looks like north.myshopify.com#b54557e4-bdd9-4b37-8a5f-bf7d70bcd043, as `weir dlq list` prints it",
            )),
        }
    }
}

impl TryFrom<String> for EventName {
    type Error = Usage;

    fn try_from(text: String) -> Result<Self, Usage> {
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

impl From<StandingName> for Standing {
    fn from(name: StandingName) -> Self {
        match name {
            StandingName::Failed => Self::Failed,
            StandingName::Done => Self::Done,
            StandingName::Stale => Self::Stale,
            StandingName::Parked => Self::Parked,
            StandingName::Leased => Self::Leased,
            StandingName::Dropped => Self::Dropped,
            StandingName::Replaced => Self::Replaced,
            StandingName::Mismatch => Self::Mismatch,
            StandingName::Unknown => Self::Unknown,
            StandingName::Unreadable => Self::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::letter::tests::{found, unreadable};
    use super::*;
    use crate::cli::dlq::LaneName;

    const NOW: UnixMillis = UnixMillis(1_795_755_600_120 + 3_600_000);

    #[track_caller]
    fn check(expected: bool, args: FilterArgs) {
        let filter = Filter::new(&args, NOW).unwrap();
        assert_eq!(filter.takes(&found()), expected, "{args:?}");
        let stored: Filter = serde_json::from_str(&serde_json::to_string(&filter).unwrap()).unwrap();
        assert_eq!(stored, filter, "what is written down means the same");
    }

    fn none() -> FilterArgs {
        FilterArgs::default()
    }

    #[test]
    fn every_condition_must_hold() {
        let some = |text: &str| Some(text.to_owned());
        let time = |minutes: u64| Some(Duration::from_secs(60 * minutes));
        check(true, none());
        check(true, FilterArgs { lane: Some(LaneName::Standard), ..none() });
        check(false, FilterArgs { lane: Some(LaneName::Bulk), ..none() });
        check(true, FilterArgs { shop: some("north.myshopify.com"), topic: some("orders/create"), ..none() });
        check(false, FilterArgs { shop: some("south.myshopify.com"), topic: some("orders/create"), ..none() });
        check(false, FilterArgs { topic: some("orders/paid"), ..none() });
        check(true, FilterArgs { error: some("http 500"), ..none() });
        check(false, FilterArgs { error: some("http 503"), ..none() });
        check(true, FilterArgs { older_than: time(30), newer_than: time(90), ..none() });
        check(false, FilterArgs { older_than: time(61), ..none() });
        check(false, FilterArgs { newer_than: time(59), ..none() });
        check(false, FilterArgs { app: some("loyalty"), ..none() });
        check(true, FilterArgs { app: some("default"), state: Some(StandingName::Failed), ..none() });
        check(false, FilterArgs { state: Some(StandingName::Done), ..none() });
        check(true, FilterArgs { event: some("7"), ..none() });
        check(true, FilterArgs { event: some("north.myshopify.com#7"), ..none() });
        check(false, FilterArgs { event: some("south.myshopify.com#7"), ..none() });
    }

    #[test]
    fn a_message_that_is_no_envelope_has_no_topic_and_a_name_by_sqs() {
        let by = |args: FilterArgs| Filter::new(&args, NOW).unwrap().takes(&unreadable());
        assert!(by(FilterArgs { event: Some("sqs:m-1".into()), state: Some(StandingName::Unreadable), ..none() }));
        assert!(by(FilterArgs { event: Some("unknown#sqs:m-1".into()), ..none() }));
        assert!(by(FilterArgs { error: Some("Not a CloudEvents".into()), ..none() }));
        assert!(!by(FilterArgs { topic: Some("orders/create".into()), ..none() }));
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for (args, hint) in [
            (FilterArgs { shop: Some("north".into()), ..none() }, "north.myshopify.com"),
            (FilterArgs { event: Some("north#7".into()), ..none() }, "north.myshopify.com"),
            (FilterArgs { event: Some("north.myshopify.com#".into()), ..none() }, "dlq list"),
            (FilterArgs { event: Some(" ".into()), ..none() }, "dlq list"),
            (
                FilterArgs {
                    older_than: Some(Duration::from_secs(60)),
                    newer_than: Some(Duration::from_secs(60)),
                    ..none()
                },
                "between",
            ),
        ] {
            assert!(Filter::new(&args, NOW).unwrap_err().hint.contains(hint), "{args:?}");
        }
    }
}
