//! Reads a few fields of a body and ends there: ids stand first in most bodies, and ingest reads each body.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Resource, snapshot::read_id};

/// The field that names what an event of an `every` topic is about.
const ID: [&str; 1] = ["id"];

/// The `id` of a JSON object, a number to its last digit or a text; `None` if there is none that can tell one thing from
/// another.
pub(crate) fn first_id(body: &[u8]) -> Option<String> {
    let mut found = None;
    scan(body, &ID, |_, value| {
        found = read_id(value);
        true
    });
    found
}

impl Resource {
    /// Whether a body says of which resource it is, and when: else it counts as one of `every`. `is_dated`: whether the
    /// delivery says when, so that the body need not.
    pub fn is_named_in(&self, body: &[u8], is_dated: bool) -> bool {
        let Some(within) = self.within else { return self.is_named(body, is_dated) };
        let mut is_named = false;
        scan(body, &[within], |_, value| {
            is_named = self.is_named(value.get().as_bytes(), is_dated);
            true
        });
        is_named
    }

    fn is_named(&self, body: &[u8], is_dated: bool) -> bool {
        // The others may be missing.
        let id = self.id.first().copied().unwrap_or_default();
        let (mut is_named, mut is_dated) = (id.is_empty(), is_dated);
        let mut wanted = id.to_vec();
        wanted.push("updated_at");
        let is_object = scan(body, &wanted, |at, value| {
            match at < id.len() {
                true => is_named |= read_id(value).is_some(),
                false => is_dated |= value.get().starts_with('"'),
            }
            is_named && is_dated
        });
        is_object && is_named && is_dated
    }
}

/// Hands each field of a JSON object that is wanted to `take`, by its place in `wanted`, until that has enough. Whether it
/// is an object.
fn scan<'a>(json: &'a [u8], wanted: &[&str], take: impl FnMut(usize, &'a RawValue) -> bool) -> bool {
    let mut is_object = false;
    let mut reader = serde_json::Deserializer::from_slice(json);
    // The reader complains of what was left unread; what is no JSON at all is found out elsewhere.
    let _ended_early = reader.deserialize_map(Fields { wanted, take, is_object: &mut is_object });
    is_object
}

struct Fields<'w, F> {
    wanted: &'w [&'w str],
    take: F,
    is_object: &'w mut bool,
}

impl<'a, F: FnMut(usize, &'a RawValue) -> bool> Visitor<'a> for Fields<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'a>>(mut self, mut fields: M) -> Result<(), M::Error> {
        *self.is_object = true;
        while let Some(wanted) = fields.next_key_seed(Name(self.wanted))? {
            match wanted {
                Some(at) if (self.take)(at, fields.next_value()?) => return Ok(()),
                Some(_) => {}
                None => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A field's name: its place among those that are wanted.
struct Name<'w>(&'w [&'w str]);

impl<'a> DeserializeSeed<'a> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'a>>(self, name: D) -> Result<Option<usize>, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|wanted| *wanted == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topics::Topics;

    #[test]
    fn an_id_is_read_to_its_last_digit_wherever_it_stands() {
        for (body, id) in [
            (r#"{"id":820982911946154508,"x":{"#, Some("820982911946154508")),
            (r#" { "x" : {"id":1}, "id" : "gid://shopify/Return/1" }"#, Some("gid://shopify/Return/1")),
            (r#"{"\u0069d":7}"#, Some("7")),
            (r#"{"id":null}"#, None),
            (r#"{"id":1.5}"#, None),
            (r#"{"id":{}}"#, None),
            (r#"{"order":{"id":1}}"#, None),
            (r#"[{"id":1}]"#, None),
            ("", None),
            ("\u{feff}{\"id\":1}", None),
            ("no JSON", None),
        ] {
            assert_eq!(first_id(body.as_bytes()).as_deref(), id, "{body}");
        }
        assert_eq!(
            first_id(b"{\"a\":\"\xff\",\"id\":1}").as_deref(),
            Some("1"),
            "what is passed over is not looked at"
        );
    }

    #[track_caller]
    fn check(topic: &str, body: &str, is_dated: bool, expected: bool) {
        let resource = Topics::built_in().latest(topic).unwrap();
        assert_eq!(resource.is_named_in(body.as_bytes(), is_dated), expected, "{topic}: {body}");
    }

    #[test]
    fn a_snapshot_names_its_resource_and_its_time() {
        check("orders/paid", r#"{"id":1"#, true, true);
        check("orders/paid", r#"{"id":1}"#, false, false);
        check("orders/paid", r#"{"id":1,"updated_at":null}"#, false, false);
        check("orders/paid", r#"{"updated_at":"2026-11-27T05:00:00Z","id":1}"#, false, true);
        check("orders/paid", r#"{"name":"1"}"#, true, false);
        check("inventory_levels/update", r#"{"inventory_item_id":1}"#, true, true);
        check("inventory_levels/update", r#"{"location_id":1}"#, true, false);
        check("checkouts/delete", r#"{"id":1,"cart_token":"a"}"#, true, true);
        check("checkouts/update", r#"{"token":"a","cart_token":null}"#, true, true);
        check("product_listings/remove", r#"{"product_listing":{"product_id":1}}"#, true, true);
        check("product_listings/remove", r#"{"product_id":1}"#, true, false);
        check("markets_backup_region/update", "{}", true, true);
        check("markets_backup_region/update", "[]", true, false);
    }
}
