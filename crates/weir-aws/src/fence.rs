//! The fence in DynamoDB. The rules are `weir_core::fence`'s; here each is one conditional write.
//!
//! | attribute | |
//! |---|---|
//! | `pk` | `{shop}#{app}#{resource}` |
//! | `version` | the newest version that was let in, in nanoseconds since 1970 |
//! | `owner`, `lease_until_ms` | who handles an event of it; absent when nobody does |
//! | `ran:{topic}` | the last run of the topic, as `weir_core::fence::Run` prints it |
//! | `expires_at_s` | when it may be forgotten: with the ledger |
//!
//! An item stays under 1 KB with eight topics, so that a write costs one unit: two units an event, enter and leave.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use aws_sdk_dynamodb::{Client, operation::update_item::builders::UpdateItemFluentBuilder, types::KeysAndAttributes};
use aws_types::SdkConfig;
use weir_core::{
    StoreError, UnixMillis,
    fence::{self, Ask, Entry, Fence, Leave, Mark, Record, Run, Settled},
    ledger::Owner,
    topics::Version,
};

use crate::{
    conditional::{Written, update, written},
    ledger::{
        BadItem, ReadError,
        item::{Item, number, text},
    },
    reason::reason,
};

const PK: &str = "pk";
const VERSION: &str = "version";
const OWNER: &str = "owner";
const LEASE_UNTIL_MS: &str = "lease_until_ms";
const UPDATED_AT_MS: &str = "updated_at_ms";
const EXPIRES_AT_S: &str = "expires_at_s";
const RAN: &str = "ran:";

/// The rule of `weir_core::fence::enter`.
const MAY_ENTER: &str = "attribute_not_exists(pk) OR (\
    (attribute_not_exists(#owner) OR #owner = :me OR lease_until_ms < :now) AND (\
        #version < :version OR (#version = :version AND (\
            attribute_not_exists(#ran) OR NOT begins_with(#ran, :at_version) \
            OR (begins_with(#ran, :of_event) AND #ran < :run)))))";

/// The same of what is to run once.
const MAY_ENTER_ONCE: &str = "attribute_not_exists(pk) OR (\
    (attribute_not_exists(#owner) OR #owner = :me OR lease_until_ms < :now) AND #version <= :version AND (\
        attribute_not_exists(#ran) OR (begins_with(#ran, :of_event) AND #ran < :run)))";

/// The rule of `weir_core::fence::leave`.
const MAY_LEAVE: &str = "#owner = :me";

/// Keys that one `BatchGetItem` takes.
const KEYS_AT_ONCE: usize = 100;

/// How often what DynamoDB left out is asked for again, after a pause that doubles.
const ROUNDS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(25);

/// The fence in one table.
#[derive(Debug, Clone)]
pub struct DynamoFence {
    client: Client,
    table: String,
    retention: Duration,
}

impl DynamoFence {
    /// `retention`: how long a resource is remembered after its last event. It must exceed every time that an older
    /// event may hide, as the ledger's.
    pub fn new(config: &SdkConfig, table: String, retention: Duration) -> Self {
        Self { client: Client::new(config), table, retention }
    }

    /// What is known of each of these resources, in their order; half a unit each. Eventually consistent: whoever acts on
    /// it passes the fence like everybody.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or an item is not weir's.
    pub async fn records(&self, keys: &[String]) -> Result<Vec<Option<Record>>, ReadError> {
        let mut found = HashMap::new();
        // DynamoDB refuses a call that names a key twice.
        let distinct: BTreeSet<&String> = keys.iter().collect();
        let distinct: Vec<&String> = distinct.into_iter().collect();
        for some in distinct.chunks(KEYS_AT_ONCE) {
            for item in self.read(some).await? {
                let record = record(&item)?;
                found.insert(record.key.clone(), record);
            }
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    async fn read(&self, keys: &[&String]) -> Result<Vec<Item>, ReadError> {
        let unavailable = |error: &(dyn std::error::Error + 'static)| ReadError::Unavailable(reason(error));
        let keys = keys.iter().map(|key| Item::from([(PK.to_owned(), text(key.as_str()))])).collect();
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).build();
        let mut wanted = Some(wanted.map_err(|error| unavailable(&error))?);
        let mut items = Vec::new();
        for round in 1..=ROUNDS {
            let Some(keys) = wanted.take() else { return Ok(items) };
            let reply = self.client.batch_get_item().request_items(&self.table, keys).send().await;
            let reply = reply.map_err(|error| unavailable(&error))?;
            items.extend(reply.responses.into_iter().flatten().flat_map(|(_, items)| items));
            wanted = reply.unprocessed_keys.and_then(|mut left| left.remove(&self.table));
            if wanted.is_some() {
                tokio::time::sleep(PAUSE * 2_u32.pow(round)).await;
            }
        }
        // A resource that was left out must not pass for one that nobody saw.
        match wanted {
            None => Ok(items),
            Some(_) => Err(ReadError::Unavailable("DynamoDB left out keys again and again".to_owned())),
        }
    }

    fn update(&self, ask: &Ask<'_>) -> UpdateItemFluentBuilder {
        update(&self.client, &self.table, Item::from([(PK.to_owned(), text(ask.key))]))
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":me", text(&ask.owner.0))
            .expression_attribute_values(":now", number(ask.now.0))
            .expression_attribute_values(":expires", number((ask.now + self.retention).as_seconds()))
    }
}

impl Fence for DynamoFence {
    async fn enter(&self, ask: &Ask<'_>) -> Result<Entry, StoreError> {
        let set = format!(
            "SET #version = :version, #owner = :me, {LEASE_UNTIL_MS} = :until, {UPDATED_AT_MS} = :now, {EXPIRES_AT_S} = :expires"
        );
        let request = self
            .update(ask)
            .update_expression(set)
            .condition_expression(if ask.once { MAY_ENTER_ONCE } else { MAY_ENTER })
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_names("#ran", ran(ask.mark))
            .expression_attribute_values(":version", number(ask.run.version))
            .expression_attribute_values(":until", number(ask.lease_until.0))
            .expression_attribute_values(":of_event", text(ask.run.of_event()))
            .expression_attribute_values(":run", text(ask.run.to_string()));
        // DynamoDB refuses values that the condition does not name.
        let request = match ask.once {
            true => request,
            false => request.expression_attribute_values(":at_version", text(ask.run.at_version())),
        };
        match written(request.send().await, record, "enter the resource")? {
            Written::Yes(_) => Ok(Entry::Granted),
            Written::No(record) => match fence::enter(record.as_deref(), ask) {
                // The write and the rule disagree: never act on that, come back.
                Entry::Granted => Ok(Entry::Busy(Duration::from_secs(1))),
                refused => Ok(refused),
            },
        }
    }

