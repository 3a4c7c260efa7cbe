//! What Shopify has against a subscription beside its address.

use crate::store::Subscription;

/// The most bytes of a filter.
const MOST_BYTES: usize = 65_535;
/// The most characters of a name.
const MOST_CHARACTERS: usize = 50;

/// The families of topics that can be delivered as XML: those of the REST era. Shopify publishes no list.
const WITH_XML: [&str; 26] = [
    "APP_UNINSTALLED",
    "CARTS_",
    "CHECKOUTS_",
    "COLLECTIONS_",
    "COLLECTION_LISTINGS_",
    "CUSTOMERS_",
    "CUSTOMER_GROUPS_",
    "DISPUTES_",
    "DOMAINS_",
    "DRAFT_ORDERS_",
    "FULFILLMENTS_",
    "FULFILLMENT_EVENTS_",
    "INVENTORY_ITEMS_",
    "INVENTORY_LEVELS_",
    "LOCALES_",
    "LOCATIONS_",
    "ORDERS_",
    "ORDER_TRANSACTIONS_",
    "PRODUCTS_",
    "PRODUCT_LISTINGS_",
    "REFUNDS_",
    "SHOP_",
    "TENDER_TRANSACTIONS_",
    "THEMES_",
    "VARIANTS_IN_STOCK",
    "VARIANTS_OUT_OF_STOCK",
];

/// The field that is wrong, if it is one, and what is wrong with it.
type Fault = (Option<&'static str>, String);

/// What is wrong with a subscription, `others` being those that are there.
pub(super) fn faults<'a, I: Iterator<Item = &'a Subscription>>(
    one: &Subscription,
    others: impl Fn() -> I,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(format_fault(one));
    let filter = |of: &Subscription| of.filter.clone().unwrap_or_default();
    let taken = |other: &Subscription| {
        (&other.topic, &other.uri, &other.format) == (&one.topic, &one.uri, &one.format) && filter(other) == filter(one)
    };
    if others().any(taken) {
        faults.push((Some("callbackUrl"), "Address for this topic has already been taken".to_owned()));
    }
    if let Some(name) = &one.name {
        faults.extend(name_faults(name).into_iter().map(|message| (Some("name"), message.to_owned())));
        let same = |other: &Subscription| other.name.as_ref().is_some_and(|other| other.eq_ignore_ascii_case(name));
        if others().any(same) {
            faults.push((Some("name"), "Name already exists, no duplicate allowed".to_owned()));
        }
    }
    let message = filter_fault(one.filter.as_deref().unwrap_or_default());
    faults.extend(message.map(|message| (None, message.to_owned())));
    faults
}

fn format_fault(one: &Subscription) -> Option<Fault> {
    if one.format == "JSON" {
        return None;
    }
    if one.uri.starts_with("pubsub://") || one.uri.starts_with("arn:") {
        return Some((Some("format"), "Format can only be used with format: 'json'".to_owned()));
    }
    let has_xml = WITH_XML.iter().any(|family| one.topic.starts_with(family));
    let format = one.format.to_lowercase();
    let message = format!("Format '{format}' is invalid for this webhook topic. Allowed formats: json");
    (!has_xml).then_some((Some("format"), message))
}

fn name_faults(name: &str) -> Vec<&'static str> {
    let mut faults = Vec::new();
    if name.is_empty() {
        faults.push("Name is too short (minimum is 1 character)");
    }
    if name.chars().count() > MOST_CHARACTERS {
        faults.push("Name is too long (maximum is 50 characters)");
    }
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
        faults.push("Name name field can only contain alphanumeric characters, underscores, and hyphens");
    }
    faults
}

