//! What the fence keeps of a resource, and forgetting it.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use shopify_webhook::ShopDomain;
use weir_aws::{DocumentStore, DynamoFence, Forgotten, documents::DocumentError, ledger::ReadError};
use weir_core::UnixMillis;

pub use weir_aws::Kept as FenceItem;

use crate::{Stack, StackError, dead_letters::Actor};

/// The collection of resets, by time.
const RESETS: &str = "fence-resets";

/// How long a reset is known: as long as a replay.
const RESET_RETENTION: Duration = Duration::from_secs(400 * 86_400);

/// What is written down of a reset, before it is done.
#[derive(Serialize, Deserialize)]
struct Reset {
    by: String,
    command: String,
    at_ms: UnixMillis,
    key: String,
    why: String,
    /// What was kept until then.
    forgotten: BTreeMap<String, String>,
}

/// A resource's fence.
#[derive(Debug, Clone)]
pub struct ResourceFence {
    fence: DynamoFence,
    operations: DocumentStore,
    key: String,
}

/// A text that names no resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{resource:?} of app {app:?} is no resource")]
pub struct InvalidResource {
    /// The resource that was named.
    pub resource: String,
    /// The app that was named.
    pub app: String,
}

/// The fence can't be read, or the resource not forgotten.
#[derive(Debug, thiserror::Error)]
pub enum FenceError {
    /// The fence keeps nothing of the resource.
    #[error("the fence keeps nothing of {0}: any event of it enters")]
    Nothing(String),
    /// An event of the resource is being handled.
    #[error("an event of {key} is being handled, until {until} at the latest")]
    Held {
        /// The key of the resource.
        key: String,
        /// When its lease ends.
        until: UnixMillis,
    },
    /// Another event entered since the resource was read.
    #[error("{0} changed since it was read: nothing was reset")]
    Changed(String),
    /// The fence's table.
    #[error(transparent)]
    Table(#[from] ReadError),
    /// The table of operations.
    #[error(transparent)]
    Operations(#[from] DocumentError),
}

/// The key of a resource: `{shop}#{app}#{resource}`, of a resource such as `orders/820982911946154508`.
///
/// # Errors
/// If the resource is not a kind, a slash and an id, or the app is no name.
pub fn resource_key(shop: &ShopDomain, app: &str, resource: &str) -> Result<String, InvalidResource> {
    let is_name = |name: &str| !name.is_empty() && !name.contains('#') && !name.contains(char::is_control);
    let parts = resource.split_once('/');
    if !parts.is_some_and(|(kind, id)| is_name(kind) && is_name(id)) || !is_name(app) {
        return Err(InvalidResource { resource: resource.to_owned(), app: app.to_owned() });
    }
    Ok(format!("{shop}#{app}#{resource}"))
}

impl ResourceFence {
    /// The fence of the resource with this key, in a stack.
    ///
    /// # Errors
    /// If the stack lacks an output.
    pub fn of(stack: &Stack, key: String) -> Result<Self, StackError> {
        // It is only read and deleted: how long items are kept is of no use here.
        let fence = DynamoFence::new(&stack.config, stack.output("FenceTable")?, Duration::ZERO);
        Ok(Self { fence, operations: DocumentStore::new(&stack.config, stack.output("OperationsTable")?), key })
    }

    /// The key of the resource.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is kept of it.
    ///
    /// # Errors
    /// If that is nothing, or the table can't be read.
    pub async fn item(&self) -> Result<FenceItem, FenceError> {
        self.fence.look(&self.key).await?.ok_or_else(|| FenceError::Nothing(self.key.clone()))
    }

    /// What a reset would forget.
    ///
    /// # Errors
    /// If that is nothing, or an event of the resource is being handled.
    pub async fn resettable(&self, now: UnixMillis) -> Result<FenceItem, FenceError> {
        let item = self.item().await?;
        match item.held_until(now) {
            Some(until) => Err(FenceError::Held { key: self.key.clone(), until }),
            None => Ok(item),
        }
    }

    /// Forgets the resource, so that the next event of it enters, whatever its version. The reset is written down before it
    /// is done: what was forgotten can then be read, whatever happens.
    ///
    /// # Errors
    /// If it changed since `item` was read, or a table does not answer.
    pub async fn reset(&self, item: &FenceItem, actor: Actor, why: &str, now: UnixMillis) -> Result<(), FenceError> {
        let forgotten = item.attributes().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let Actor { by, command } = actor;
        let reset = Reset { by, command, at_ms: now, key: self.key.clone(), why: why.to_owned(), forgotten };
        let name = format!("{now}-{:04x}", fastrand::u16(..));
        self.operations.put(RESETS, &name, None, &reset, Some(now + RESET_RETENTION)).await?;
        match self.fence.forget(item).await? {
            Forgotten::Gone => Ok(()),
            Forgotten::Changed => Err(FenceError::Changed(self.key.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_is_named_as_the_fence_names_it() {
        let shop = ShopDomain::parse("north.myshopify.com").unwrap();
        let key = |resource, app| resource_key(&shop, app, resource);
        assert_eq!(key("orders/1", "loyalty").unwrap(), "north.myshopify.com#loyalty#orders/1");
        let level = key("inventory_levels/271:24", "default").unwrap();
        assert_eq!(level, "north.myshopify.com#default#inventory_levels/271:24");
        for (resource, app) in [
            ("orders", "default"),
            ("orders/", "default"),
            ("/1", "default"),
            ("orders/1#2", "default"),
            ("orders/1", "a#b"),
            ("orders/1", ""),
            ("orders/\u{1b}[2J", "default"),
        ] {
            assert!(key(resource, app).is_err(), "{resource} {app}");
        }
    }
}
