//! The ways in which people and Shopify write a topic or a resource, and what a typo may have meant.
//!
//! | of | spellings | as the ledger has it |
//! |---|---|---|
//! | a topic | `orders/updated`, `ORDERS_UPDATED`, `com.shopify.orders.updated` | `orders/updated` |
//! | a resource | `orders/7001`, `order/7001`, `gid://shopify/Order/7001` | `orders/7001` |
//! | a resource by its id alone | `7001` | any resource with this id |

use std::collections::BTreeSet;

use weir_core::topics::Topics;

use crate::names::is_named;

/// Names differ from what was meant in so many characters at most.
const MAX_TYPOS: usize = 3;

/// The topic as Shopify's header has it, if weir knows it; else the text as it is.
#[must_use]
pub fn topic(text: &str) -> String {
    let wanted = topic_key(text);
    let known = Topics::built_in().decided().map(|(topic, _)| topic).find(|topic| topic_key(topic) == wanted);
    known.map_or_else(|| text.trim().to_owned(), str::to_owned)
}

/// Whether weir knows the topic: Shopify may have newer ones.
#[must_use]
pub fn is_known_topic(topic: &str) -> bool {
    Topics::built_in().decided().any(|(known, _)| known == topic)
}

/// The known topic that looks most like this one.
#[must_use]
pub fn nearest_topic(text: &str) -> Option<&'static str> {
    let wanted = topic_key(text);
    let known = Topics::built_in().decided().map(|(topic, _)| topic);
    nearest_by(known, |topic| strsim::damerau_levenshtein(&wanted, &topic_key(topic)))
}

/// The name that looks most like this one.
#[must_use]
pub fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_by(names, |name| strsim::damerau_levenshtein(text, name))
}

/// Names that look equally alike are told in order.
fn nearest_by<'a>(names: impl IntoIterator<Item = &'a str>, distance: impl Fn(&str) -> usize) -> Option<&'a str> {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let scored = names.into_iter().map(|name| (distance(name), name)).filter(|(typos, _)| *typos <= MAX_TYPOS);
    scored.min_by_key(|(typos, _)| *typos).map(|(_, name)| name)
}

fn topic_key(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix("com.shopify.").unwrap_or(text);
    text.to_ascii_lowercase().replace(['/', '.'], "_")
}

/// The resource as the ledger names it, or the id alone.
#[must_use]
pub fn resource(text: &str) -> String {
    let text = text.trim();
    let Some((kind, id)) = text.strip_prefix("gid://shopify/").unwrap_or(text).split_once('/') else {
        return text.to_owned();
    };
    let (id, query) = id.split_once('?').unwrap_or((id, ""));
    match (kind_name(kind), query.strip_prefix("inventory_item_id=")) {
        // The id of a level is neither of its item nor of its location, which name it here.
        (kind, Some(item)) => format!("{kind}/{item}"),
        (kind, None) => format!("{kind}/{id}"),
    }
}

/// `orders`, of `Order`, `order` and `orders`.
fn kind_name(kind: &str) -> String {
    let mut name = String::with_capacity(kind.len() + 2);
    for (place, c) in kind.char_indices() {
        if c.is_ascii_uppercase() && place > 0 {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    let plurals = [name.clone(), format!("{name}s"), format!("{name}es")];
    let of_y = name.strip_suffix('y').map(|stem| format!("{stem}ies"));
    // A variant is one of a product.
    let short = name.strip_prefix("product_").map(|rest| format!("{rest}s"));
    let known = |name: &String| Topics::built_in().resources().any(|known| known == name);
    plurals.into_iter().chain(of_y).chain(short).find(known).unwrap_or_else(|| kind.to_owned())
}

/// Whether weir knows resources of this kind, or none is named.
#[must_use]
pub fn is_known_kind(resource: &str) -> bool {
    resource.split_once('/').is_none_or(|(kind, _)| Topics::built_in().resources().any(|known| known == kind))
}

/// The kind of resource that looks most like that of this one.
#[must_use]
pub fn nearest_kind(resource: &str) -> Option<&'static str> {
    let (kind, _) = resource.split_once('/')?;
    nearest(kind, Topics::built_in().resources())
}

/// Whether a resource of the ledger is the one that an operator named: in whole, by its id alone, or by the first of several
/// ids, such as all levels of an inventory item.
#[must_use]
pub fn is_resource(name: &str, wanted: &str) -> bool {
    let is_or_begins =
        |name: &str| name.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    let by_id = !wanted.contains('/') && name.split_once('/').is_some_and(|(_, id)| is_or_begins(id));
    is_named(name, wanted) || is_or_begins(name) || by_id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_topic_is_understood() {
        for text in
            ["orders/updated", "ORDERS_UPDATED", "Orders/Updated", "com.shopify.orders.updated", " orders/updated "]
        {
            assert_eq!(topic(text), "orders/updated", "{text}");
        }
        assert_eq!(topic("INVENTORY_LEVELS_UPDATE"), "inventory_levels/update");
        for (known, _) in Topics::built_in().decided() {
            assert_eq!(topic(&known.replace(['/', '.'], "_").to_uppercase()), known);
        }
        assert_eq!(topic("things/happened"), "things/happened");
        assert!(is_known_topic("orders/paid") && !is_known_topic("order/paid"));
    }

    #[test]
    fn typo_leads_to_the_nearest_name() {
        assert_eq!(nearest_topic("order/create"), Some("orders/create"));
        assert_eq!(nearest_topic("ORDER_CREATE"), Some("orders/create"));
        assert_eq!(nearest_topic("zzz"), None);
        assert_eq!(
            nearest("nort.myshopify.com", ["north.myshopify.com", "mill.myshopify.com"]),
            Some("north.myshopify.com")
        );
        assert_eq!(nearest_kind("order/7"), Some("orders"));
        assert!(is_known_kind("7") && is_known_kind("orders/7") && !is_known_kind("ordes/7"));
    }

    #[test]
    fn every_spelling_of_a_resource_is_understood() {
        for (text, expected) in [
            ("gid://shopify/Order/7001", "orders/7001"),
            ("Order/7001", "orders/7001"),
            ("order/7001", "orders/7001"),
            ("orders/7001", "orders/7001"),
            ("gid://shopify/DraftOrder/7", "draft_orders/7"),
            ("gid://shopify/ProductVariant/7", "variants/7"),
            (
                "gid://shopify/InventoryLevel/5?inventory_item_id=271878346596884015",
                "inventory_levels/271878346596884015",
            ),
            ("gid://shopify/Company/7", "companies/7"),
            ("7001", "7001"),
            ("things/7", "things/7"),
        ] {
            assert_eq!(resource(text), expected, "{text}");
        }
    }

    #[test]
    fn resource_is_found_in_whole_and_by_its_id() {
        for (name, wanted, expected) in [
            ("orders/7001", "orders/7001", true),
            ("orders/7001", "7001", true),
            ("orders/7001", "700", false),
            ("orders/7001", "orders/700", false),
            ("orders/7001", "products/7001", false),
            ("inventory_levels/7:9", "inventory_levels/7", true),
            ("inventory_levels/7:9", "7", true),
            ("inventory_levels/7:9", "7:9", true),
            ("inventory_levels/77:9", "7", false),
        ] {
            assert_eq!(is_resource(name, wanted), expected, "{name} {wanted}");
        }
    }
}
