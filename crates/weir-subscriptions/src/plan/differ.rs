//! In what two subscriptions differ. The order of lists, and nothing against empty, make no difference.

use std::collections::BTreeSet;

use super::Actual;
use crate::{Filter, Subscription};

/// One thing that is other than desired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// As the file calls it; `format` is not in the file, for weir takes JSON.
    pub what: &'static str,
    /// As it is at Shopify.
    pub is: String,
    /// As it should be.
    pub should: String,
}

pub(super) fn differences(one: &Subscription, found: &Actual) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut differ = |what, is: &str, should: &str| {
        differences.push(Difference { what, is: is.to_owned(), should: should.to_owned() });
    };
    if !found.is_json {
        differ("format", "XML", "JSON");
    }
    if let Some(name) = one.name.as_deref().filter(|name| *name != found.name) {
        differ("name", &found.name, name);
    }
    if !same_filter(one.filter.as_deref(), &found.filter) {
        differ("filter", &found.filter, one.filter.as_deref().unwrap_or_default());
    }
    let lists = [
        ("include_fields", &found.include_fields, &one.include_fields),
        ("metafield_namespaces", &found.metafield_namespaces, &one.metafield_namespaces),
        ("metafields", &found.metafields, &one.metafields),
    ];
    for (what, is, should) in lists.into_iter().filter(|(_, is, should)| !same(is, should)) {
        let list = |texts: &BTreeSet<String>| texts.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        differ(what, &list(is), &list(should));
    }
    differences
}

pub(super) fn same_filter(one: Option<&str>, found: &str) -> bool {
    let (one, found) = (one.unwrap_or_default().trim(), found.trim());
    one == found || matches!((Filter::parse(one), Filter::parse(found)), (Ok(one), Ok(found)) if one == found)
}

fn same(is: &BTreeSet<String>, should: &BTreeSet<String>) -> bool {
    is.len() == should.len() && should.iter().all(|one| is.contains(one) || is.iter().any(|is| reserved(one, is)))
}

/// Whether Shopify wrote an app's reserved namespace out: `$app:loyalty` comes back as `app--1234--loyalty`.
fn reserved(one: &str, is: &str) -> bool {
    let (Some(rest), Some(is)) = (one.strip_prefix("$app"), is.strip_prefix("app--")) else { return false };
    let rest_is = is.trim_start_matches(|c: char| c.is_ascii_digit());
    match rest.strip_prefix(':') {
        Some(rest) => rest_is.strip_prefix("--") == Some(rest),
        None => rest_is == rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apps_own_namespace_is_known_again_as_shopify_writes_it() {
        for (one, is, same) in [
            ("$app", "app--123", true),
            ("$app:loyalty", "app--123--loyalty", true),
            ("$app.key", "app--123.key", true),
            ("$app:loyalty.key", "app--123--loyalty.key", true),
            ("$app:loyalty", "app--123--tax", false),
            ("$app", "custom", false),
            ("custom", "app--1", false),
        ] {
            assert_eq!(reserved(one, is), same, "{one} {is}");
        }
    }
}
