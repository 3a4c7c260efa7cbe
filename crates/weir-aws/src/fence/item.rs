//! An item, read.

use weir_core::{
    UnixMillis,
    fence::{Mark, Record, Run, State},
    ledger::Owner,
    topics::{Content, Version},
};

use crate::ledger::{BadItem, item::Item};

pub(super) const PK: &str = "pk";
const UPDATED_NS: &str = "updated_ns";
const EARLIEST_NS: &str = "earliest_ns";
const LATEST_NS: &str = "latest_ns";
const TRIGGERED_NS: &str = "triggered_ns";
const BODY: &str = "body";
const EVENT: &str = "event";
const CONTENT: &str = "content";
pub(super) const OWNER: &str = "owner";
pub(super) const LEASE_UNTIL_MS: &str = "lease_until_ms";
pub(super) const UPDATED_AT_MS: &str = "updated_at_ms";
pub(super) const EXPIRES_AT_S: &str = "expires_at_s";
const RAN: &str = "ran:";

/// The attribute of a topic's last run.
pub(super) fn ran(mark: &Mark) -> String {
    format!("{RAN}{}", mark.as_str())
}

pub(super) fn record(item: &Item) -> Result<Record, BadItem> {
    let string = |at: &'static str| match item.get(at) {
        None => Ok(None),
        Some(value) => value.as_s().map(|text| Some(text.clone())).map_err(|_| BadItem(at)),
    };
    let needed = |at: &'static str| string(at)?.ok_or(BadItem(at));
    let held = string(OWNER)?.map(|owner| {
        let until = number(item, LEASE_UNTIL_MS)?.ok_or(BadItem(LEASE_UNTIL_MS))?;
        Ok((Owner(owner), UnixMillis(until)))
    });
    let runs = item.iter().filter_map(|(name, value)| Some((name.strip_prefix(RAN)?.to_owned(), value)));
    let ran = runs.map(|(mark, value)| {
        let run = value.as_s().ok().and_then(|text| Run::parse(text)).ok_or(BadItem("ran:{topic}"))?;
        Ok((Mark::from(mark), run))
    });
    Ok(Record {
        key: needed(PK)?,
        newest: State {
            version: version(item)?,
            body: needed(BODY)?,
            event: string(EVENT)?,
            content: string(CONTENT)?.map(|text| Content::parse(&text)),
        },
        held: held.transpose()?,
        ran: ran.collect::<Result<_, BadItem>>()?,
    })
}

fn version(item: &Item) -> Result<Version, BadItem> {
    let (updated, triggered) = (number(item, UPDATED_NS)?, number(item, TRIGGERED_NS)?);
    let version = Version::from_nanoseconds(updated, triggered).ok_or(BadItem(UPDATED_NS))?;
    let earliest = if updated.is_some() { None } else { Some(version.earliest()) };
    // Conditions compare these, so they must be what the version says.
    match (number(item, EARLIEST_NS)? == earliest, number(item, LATEST_NS)? == Some(version.latest())) {
        (false, _) => Err(BadItem(EARLIEST_NS)),
        (_, false) => Err(BadItem(LATEST_NS)),
        (true, true) => Ok(version),
    }
}

fn number<N: std::str::FromStr>(item: &Item, at: &'static str) -> Result<Option<N>, BadItem> {
    let Some(value) = item.get(at) else { return Ok(None) };
    value.as_n().ok().and_then(|number| number.parse().ok()).map(Some).ok_or(BadItem(at))
}

#[cfg(test)]
mod tests {
    use weir_core::fence::short_hash;

    use super::*;
    use crate::ledger::item::{number, text};

    fn version(triggered_at: Option<&str>) -> Version {
        let updated_at = "2026-11-27T05:00:00Z".parse().unwrap();
        Version::new(Some(updated_at), triggered_at.map(|at| at.parse().unwrap())).unwrap()
    }

    fn run() -> Run {
        let version = version(Some("2026-11-27T05:00:00.123456789Z"));
        Run { version, delivery: short_hash("a"), generation: 1, body: short_hash("b") }
    }

    fn item() -> Item {
        let version = run().version;
        Item::from([
            (PK.to_owned(), text("north.myshopify.com#default#orders/820982911946154508")),
            (UPDATED_NS.to_owned(), number(version.updated_at().unwrap())),
            (LATEST_NS.to_owned(), number(version.latest())),
            (TRIGGERED_NS.to_owned(), number(version.triggered_at().unwrap())),
            (BODY.to_owned(), text(short_hash("b"))),
            (EVENT.to_owned(), text(short_hash("e"))),
            (CONTENT.to_owned(), text(Content::of_order(Some("paid"), Some(false)).to_string())),
            (OWNER.to_owned(), text("me")),
            (LEASE_UNTIL_MS.to_owned(), number(7)),
            ("ran:orders/paid".to_owned(), text(run().to_string())),
        ])
    }

    #[test]
    fn an_item_is_read_whole() {
        let record = record(&item()).unwrap();
        assert_eq!(record.newest.version, run().version);
        assert_eq!((record.newest.body, record.newest.event), (short_hash("b"), Some(short_hash("e"))));
        assert_eq!(record.newest.content, Some(Content::of_order(Some("PAID"), Some(false))));
        assert_eq!(record.held, Some((Owner("me".into()), UnixMillis(7))));
        assert_eq!(record.ran, [(Mark::from("orders/paid".to_owned()), run())].into());
    }

    #[test]
    fn a_foreign_item_names_the_attribute_at_fault() {
        for (at, named) in [
            (PK, PK),
            (UPDATED_NS, UPDATED_NS),
            (EARLIEST_NS, EARLIEST_NS),
            (LATEST_NS, LATEST_NS),
            (TRIGGERED_NS, TRIGGERED_NS),
            (LEASE_UNTIL_MS, LEASE_UNTIL_MS),
            ("ran:x/y", "ran:{topic}"),
        ] {
            let mut item = item();
            item.insert(at.to_owned(), text("?"));
            item.remove(if at == PK { PK } else { "" });
            assert_eq!(record(&item), Err(BadItem(named)));
        }
        let mut item = item();
        item.insert(LATEST_NS.to_owned(), number(5));
        assert_eq!(record(&item), Err(BadItem(LATEST_NS)), "a span that no version has");
        item.remove(TRIGGERED_NS);
        item.remove(UPDATED_NS);
        assert_eq!(record(&item), Err(BadItem(UPDATED_NS)));
    }

    /// A write of up to 1 KB is one unit.
    #[test]
    fn an_item_with_eight_topics_stays_below_one_kilobyte() {
        let mut item = item();
        item.insert(
            OWNER.to_owned(),
            text("5c5f58e4-bdd9-4b37-8a5f-bf7d70bcd043/b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
        );
        item.insert(UPDATED_AT_MS.to_owned(), number(1_795_755_600_123_i64));
        item.insert(EXPIRES_AT_S.to_owned(), number(1_799_999_999));
        for index in 0..7 {
            item.insert(format!("ran:orders/partially_{index}"), text(run().to_string()));
        }
        // A number takes a byte for two digits, and up to two more.
        let bytes = |value: &aws_sdk_dynamodb::types::AttributeValue| match value.as_s() {
            Ok(text) => text.len(),
            Err(number) => number.as_n().map_or(0, |digits| digits.len().div_ceil(2) + 2),
        };
        let size: usize = item.iter().map(|(name, value)| name.len() + bytes(value)).sum();
        assert!(size < 1024, "{size}");
    }
}