fn filter_fault(filter: &str) -> Option<&'static str> {
    if filter.len() > MOST_BYTES {
        return Some("The specified filter exceeds the maximum allowed size.");
    }
    let message = "The specified filter is invalid, please ensure you specify the field(s) you wish to filter on.";
    (!crate::search::all_qualified(filter)).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnixMillis;

    fn subscription(topic: &str, uri: &str) -> Subscription {
        Subscription {
            topic: topic.to_owned(),
            uri: uri.to_owned(),
            format: "JSON".to_owned(),
            filter: None,
            name: None,
            include_fields: Vec::new(),
            metafield_namespaces: Vec::new(),
            metafields: Vec::new(),
            created: UnixMillis(0),
            updated: UnixMillis(0),
            failures: 0,
        }
    }

    fn one() -> Subscription {
        subscription("ORDERS_CREATE", "https://example.com/")
    }

    #[track_caller]
    fn check(one: &Subscription, others: &[Subscription], expected: &[(Option<&str>, &str)]) {
        let found = faults(one, || others.iter());
        let found: Vec<_> = found.iter().map(|(field, message)| (*field, message.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn name_is_checked_for_length_and_characters() {
        let characters = "Name name field can only contain alphanumeric characters, underscores, and hyphens";
        let named = |name: &str| Subscription { name: Some(name.to_owned()), ..one() };
        check(&named("Order_hook-1"), &[], &[]);
        check(&named(&"a".repeat(50)), &[], &[]);
        check(&named(&"a".repeat(51)), &[], &[(Some("name"), "Name is too long (maximum is 50 characters)")]);
        let short = "Name is too short (minimum is 1 character)";
        check(&named(""), &[], &[(Some("name"), short), (Some("name"), characters)]);
        for name in ["has spaces", "dot.ted", "ünïcode", "a\n"] {
            check(&named(name), &[], &[(Some("name"), characters)]);
        }
    }

    #[test]
    fn name_is_unique_in_a_shop_whatever_the_case_and_the_topic() {
        let taken =
            Subscription { name: Some("OrderHook".to_owned()), ..subscription("SHOP_UPDATE", "https://a.example/") };
        let same = Subscription { name: Some("orderhook".to_owned()), ..one() };
        check(&same, &[taken], &[(Some("name"), "Name already exists, no duplicate allowed")]);
    }

    #[test]
    fn address_is_taken_only_in_the_same_format_and_with_the_same_filter() {
        let taken = (Some("callbackUrl"), "Address for this topic has already been taken");
        check(&one(), &[one()], &[taken]);
        check(&Subscription { filter: Some(String::new()), ..one() }, &[one()], &[taken]);
        check(&Subscription { format: "XML".to_owned(), ..one() }, &[one()], &[]);
        check(&Subscription { filter: Some("id:1".to_owned()), ..one() }, &[one()], &[]);
        check(&subscription("ORDERS_PAID", "https://example.com/"), &[one()], &[]);
    }

    #[test]
    fn xml_is_refused_for_clouds_and_for_json_only_topics() {
        let xml = |topic, uri| Subscription { format: "XML".to_owned(), ..subscription(topic, uri) };
        check(&xml("PRODUCTS_UPDATE", "https://example.com/"), &[], &[]);
        for uri in ["pubsub://my-project:topic", "arn:aws:events:us-east-1::event-source/x"] {
            let cloud = "Format can only be used with format: 'json'";
            check(&xml("SHOP_UPDATE", uri), &[], &[(Some("format"), cloud)]);
        }
        let only = "Format 'xml' is invalid for this webhook topic. Allowed formats: json";
        for topic in ["RETURNS_APPROVE", "FULFILLMENT_ORDERS_MOVED", "CUSTOMER_TAGS_ADDED", "BULK_OPERATIONS_FINISH"] {
            check(&xml(topic, "https://example.com/"), &[], &[(Some("format"), only)]);
        }
    }

    #[test]
    fn filter_needs_a_field_in_every_term_and_has_a_size() {
        let with = |filter: &str| Subscription { filter: Some(filter.to_owned()), ..one() };
        let invalid =
            (None, "The specified filter is invalid, please ensure you specify the field(s) you wish to filter on.");
        for good in
            ["", " ", "id:1", "a:1 AND (b:2 OR NOT c:'x y')", "-status:draft", "updated_at:>=2026-01-01T00:00:00Z"]
        {
            check(&with(good), &[], &[]);
        }
        for bad in ["paid", "id:1 paid", "paid id:1", "id:1 AND 'x:y'", "totally bogus syntax", ":1", "(paid)"] {
            check(&with(bad), &[], &[invalid]);
        }
        let long = format!("{}id:1", "id:1 ".repeat(13_106));
        assert_eq!(long.len(), 65_534);
        check(&with(&format!("{long} ")), &[], &[]);
        let large = (None, "The specified filter exceeds the maximum allowed size.");
        check(&with(&format!("{long}  ")), &[], &[large]);
    }
}
