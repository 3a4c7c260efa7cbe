//! Why a list of events is empty: whether its filter can match anything at all.

use std::{collections::BTreeSet, time::Duration};

use serde::Serialize;
use weir_aws::ledger::{Indexes, Listing, Range, ReadError};
use weir_core::ledger::index::Bucket;

use super::{EventFilter, query::EventQuery};
use crate::spelling;

/// A shop that sent nothing for so long is told of.
const SHOP_DAYS: u64 = 7;

/// So many of the newest events are looked at, for the names of shops and apps.
const NEWEST: usize = 200;

const DAY: Duration = Duration::from_secs(86_400);

/// Why no event can match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum EmptyReason {
    /// weir knows no such topic.
    UnknownTopic {
        /// The topic.
        topic: String,
        /// One that looks like it.
        nearest: Option<String>,
    },
    /// weir knows no resources of this kind.
    UnknownResource {
        /// The resource.
        resource: String,
        /// A kind that looks like it.
        nearest: Option<String>,
    },
    /// No event of this shop was received in these days.
    UnseenShop {
        /// The shop.
        shop: String,
        /// So many days.
        days: u64,
        /// One that looks like it, of which events came.
        nearest: Option<String>,
    },
    /// No event of this app was received within the last day.
    UnseenApp {
        /// The app.
        app: String,
        /// Apps of which events came.
        seen: Vec<String>,
    },
    /// The range ends before the oldest event that the ledger keeps.
    BeforeRetention {
        /// How many days it keeps them.
        days: u32,
    },
}

/// Why the list is empty, as far as the filter says it. `retention_days`: how long the ledger keeps events, if that is known.
/// Reads up to two indexes of the last days, and no more than some hundred entries.
///
/// # Errors
/// If the ledger can't be read.
pub async fn why_empty<I: Indexes>(
    indexes: &I,
    query: &EventQuery,
    retention_days: Option<u32>,
) -> Result<Vec<EmptyReason>, ReadError> {
    let EventQuery { filter, range, now, .. } = query;
    let mut reasons = of_names(filter);
    if let Some(days) = retention_days.filter(|days| range.until < *now - DAY * *days) {
        reasons.push(EmptyReason::BeforeRetention { days });
    }
    if filter.shop.is_none() && filter.app.is_none() {
        return Ok(reasons);
    }
    let range = |days: u64| Range { since: *now - DAY * u32::try_from(days).unwrap_or(1), until: *now + DAY };
    let (mut shops, mut apps) = (BTreeSet::new(), BTreeSet::new());
    let mut listing = Listing::by_day(indexes, Bucket::all(), range(1), u32::try_from(NEWEST).unwrap_or(u32::MAX));
    for _ in 0..NEWEST {
        let Some(entry) = listing.next().await? else { break };
        shops.extend(entry.key.event.split_once('#').map(|(shop, _)| shop.to_owned()));
        apps.extend(entry.app);
    }
    if let Some(shop) = filter.shop.as_ref().filter(|shop| !shops.contains(*shop)) {
        let mut listing = Listing::by_day(indexes, Bucket::of_shop(shop).into(), range(SHOP_DAYS), 1);
        let mut is_seen = false;
        // Others share its buckets: what is not among these is rare, if it is there.
        for _ in 0..NEWEST {
            let Some(entry) = listing.next().await? else { break };
            is_seen |= entry.key.event.split_once('#').is_some_and(|(of, _)| of == shop);
        }
        if !is_seen {
            let nearest = spelling::nearest(shop, shops.iter().map(String::as_str)).map(str::to_owned);
            reasons.push(EmptyReason::UnseenShop { shop: shop.clone(), days: SHOP_DAYS, nearest });
        }
    }
    if let Some(app) = filter.app.as_ref().filter(|app| !apps.contains(*app)) {
        reasons.push(EmptyReason::UnseenApp { app: app.clone(), seen: apps.into_iter().collect() });
    }
    Ok(reasons)
}

/// What the names alone say.
fn of_names(filter: &EventFilter) -> Vec<EmptyReason> {
    let topic = filter.topic.as_ref().filter(|topic| !spelling::is_known_topic(topic));
    let topic = topic.map(|topic| EmptyReason::UnknownTopic {
        topic: topic.clone(),
        nearest: spelling::nearest_topic(topic).map(str::to_owned),
    });
    let resource = filter.resource.as_ref().filter(|resource| !spelling::is_known_kind(resource));
    let resource = resource.map(|resource| EmptyReason::UnknownResource {
        resource: resource.clone(),
        nearest: spelling::nearest_kind(resource).map(str::to_owned),
    });
    topic.into_iter().chain(resource).collect()
}

#[cfg(test)]
mod tests {
    use weir_core::UnixMillis;

    use super::{
        super::{
            EventState, QueryTimes,
            lookup::tests::{Memory, entry},
        },
        *,
    };

    const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

    async fn reasons(filter: EventFilter, times: QueryTimes) -> Vec<EmptyReason> {
        let index = Memory(vec![entry("one", "cause", None, NOW - Duration::from_secs(3600))]);
        let query = EventQuery::new(filter, times, None, 20, NOW).unwrap();
        why_empty(&index, &query, Some(50)).await.unwrap()
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[tokio::test]
    async fn filter_that_matches_nothing_at_all_says_why() {
        let (none, times) = (EventFilter::default, QueryTimes::default());
        let known = EventFilter { shop: some("north.myshopify.com"), topic: some("orders/paid"), ..none() };
        assert_eq!(reasons(known, times).await, []);
        let topic = EventFilter { topic: some("order/paid"), ..none() };
        let unknown = EmptyReason::UnknownTopic { topic: "order/paid".into(), nearest: some("orders/paid") };
        assert_eq!(reasons(topic, times).await, [unknown]);
        let shop = EventFilter { shop: some("nort.myshopify.com"), ..none() };
        let unseen = EmptyReason::UnseenShop {
            shop: "nort.myshopify.com".into(),
            days: 7,
            nearest: some("north.myshopify.com"),
        };
        assert_eq!(reasons(shop, times).await, [unseen]);
        let app = EventFilter { app: some("loyalty"), state: Some(EventState::Failed), ..none() };
        let unseen = EmptyReason::UnseenApp { app: "loyalty".into(), seen: vec![] };
        assert_eq!(reasons(app, times).await, [unseen]);
        let resource = EventFilter { resource: some("ordes/7"), ..none() };
        let unknown = EmptyReason::UnknownResource { resource: "ordes/7".into(), nearest: some("orders") };
        assert_eq!(reasons(resource, times).await, [unknown]);
        let long_ago = QueryTimes { since: Some(NOW - DAY * 90), until: Some(NOW - DAY * 60) };
        assert_eq!(reasons(none(), long_ago).await, [EmptyReason::BeforeRetention { days: 50 }]);
    }
}
