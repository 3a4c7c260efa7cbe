//! Levels in Shopify, by the Admin API.

use std::{future::Future, time::Duration};

use shopify_client::{
    Call, Client, Error, Kind, Retry,
    budget::Priority,
    inventory::{Change, Expected, QuantityName, SetOnce, Verdict, read_levels, set_once},
};
use shopify_webhook::ShopDomain;

use crate::{Blocked, LevelKey, Levels, Push, Reading, RowVerdict, SetAnswer};

/// When a call whose result is unknown is repeated.
const UNKNOWN_FOR: Duration = Duration::from_secs(5);

/// Makes the clients of apps.
pub trait ClientSource: Send + Sync {
    /// The client of an app, or why it has none.
    fn client(&self, app: &str) -> impl Future<Output = Result<Client, String>> + Send;
}

/// The levels of shops.
#[derive(Debug, Clone)]
pub struct ShopifyLevels<C> {
    /// The clients.
    pub clients: C,
    /// The time of one call, its waits and retries included.
    pub call_time: Duration,
    /// Whether somebody waits for the calls.
    pub priority: Priority,
}

impl<C: ClientSource> ShopifyLevels<C> {
    fn call(&self) -> Call {
        Call { priority: self.priority, ..Call::background(self.call_time) }
    }
}

impl<C: ClientSource> Levels for ShopifyLevels<C> {
    async fn read(&self, app: &str, shop: &ShopDomain, levels: &[LevelKey]) -> Result<Vec<Option<Reading>>, Blocked> {
        let client = self.clients.client(app).await.map_err(Blocked::Until)?;
        let names: Vec<(String, String)> = levels.iter().map(names).collect();
        let wanted = names.iter().map(|(item, location)| (item.as_str(), location.as_str()));
        let found = read_levels(&client, shop, QuantityName::Available, wanted, &self.call()).await;
        let found = found.map_err(|error| blocked(&error))?;
        let reading = |level: &shopify_client::inventory::Level| Reading {
            available: level.quantity,
            updated_s: level.updated_s,
        };
        Ok(names.iter().map(|name| found.get(name).map(reading)).collect())
    }

    async fn set(&self, push: &Push) -> SetAnswer {
        let client = match self.clients.client(&push.app).await {
            Ok(client) => client,
            Err(reason) => return SetAnswer::Blocked(Blocked::Until(reason)),
        };
        let change = Change {
            name: QuantityName::Available,
            reason: "correction".to_owned(),
            reference: Some(format!("weir://stock/{}", push.id)),
        };
        let rows: Vec<_> = push
            .rows
            .iter()
            .map(|row| {
                let (item, location) = names(&row.level);
                let expected = Expected::Quantity(row.from);
                shopify_client::inventory::Row { item, location, amount: row.to, expected }
            })
            .collect();
        match set_once(&client, &push.shop.0, &change, &rows, push.id.0.clone(), &self.call()).await {
            Ok(SetOnce::Written { at_s }) => SetAnswer::Applied { at_s },
            Ok(SetOnce::Refused(verdicts)) => SetAnswer::Refused(verdicts.into_iter().map(verdict).collect()),
            Ok(SetOnce::KeyIsUsedUp) => SetAnswer::NotApplied,
            Err(error) => unanswered(&error),
        }
    }
}

fn names(level: &LevelKey) -> (String, String) {
    (format!("gid://shopify/InventoryItem/{}", level.item), format!("gid://shopify/Location/{}", level.location))
}

fn verdict(verdict: Verdict) -> RowVerdict {
    match verdict {
        Verdict::Good => RowVerdict::Good,
        Verdict::Stale => RowVerdict::Stale,
        Verdict::Bad { code } => RowVerdict::Bad(code),
    }
}

/// Why a shop can't be called.
fn blocked(error: &Error) -> Blocked {
    match error.retry {
        Retry::After(delay) => Blocked::For(delay.max(Duration::from_secs(1))),
        Retry::Never => Blocked::Until(error.to_string()),
    }
}

/// A failed call is known to have had no effect only if none of its attempts can have had one: one that was reset may have
/// been followed by one that the budget did not let through.
fn unanswered(error: &Error) -> SetAnswer {
    // With its key in use just now, an earlier call may be about to take effect.
    let is_unclear = error.is_unclear || matches!(error.kind, Kind::UserErrors(_));
    match error.retry {
        _ if !is_unclear => SetAnswer::Blocked(blocked(error)),
        Retry::After(delay) => SetAnswer::Unknown(delay.max(Duration::from_secs(1))),
        Retry::Never => SetAnswer::Unknown(UNKNOWN_FOR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: Kind, is_unclear: bool) -> SetAnswer {
        let shop = ShopDomain::parse("north.myshopify.com").unwrap();
        let (operation, retry) = ("InventorySetQuantities".to_owned(), Retry::After(Duration::from_secs(9)));
        unanswered(&Error { shop, operation, request_id: None, attempts: 3, is_unclear, retry, kind })
    }

    #[test]
    fn call_that_had_no_effect_is_blocked_however_often_it_was_tried() {
        let blocked = SetAnswer::Blocked(Blocked::For(Duration::from_secs(9)));
        for kind in [Kind::OverBudget, Kind::Throttled, Kind::Frozen] {
            assert_eq!(answer(kind, false), blocked);
        }
    }

    #[test]
    fn call_of_which_an_attempt_was_lost_is_unknown() {
        let unknown = SetAnswer::Unknown(Duration::from_secs(9));
        for kind in [Kind::Server(503), Kind::OverBudget, Kind::Throttled, Kind::Frozen] {
            assert_eq!(answer(kind, true), unknown, "an attempt may have taken effect");
        }
        assert_eq!(answer(Kind::UserErrors(Vec::new()), false), unknown, "its key is in use");
    }
}
