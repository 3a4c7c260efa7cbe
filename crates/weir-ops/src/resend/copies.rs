//! The archived copies of many events: each object is read once, whatever the number of its events that are looked for.

use std::collections::{BTreeMap, HashMap};

use weir_aws::archive::ArchiveError;
use weir_core::{
    EventShop,
    archive::{ArchivedEvent, Hour},
    ledger::{Key, Record},
};

use crate::events::archived::{Archive, ArchivedCopy, find};

/// The copies of these events, as far as the archive has them.
pub(super) async fn copies(
    archive: &impl Archive,
    records: &[Record],
) -> Result<HashMap<Key, ArchivedCopy>, ArchiveError> {
    let mut by_hour: BTreeMap<(EventShop, Hour), Vec<&Record>> = BTreeMap::new();
    for record in records {
        if let Some(shop) = record.key.shop().map(EventShop::from_stored) {
            by_hour.entry((shop, Hour::of(record.received_at))).or_default().push(record);
        }
    }
    let mut found = HashMap::new();
    for ((shop, hour), wanted) in by_hour {
        of_hour(archive, &shop, hour, &wanted, &mut found).await?;
        // One that came under several webhook ids may have been published from a delivery of another hour.
        for record in wanted {
            if record.other_webhook_id().is_some()
                && !found.contains_key(&record.key)
                && let Some(copy) = find(archive, record).await?
            {
                found.insert(record.key.clone(), copy);
            }
        }
    }
    Ok(found)
}

async fn of_hour(
    archive: &impl Archive,
    shop: &EventShop,
    hour: Hour,
    wanted: &[&Record],
    found: &mut HashMap<Key, ArchivedCopy>,
) -> Result<(), ArchiveError> {
    let mut open: HashMap<(String, u32), &Record> =
        wanted.iter().map(|record| ((record.webhook_id().to_owned(), record.key.generation), *record)).collect();
    let mut objects = archive.list(&hour.prefix(shop)).await?;
    // A late retry makes an object of a long time: it is read last.
    objects.sort_by_key(|object| (object.key.span_ms(), object.bytes));
    for object in objects {
        let may_have = |record: &&Record| object.key.may_have(record.received_at, record.received_at);
        if !open.values().any(may_have) {
            continue;
        }
        let Some(lines) = archive.get(&object.key).await? else { continue };
        for line in lines.lines() {
            let event: ArchivedEvent<'_> =
                serde_json::from_str(line).map_err(|_| ArchiveError::Damaged(object.key.to_string()))?;
            let Some(record) = open.remove(&(event.webhook_id.to_string(), event.generation)) else { continue };
            if let Some(copy) = ArchivedCopy::of(event) {
                found.insert(record.key.clone(), copy);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::events::{
        archived::tests::Memory,
        fixtures::{NOW, record},
    };

    #[tokio::test]
    async fn events_of_one_hour_take_one_list_and_each_object_once() {
        let mut archive = Memory::default();
        let at = |minute: u64| NOW + Duration::from_secs(60 * minute);
        let names: Vec<String> = (0..40).map(|number| format!("e-{number}")).collect();
        for (minute, names) in (0_u64..).zip(names.chunks(10)) {
            let events: Vec<_> = names.iter().map(|name| (name.as_str(), at(minute))).collect();
            archive.store(&events);
        }
        let wanted = (0..40_u64).map(|number| {
            let mut record = Record { received_at: at(number / 10), ..record() };
            record.key.event = format!("north.myshopify.com#e-{number}");
            record
        });
        let mut wanted: Vec<Record> = wanted.collect();
        let mut gone = record();
        gone.key.event = "north.myshopify.com#gone".into();
        wanted.push(Record { received_at: at(1), ..gone });
        let found = copies(&archive, &wanted).await.unwrap();
        assert_eq!((found.len(), archive.requests.get()), (40, 5));
        assert!(found.iter().all(|(key, copy)| key.event.ends_with(&format!("#{}", copy.meta.webhook_id))));
    }
}
