//! Reading the registry.

use aws_sdk_dynamodb::types::AttributeValue;
use shopify_webhook::{EventShop, ShopDomain};

use super::{
    Registry, RegistryError,
    item::{self, SUMMARY},
    unreadable,
};
use crate::{
    attribute::{Item, text},
    shop::{Shop, ShopState},
};

/// Some shops, in no order, and where to go on.
#[derive(Debug)]
pub struct Page {
    /// The shops.
    pub shops: Vec<Shop>,
    /// How many items were read for them.
    pub read: usize,
    next: Option<Item>,
}

impl Page {
    /// An empty page that ends with this shop's item: the next one goes on behind it, whether it is still there or not.
    pub fn after(shop: &EventShop, app: &str) -> Self {
        let next = Some(item::key_of(shop, app));
        Self { shops: Vec::new(), read: 0, next }
    }

    /// Whether there are more.
    pub fn has_more(&self) -> bool {
        self.next.is_some()
    }
}

impl Registry {
    /// One shop, read consistently; half a unit for each 2 KB.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or the item is not weir's.
    pub async fn get(&self, shop: &ShopDomain, app: &str) -> Result<Option<Shop>, RegistryError> {
        let request = self.client.get_item().table_name(&self.table).set_key(Some(item::key(shop, app)));
        let request = request.consistent_read(true).projection_expression(projection());
        let request = request.set_expression_attribute_names(Some(names()));
        let reply = request.send().await.map_err(unreadable)?;
        reply.item().map(shop_of).transpose()
    }

    /// A page of the whole table, and of it the shops that were asked for. Reads, and pays for, every item: a shop is
    /// about 1 KB, so 10,000 of them are some ten pages and 1,250 read units. `after` is the page before.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or an item is not weir's.
    pub async fn list(
        &self,
        app: Option<&str>,
        state: Option<ShopState>,
        after: Option<Page>,
    ) -> Result<Page, RegistryError> {
        let mut conditions = Vec::new();
        let mut request = self.client.scan().table_name(&self.table).projection_expression(projection());
        if let Some(app) = app {
            conditions.push("#sk = :app");
            request = request.expression_attribute_values(":app", text(app));
        }
        if let Some(state) = state {
            conditions.push("#state = :state");
            request = request.expression_attribute_values(":state", item::state(state));
        }
        let filter = (!conditions.is_empty()).then(|| conditions.join(" AND "));
        let request = request.set_filter_expression(filter).set_expression_attribute_names(Some(names()));
        let start = after.and_then(|page| page.next);
        let reply = request.set_exclusive_start_key(start).send().await.map_err(unreadable)?;
        let shops = reply.items().iter().map(shop_of).collect::<Result<_, _>>()?;
        let read = usize::try_from(reply.scanned_count).unwrap_or(0);
        Ok(Page { shops, read, next: reply.last_evaluated_key.filter(|key| !key.is_empty()) })
    }
}

/// The tokens stay in the table, sealed as they are.
fn projection() -> String {
    SUMMARY.map(|name| format!("#{name}")).join(", ")
}

fn names() -> std::collections::HashMap<String, String> {
    SUMMARY.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect()
}

fn shop_of(item: &std::collections::HashMap<String, AttributeValue>) -> Result<Shop, RegistryError> {
    item::shop(item).map_err(|source| RegistryError::BadItem { key: item::name(item), source })
}