    async fn leave(&self, ask: &Ask<'_>, how: Leave) -> Result<Settled, StoreError> {
        let told = format!("SET {UPDATED_AT_MS} = :now, {EXPIRES_AT_S} = :expires");
        let freed = format!("REMOVE #owner, {LEASE_UNTIL_MS}");
        let request = self.update(ask).condition_expression(MAY_LEAVE);
        let request = match how {
            Leave::Ran => request
                .update_expression(format!("{told}, #ran = :run {freed}"))
                .expression_attribute_names("#ran", ran(ask.mark))
                .expression_attribute_values(":run", text(ask.run.to_string())),
            Leave::Free => request.update_expression(format!("{told} {freed}")),
            Leave::Closed(until) => request
                .update_expression(format!("{told}, {LEASE_UNTIL_MS} = :until"))
                .expression_attribute_values(":until", number(until.0)),
        };
        match written(request.send().await, record, "leave the resource")? {
            Written::No(record) if !(how == Leave::Ran && fence::has_left(record.as_deref(), ask)) => Ok(Settled::Lost),
            Written::Yes(_) | Written::No(_) => Ok(Settled::Written),
        }
    }
}

fn ran(mark: &Mark) -> String {
    format!("{RAN}{}", mark.as_str())
}

fn record(item: &Item) -> Result<Record, BadItem> {
    let string = |at: &'static str| item.get(at).and_then(|v| v.as_s().ok()).cloned();
    let decimal = |at: &'static str| item.get(at).and_then(|v| v.as_n().ok());
    let version: Version = decimal(VERSION).and_then(|v| v.parse().ok()).ok_or(BadItem(VERSION))?;
    let held = string(OWNER).map(|owner| {
        let until = decimal(LEASE_UNTIL_MS).and_then(|v| v.parse().ok()).ok_or(BadItem(LEASE_UNTIL_MS))?;
        Ok((Owner(owner), UnixMillis(until)))
    });
    let runs = item.iter().filter_map(|(name, value)| Some((name.strip_prefix(RAN)?.to_owned(), value)));
    let ran = runs.map(|(mark, value)| {
        let run = value.as_s().ok().and_then(|text| Run::parse(text)).ok_or(BadItem("ran:{topic}"))?;
        Ok((Mark::from(mark), run))
    });
    Ok(Record {
        key: string(PK).ok_or(BadItem(PK))?,
        version,
        held: held.transpose()?,
        ran: ran.collect::<Result<_, BadItem>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> Item {
        Item::from([
            (PK.to_owned(), text("north.myshopify.com#default#orders/1")),
            (VERSION.to_owned(), number(1_795_755_600_123_456_789_i128)),
            (OWNER.to_owned(), text("me")),
            (LEASE_UNTIL_MS.to_owned(), number(7)),
            ("ran:orders/paid".to_owned(), text("5/a/0000000001")),
        ])
    }

    #[test]
    fn an_item_is_read_whole() {
        let record = record(&item()).unwrap();
        assert_eq!(record.version, Version(1_795_755_600_123_456_789));
        assert_eq!(record.held, Some((Owner("me".into()), UnixMillis(7))));
        let run = Run { version: Version(5), webhook_id: "a".into(), generation: 1 };
        assert_eq!(record.ran, [(Mark::from("orders/paid".to_owned()), run)].into());
    }

    #[test]
    fn a_foreign_item_names_the_attribute_at_fault() {
        for (at, named) in [(PK, PK), (VERSION, VERSION), (LEASE_UNTIL_MS, LEASE_UNTIL_MS), ("ran:x/y", "ran:{topic}")]
        {
            let mut item = item();
            item.insert(at.to_owned(), text("?"));
            item.remove(if at == PK { PK } else { "" });
            assert_eq!(record(&item), Err(BadItem(named)));
        }
    }

    /// A write of up to 1 KB is one unit.
    #[test]
    fn an_item_with_eight_topics_stays_below_one_kilobyte() {
        let mut item = item();
        item.insert(
            OWNER.to_owned(),
            text("5c5f58e4-bdd9-4b37-8a5f-bf7d70bcd043/b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
        );
        for index in 0..7 {
            let run = Run {
                version: Version(1_795_755_600_123_456_789),
                webhook_id: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043".into(),
                generation: 0,
            };
            item.insert(format!("ran:orders/partially_{index}"), text(run.to_string()));
        }
        let size: usize = item.iter().map(|(name, value)| name.len() + value.as_s().map_or(21, String::len)).sum();
        assert!(size < 1024, "{size}");
    }
}
