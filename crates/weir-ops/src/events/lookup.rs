//! Which events an operator means by an id: that of a delivery, of what caused it, or a key of the ledger.

use std::time::Duration;

use weir_aws::ledger::{DynamoLedger, Indexes, Listing, Range, ReadError};
use weir_core::{EventShop, UnixMillis, ledger::index::Bucket};

/// Deliveries of one event id come within this time: Shopify's retries end after four hours.
pub(super) const MAX_SPREAD: Duration = Duration::from_secs(6 * 3600);

/// How far a look through an index got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookupProgress {
    /// When the event was received that was read last.
    pub back_to: UnixMillis,
    /// Items of the index that were read.
    pub items: u64,
}

/// The keys of the events that an id of this shop means, the newest first. Most ids are the end of a key; the others are
/// looked for in the index. `progress` is called for each entry of the index.
///
/// # Errors
/// If the ledger can't be read.
pub async fn of_shop(
    ledger: &DynamoLedger,
    shop: &EventShop,
    id: &str,
    range: Range,
    progress: impl FnMut(LookupProgress),
) -> Result<Vec<String>, ReadError> {
    let key = format!("{shop}#{id}");
    if !ledger.history(&key).await?.is_empty() {
        return Ok(vec![key]);
    }
    Ok(look_up(ledger, Bucket::of_shop(shop).into(), Some(shop), id, range, progress).await?.events)
}

/// The same of whatever shop. For the id of a delivery half of each day's buckets are looked through.
///
/// # Errors
/// If the ledger can't be read.
pub async fn of_any_shop(
    ledger: &DynamoLedger,
    id: &str,
    range: Range,
    mut progress: impl FnMut(LookupProgress),
) -> Result<Vec<String>, ReadError> {
    let [likely, others] = Bucket::of_id(id);
    let mut found = look_up(ledger, likely, None, id, range, &mut progress).await?;
    if !found.is_delivery {
        found.events.extend(look_up(ledger, others, None, id, range, &mut progress).await?.events);
    }
    Ok(found.events)
}

/// What an id means.
#[derive(Debug, Default, PartialEq, Eq)]
struct Meaning {
    events: Vec<String>,
    /// A delivery has one event, an event id several.
    is_delivery: bool,
}

async fn look_up<I: Indexes>(
    indexes: &I,
    buckets: Vec<Bucket>,
    shop: Option<&EventShop>,
    id: &str,
    range: Range,
    mut progress: impl FnMut(LookupProgress),
) -> Result<Meaning, ReadError> {
    // It may be anywhere: large pages, for there is no use in the first few of each.
    let mut listing = Listing::by_day(indexes, buckets, range, u32::MAX);
    let (mut events, mut since) = (Vec::new(), range.since);
    while let Some(entry) = listing.next().await? {
        if entry.received_at < since {
            break;
        }
        let event = &entry.key.event;
        let is_of_shop = shop.is_none_or(|shop| entry.key.shop().is_some_and(|of| shop == of));
        if is_of_shop && entry.is_named(id) && !events.contains(event) {
            if entry.event_id.as_ref().is_none_or(|event_id| event_id != id) {
                return Ok(Meaning { events: vec![event.clone()], is_delivery: true });
            }
            events.push(event.clone());
            since = since.max(entry.received_at - MAX_SPREAD);
        }
        progress(LookupProgress { back_to: entry.received_at, items: listing.spent().items });
    }
    Ok(Meaning { events, is_delivery: false })
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashMap;

    use weir_aws::ledger::{Entry, IndexPage, Partition, Spent};
    use weir_core::{
        EventId, Lane, WebhookId,
        ledger::{Key, Record, index::day},
    };

    use super::*;

    const SHOP: &str = "north.myshopify.com";
    const NOW: UnixMillis = UnixMillis(1_795_755_600_000);
    const HOUR: Duration = Duration::from_secs(3600);

    /// An index by day of a few entries.
    pub(crate) struct Memory(pub(crate) Vec<Entry>);

    impl Indexes for Memory {
        type Start = ();

        async fn page(
            &self,
            partition: &Partition,
            range: Range,
            _start: Option<()>,
            _limit: i32,
        ) -> Result<IndexPage<()>, ReadError> {
            let is_there = |entry: &&Entry| {
                let shop = EventShop::from_stored(entry.key.shop().unwrap());
                let bucket = match &entry.webhook_id {
                    Some(id) => Bucket::of_delivery(&shop, id),
                    None => Bucket::of(&entry.key.event),
                };
                partition.key == bucket.on(&day(entry.received_at))
                    && (range.since..=range.until).contains(&entry.received_at)
            };
            let entries = self.0.iter().filter(is_there).cloned().collect();
            Ok(IndexPage { entries, next: None, spent: Spent::default() })
        }

        async fn records(&self, _keys: &[Key]) -> Result<(HashMap<Key, Record>, Spent), ReadError> {
            unimplemented!("a search reads no records")
        }
    }

    pub(crate) fn entry(event: &str, event_id: &str, ids: Option<(&str, &str)>, received_at: UnixMillis) -> Entry {
        Entry {
            key: Key { event: format!("{SHOP}#{event}"), generation: 0 },
            received_at,
            topic: None,
            app: None,
            lane: Lane::Standard,
            resource: None,
            event_id: EventId::parse(event_id),
            webhook_id: ids.map(|(first, _)| WebhookId::from_stored(first)),
            last_webhook_id: ids.map(|(_, last)| WebhookId::from_stored(last)),
            last_error: None,
        }
    }

    async fn found(id: &str, shop: Option<&str>) -> Vec<String> {
        let index = Memory(vec![
            entry("cause~1", "cause", Some(("first", "second")), NOW - HOUR),
            entry("cause~2", "cause", Some(("third", "third")), NOW - HOUR * 2),
            entry("paid", "cause", None, NOW - HOUR),
            entry("cause~3", "cause", Some(("fourth", "fourth")), NOW - HOUR * 20),
        ]);
        let shop = shop.map(EventShop::from_stored);
        let range = Range { since: NOW - HOUR * 30, until: NOW };
        let mut events = look_up(&index, Bucket::all(), shop.as_ref(), id, range, |_| {}).await.unwrap().events;
        events.sort();
        events.into_iter().map(|event| event.split_once('#').unwrap().1.to_owned()).collect()
    }

    #[tokio::test]
    async fn an_event_is_found_by_every_id_that_it_has() {
        for (id, events) in [
            ("first", vec!["cause~1"]),
            ("second", vec!["cause~1"]),
            ("cause~2", vec!["cause~2"]),
            ("third", vec!["cause~2"]),
            ("paid", vec!["paid"]),
            // What came long before has the id of something else.
            ("cause", vec!["cause~1", "cause~2", "paid"]),
            ("nowhere", vec![]),
        ] {
            assert_eq!(found(id, None).await, events, "{id}");
            assert_eq!(found(id, Some(SHOP)).await, events, "{id}");
            assert!(found(id, Some("mill.myshopify.com")).await.is_empty());
        }
    }
}
