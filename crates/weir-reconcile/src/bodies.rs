//! Bodies as webhooks carry them: by REST, whose serialization they are. GraphQL's has other names, other types and no
//! text of money. REST is legacy, and may end; no other call of the Admin API brings this shape.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use shopify_client::{Call, Client, Error};
use shopify_webhook::ShopDomain;

use crate::Kind;

/// Ids at once: what REST allows for inventory, and some hundred kilobytes of orders.
const MAX_CONCURRENCY: usize = 50;

/// Bodies by id.
pub(crate) struct Bodies {
    pub(crate) by_id: HashMap<String, Box<RawValue>>,
    pub(crate) api_version: Option<String>,
    pub(crate) calls: u32,
}

/// What REST answers: one list, under the name of the resource.
#[derive(Deserialize)]
struct Listed {
    #[serde(alias = "orders", alias = "products", alias = "inventory_levels")]
    list: Vec<Box<RawValue>>,
}

/// What tells one body from another. No number is read: ids exceed 2^53.
#[derive(Deserialize)]
struct Ids<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    inventory_item_id: Option<&'a RawValue>,
    #[serde(borrow)]
    location_id: Option<&'a RawValue>,
}

/// Reads the bodies of these resources, all of one kind; what is gone is not among them. Levels are of one location.
pub(crate) async fn read(
    client: &Client,
    shop: &ShopDomain,
    kind: Kind,
    ids: &[String],
    call: &Call,
) -> Result<Bodies, Error> {
    let mut bodies = Bodies { by_id: HashMap::new(), api_version: None, calls: 0 };
    for some in ids.chunks(MAX_CONCURRENCY) {
        let reply = client.rest_get::<Listed>(shop, &path(kind, some), call).await?;
        bodies.calls += 1;
        bodies.api_version = reply.version.or(bodies.api_version);
        bodies.by_id.extend(reply.data.list.into_iter().filter_map(|body| Some((id(kind, &body)?, body))));
    }
    Ok(bodies)
}

fn path(kind: Kind, ids: &[String]) -> String {
    match kind {
        // Closed and cancelled ones too.
        Kind::Orders => format!("orders.json?ids={}&status=any&limit=250", ids.join(",")),
        Kind::Products => format!("products.json?ids={}&limit=250", ids.join(",")),
        Kind::Inventory => {
            let items: Vec<&str> = ids.iter().filter_map(|id| Some(id.split_once(':')?.0)).collect();
            let place = ids.first().and_then(|id| Some(id.split_once(':')?.1)).unwrap_or_default();
            format!("inventory_levels.json?inventory_item_ids={}&location_ids={place}&limit=250", items.join(","))
        }
    }
}

fn id(kind: Kind, body: &RawValue) -> Option<String> {
    let ids: Ids<'_> = serde_json::from_str(body.get()).ok()?;
    Some(match kind {
        Kind::Orders | Kind::Products => ids.id?.get().to_owned(),
        Kind::Inventory => format!("{}:{}", ids.inventory_item_id?.get(), ids.location_id?.get()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_found_by_their_ids_to_the_last_digit_and_not_touched() {
        let text = r#"{"orders":[{"x":1.10,"id":820982911946154508},{"id":2}]}"#;
        let listed: Listed = serde_json::from_str(text).unwrap();
        assert_eq!(listed.list[0].get(), r#"{"x":1.10,"id":820982911946154508}"#);
        assert_eq!(id(Kind::Orders, &listed.list[0]).as_deref(), Some("820982911946154508"));
        let level: Box<RawValue> = serde_json::from_str(r#"{"inventory_item_id":271,"location_id":24}"#).unwrap();
        assert_eq!(id(Kind::Inventory, &level).as_deref(), Some("271:24"));
        assert_eq!(id(Kind::Orders, &level), None);
    }

    #[test]
    fn levels_are_asked_for_by_item_at_their_location() {
        let ids = ["271:24".to_owned(), "272:24".to_owned()];
        assert_eq!(
            path(Kind::Inventory, &ids),
            "inventory_levels.json?inventory_item_ids=271,272&location_ids=24&limit=250"
        );
    }
}
