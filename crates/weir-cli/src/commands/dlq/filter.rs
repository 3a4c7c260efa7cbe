//! Which dead-lettered events are meant.

use std::time::Duration;

use resilience::UnixMillis;
use serde::{Deserialize, Serialize};
use weir_core::Lane;

use super::letter::Letter;
use crate::{cli::DlqFilterArgs, delivery, problem::Usage};

/// Each condition that is there must hold. Kept with the operation, so that it can be resumed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lane: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shop: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    /// In lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// Came in before: fixed when the operation began, so that resuming means the same events.
    #[serde(skip_serializing_if = "Option::is_none")]
    before_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<String>,
}

impl Filter {
    pub(super) fn new(args: &DlqFilterArgs, now: UnixMillis) -> anyhow::Result<Self> {
        let ago = |time: Option<Duration>| time.map(|time| (now - time).0);
        Ok(Self {
            lane: args.lane.map(|lane| lane.as_str().to_owned()),
            shop: args.shop.as_deref().map(delivery::shop).transpose()?.map(|shop| shop.to_string()),
            topic: args.topic.clone(),
            app: args.app.clone(),
            error: args.error.as_deref().map(str::to_lowercase),
            state: args.state.map(|state| state.as_str().to_owned()),
            before_ms: ago(args.older_than),
            after_ms: ago(args.newer_than),
            event: args.event.as_deref().map(event).transpose()?,
        })
    }

    /// This event alone.
    pub(super) fn of(name: &str) -> anyhow::Result<Self> {
        Ok(Self { event: Some(event(name)?), ..Self::default() })
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether any of the lane's events can be meant.
    pub(super) fn reads(&self, lane: Lane) -> bool {
        self.lane.as_ref().is_none_or(|name| name == lane.as_str())
    }

    /// Whether the ledger must be asked to tell.
    pub(super) fn asks_the_ledger(&self) -> bool {
        self.error.is_some() || self.state.is_some()
    }

    pub(super) fn takes(&self, letter: &Letter) -> bool {
        let meta = letter.meta.as_ref();
        let is =
            |wanted: &Option<String>, there: Option<&str>| wanted.as_deref().is_none_or(|wanted| there == Some(wanted));
        let at = letter.came_at().0;
        self.reads(letter.lane)
            && is(&self.shop, letter.shop())
            && is(&self.topic, meta.map(|meta| meta.topic.as_str()))
            && is(&self.app, meta.map(|meta| meta.app.as_str()))
            && is(&self.state, letter.record.as_ref().map(|record| record.state.as_str()))
            && is(&self.event, Some(letter.name()).as_deref())
            && self.error.as_ref().is_none_or(|error| letter.error().to_lowercase().contains(error))
            && self.before_ms.is_none_or(|before| at < before)
            && self.after_ms.is_none_or(|after| at >= after)
    }
}

/// `SHOP#ID`.
fn event(text: &str) -> anyhow::Result<String> {
    let Some((shop, id)) = text.split_once('#').filter(|(_, id)| !id.is_empty()) else {
        return Err(Usage::new(
            format!("{text} names no event: its shop is missing"),
            "give SHOP#ID, as `weir dlq list --each 20` prints it, in quotes",
        )
        .into());
    };
    // What came unreadable has a name of SQS's, and perhaps no shop.
    let shop = if shop == "unknown" { shop.to_owned() } else { delivery::shop(shop)?.to_string() };
    Ok(format!("{shop}#{id}"))
}

#[cfg(test)]
mod tests {
    use super::super::letter::tests::letter;
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

    fn filter(change: impl FnOnce(&mut DlqFilterArgs)) -> Filter {
        let mut args = DlqFilterArgs::default();
        change(&mut args);
        Filter::new(&args, NOW).unwrap()
    }

    #[test]
    fn every_condition_must_hold() {
        let letter = letter("1", "erp: Timeout after 5 s", NOW - Duration::from_secs(7_200));
        let hour = Duration::from_secs(3_600);
        assert!(filter(|_| {}).takes(&letter));
        let all = filter(|args| {
            args.lane = Some(Lane::Standard);
            args.shop = Some("NORTH.myshopify.com".into());
            args.topic = Some("orders/create".into());
            args.app = Some("default".into());
            args.error = Some("timeout".into());
            args.older_than = Some(hour);
            args.newer_than = Some(hour * 3);
            args.event = Some("north.myshopify.com#1".into());
        });
        assert!(all.takes(&letter));
        assert!(!filter(|args| args.lane = Some(Lane::Bulk)).takes(&letter));
        assert!(!filter(|args| args.shop = Some("south.myshopify.com".into())).takes(&letter));
        assert!(!filter(|args| args.topic = Some("orders/paid".into())).takes(&letter));
        assert!(!filter(|args| args.app = Some("loyalty".into())).takes(&letter));
        assert!(!filter(|args| args.error = Some("timeouts".into())).takes(&letter));
        assert!(!filter(|args| args.state = Some(crate::cli::StateName::Done)).takes(&letter));
        assert!(!filter(|args| args.older_than = Some(hour * 3)).takes(&letter));
        assert!(!filter(|args| args.newer_than = Some(hour)).takes(&letter));
        assert!(!filter(|args| args.event = Some("north.myshopify.com#2".into())).takes(&letter));
    }

    #[test]
    fn a_filter_is_kept_and_read_again_as_it_was() {
        let kept = filter(|args| args.newer_than = Some(Duration::from_secs(60)));
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Filter>(&text).unwrap(), kept);
        assert!(filter(|_| {}).is_empty() && !kept.is_empty());
        assert!(serde_json::from_str::<Filter>(r#"{"color":"red"}"#).is_err(), "a condition that is not known");
    }

    #[test]
    fn an_event_is_named_with_its_shop() {
        assert_eq!(event("North.myshopify.com#7").unwrap(), "north.myshopify.com#7");
        assert_eq!(event("unknown#sqs:1").unwrap(), "unknown#sqs:1");
        for text in ["7", "north.myshopify.com#", "north#7", "#7"] {
            assert!(event(text).is_err(), "{text}");
        }
    }
}
