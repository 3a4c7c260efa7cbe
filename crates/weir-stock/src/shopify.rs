//! Levels in Shopify, by the Admin API.

use std::{future::Future, time::Duration};

use shopify_client::{
    Call, Client, Effect, Error, Kind, Retry,
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

/// A failed call is known to have had no effect only if none of its attempts can have had one: one that was answered by a
/// reset may have been followed by one that the budget did not let through.
fn unanswered(error: &Error) -> SetAnswer {
    let is_unsent = matches!(error.kind, Kind::OverBudget | Kind::CircuitOpen(_) | Kind::Token(_));
    let is_only_attempt = error.attempts <= u32::from(!is_unsent);
    let is_refused = matches!(
        error.kind,
        Kind::Frozen | Kind::Locked | Kind::ShopInactive | Kind::Unauthorized | Kind::AccessDenied(_) | Kind::Token(_)
    );
    match error.retry {
        _ if is_only_attempt && is_refused => SetAnswer::Blocked(blocked(error)),
        _ if is_only_attempt && error.kind.effect() == Effect::None => SetAnswer::Blocked(blocked(error)),
        Retry::After(delay) => SetAnswer::Unknown(delay.max(Duration::from_secs(1))),
        Retry::Never => SetAnswer::Unknown(UNKNOWN_FOR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: Kind, attempts: u32) -> SetAnswer {
        let shop = ShopDomain::parse("north.myshopify.com").unwrap();
        let retry = Retry::After(Duration::from_secs(9));
        unanswered(&Error { shop, operation: "InventorySetQuantities".into(), request_id: None, attempts, retry, kind })
    }

    #[test]
    fn call_that_was_never_sent_is_blocked() {
        let blocked = SetAnswer::Blocked(Blocked::For(Duration::from_secs(9)));
        assert_eq!(answer(Kind::OverBudget, 0), blocked);
        assert_eq!(answer(Kind::Throttled, 1), blocked);
        assert_eq!(answer(Kind::Frozen, 1), blocked);
    }

    #[test]
    fn call_of_which_an_attempt_was_lost_is_unknown() {
        let unknown = SetAnswer::Unknown(Duration::from_secs(9));
        assert_eq!(answer(Kind::Server(503), 1), unknown);
        assert_eq!(answer(Kind::OverBudget, 1), unknown, "the first attempt may have taken effect");
        assert_eq!(answer(Kind::Throttled, 2), unknown);
        assert_eq!(answer(Kind::Frozen, 2), unknown);
    }
}
