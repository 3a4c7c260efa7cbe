//! The fence in DynamoDB. The rules are `weir_core::fence`'s; here each is one conditional write.
//!
//! | attribute | |
//! |---|---|
//! | `pk` | `{shop}#{app}#{resource}` |
//! | `updated_ns` | `updated_at` of the newest state that was let in; where it is not known, `earliest_ns`: when the state was made at the earliest |
//! | `latest_ns` | when it was made at the latest |
//! | `triggered_ns` | the last Triggered-At that is known of it or of one before it |
//! | `body`, `event` | short hashes of its body and of its X-Shopify-Event-Id |
//! | `content` | what of it can be compared with the Admin API |
//! | `owner`, `lease_until_ms` | who handles an event of the resource; absent when nobody does |
//! | `ran:{topic}` | the last run of the topic, as `weir_core::fence::Run` prints it |
//! | `expires_at_s` | when it may be forgotten: with the ledger |
//!
//! An item stays under 1 KB with eight topics, so that a write costs one unit: two units an event, enter and leave.

mod expression;
mod inspect;
mod item;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use aws_sdk_dynamodb::{Client, operation::update_item::builders::UpdateItemFluentBuilder, types::KeysAndAttributes};
use aws_types::SdkConfig;
use weir_core::{
    StoreError,
    fence::{self, EnterRequest, Entry, Fence, Leave, Record, Run, Settled},
};

pub use self::inspect::{Forgotten, Kept};
use self::item::{EXPIRES_AT_S, LEASE_UNTIL_MS, OWNER, PK, UPDATED_AT_MS, ran, record};
use crate::{
    acceptance::Acceptance,
    conditional::{Written, update, written},
    ledger::{
        ReadError,
        item::{Item, number, text},
    },
    reason::reason,
};

/// The rule of `weir_core::fence::leave`.
const MAY_LEAVE: &str = "#owner = :me";

/// Keys that one `BatchGetItem` takes.
const KEYS_AT_ONCE: usize = 100;

/// How often what DynamoDB left out is asked for again, after a pause that doubles.
const ROUNDS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(25);

/// When to look again at an item that changed under a decision.
const DISAGREED: Duration = Duration::from_secs(1);

/// The fence in one table.
#[derive(Debug, Clone)]
pub struct DynamoFence {
    client: Client,
    table: String,
    retention: Duration,
    acceptance: Arc<Acceptance>,
}

impl DynamoFence {
    /// `retention`: how long a resource is remembered after its last event. It must exceed every time that an older
    /// event may hide, as the ledger's.
    pub fn new(config: &SdkConfig, table: String, retention: Duration) -> Self {
        Self { client: Client::new(config), table, retention, acceptance: Arc::default() }
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

    /// One conditional write of those that enter a resource.
    async fn write(&self, ask: &EnterRequest<'_>, write: expression::Write) -> Result<Written<Record>, StoreError> {
        let mut request = self.update(ask).update_expression(write.update).condition_expression(write.condition);
        for (name, attribute) in write.names {
            request = request.expression_attribute_names(name, attribute);
        }
        for (name, value) in write.values {
            request = request.expression_attribute_values(name, value);
        }
        written(request.send().await, record, "enter the resource", &self.table, &self.acceptance)
    }

    fn update(&self, ask: &EnterRequest<'_>) -> UpdateItemFluentBuilder {
        update(&self.client, &self.table, Item::from([(PK.to_owned(), text(ask.key))]))
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":me", text(&ask.owner.0))
            .expression_attribute_values(":now", number(ask.now.0))
            .expression_attribute_values(":expires", number((ask.now + self.retention).as_seconds()))
    }
}

/// The topic's run, if the first write can't tell whether the asker's state is the one that ran.
fn returned<'a>(record: Option<&'a Record>, ask: &EnterRequest<'_>) -> Option<&'a Run> {
    let record = record?;
    record.ran.get(ask.mark).filter(|run| fence::looks_repeated(run, record, ask))
}

impl Fence for DynamoFence {
    async fn enter(&self, ask: &EnterRequest<'_>) -> Result<Entry, StoreError> {
        let record = match self.write(ask, expression::enter(ask)).await? {
            Written::Yes(_) => return Ok(Entry::Granted),
            Written::No(record) => record,
        };
        let record = record.as_deref();
        let entry = fence::enter(record, ask);
        let second = match entry {
            // Another topic of the same action overtook it: the newest state stays as it is.
            Entry::Granted if !fence::raises(record, ask, entry) => expression::enter_beside(ask),
            // Read from the Admin API, with the body of the topic's run, but another state entered since.
            Entry::Granted if let Some(run) = returned(record, ask) => expression::enter_after(ask, run),
            // The write and the rule disagree: never act on that, come back.
            Entry::Granted => return Ok(Entry::Busy(DISAGREED)),
            refused => return Ok(refused),
        };
        match self.write(ask, second).await? {
            Written::Yes(_) => Ok(entry),
            // The item changed in between.
            Written::No(record) => match fence::enter(record.as_deref(), ask) {
                Entry::Granted | Entry::Repeated => Ok(Entry::Busy(DISAGREED)),
                refused => Ok(refused),
            },
        }
    }

    async fn leave(&self, ask: &EnterRequest<'_>, how: Leave) -> Result<Settled, StoreError> {
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
        match written(request.send().await, record, "leave the resource", &self.table, &self.acceptance)? {
            Written::No(record) if !(how == Leave::Ran && fence::has_left(record.as_deref(), ask)) => Ok(Settled::Lost),
            Written::Yes(_) | Written::No(_) => Ok(Settled::Written),
        }
    }
}
