//! Which resource a body is a snapshot of, and at which version.

use std::{borrow::Cow, collections::HashMap};

use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{Content, Resource, Version};
use crate::{UnixMillis, envelope::Meta};

/// What an event of a `latest` topic is a snapshot of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The key of the fence: `{shop}#{app}#orders/820982911946154508`. Apps are worlds of their own: each has its
    /// receivers, and none is kept from what another saw first.
    pub key: String,
    /// The body's `updated_at`, then when Shopify says that it triggered the event.
    pub version: Version,
    /// What of it can be compared with the Admin API.
    pub content: Option<Content>,
}

/// What a body is a snapshot of, or why it is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// A snapshot.
    Snapshot(Snapshot),
    /// It does not say of what, or when.
    Unknown,
    /// Its version is further ahead of the clock than
    /// [`MAX_VERSION_LEAD`](super::MAX_VERSION_LEAD): nothing may be compared with it.
    FarAhead(Version),
}

/// Longer than any id of Shopify's; a key of DynamoDB holds 2 KB.
const MAX_ID: usize = 256;

/// The fields of the body, unread.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Fields<'a>(#[serde(borrow)] HashMap<Cow<'a, str>, &'a RawValue>);

impl Fields<'_> {
    pub(super) fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.get(name).copied()
    }

    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }
}

impl Resource {
    /// What a body is a snapshot of. If that is nothing, its event counts as one of `every`.
    pub fn snapshot(&self, meta: &Meta, body: &RawValue, now: UnixMillis) -> Reading {
        let Some(fields) = self.fields(body) else { return Reading::Unknown };
        let (Some(resource), Some(version)) = (self.named(&fields), version(meta, &fields)) else {
            return Reading::Unknown;
        };
        if version.is_far_ahead_of(now) {
            return Reading::FarAhead(version);
        }
        let key = format!("{}#{}#{resource}", meta.shop, meta.app);
        let content = Content::of_fields(self.name, &fields);
        Reading::Snapshot(Snapshot { key, version: version.without_far_trigger(now), content })
    }

    /// The resource that a body is a snapshot of, as `orders/820982911946154508`, whenever it is of.
    pub fn of(&self, body: &RawValue) -> Option<String> {
        self.named(&self.fields(body)?)
    }

    /// The resource's own fields: the body's, or those of the field that holds it.
    fn fields<'a>(&self, body: &'a RawValue) -> Option<Fields<'a>> {
        let fields: Fields<'a> = serde_json::from_str(body.get()).ok()?;
        match self.within {
            Some(within) => serde_json::from_str(fields.0.get(within)?.get()).ok(),
            None => Some(fields),
        }
    }

    fn named(&self, fields: &Fields<'_>) -> Option<String> {
        let read = |names: &[&str]| names.iter().find_map(|name| read_id(fields.get(name)?));
        let Some((first, rest)) = self.id.split_first() else { return Some(format!("{}/shop", self.name)) };
        let mut name = format!("{}/{}", self.name, read(first)?);
        for names in rest {
            // Parted by what no id has.
            name.push(':');
            name.push_str(&read(names).unwrap_or_default());
        }
        Some(name)
    }
}

/// The version of a body, with its offset, to the nanosecond.
fn version(meta: &Meta, fields: &Fields<'_>) -> Option<Version> {
    let updated_at = fields.read::<String>("updated_at").and_then(|at| at.parse().ok());
    let triggered_at = meta.triggered_at.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
    if meta.synthetic.is_some() {
        // Nobody triggered it: the time is that of a change, of whole seconds, as the Admin API tells it.
        return updated_at.or_else(|| Timestamp::from_second(triggered_at?.as_second()).ok()).map(Version::updated);
    }
    Version::new(updated_at, triggered_at)
}

/// A number to its last digit, or a text.
pub(super) fn read_id(value: &RawValue) -> Option<String> {
    let id = match value.get() {
        number if number.bytes().all(|b| b.is_ascii_digit()) => number.to_owned(),
        other => serde_json::from_str(other).ok()?,
    };
    (!id.is_empty() && id.len() <= MAX_ID && !id.contains(char::is_control)).then_some(id)
}

#[cfg(test)]
pub(super) mod tests {
    use shopify_webhook::Topic;

    use super::*;
    use crate::topics::Topics;

    pub(crate) fn meta(topic: &str, triggered_at: Option<&str>) -> Meta {
        let (topic, triggered_at) = (Topic::from_stored(topic), triggered_at.map(str::to_owned));
        Meta { topic, triggered_at, received_at: UnixMillis(0), ..Meta::sample("1", b"") }
    }

    const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

    fn read_of(meta: &Meta, body: &str) -> Reading {
        let resource = Topics::built_in().latest(meta.topic.as_str()).unwrap();
        resource.snapshot(meta, serde_json::from_str(body).unwrap(), NOW)
    }

    fn read(topic: &str, triggered_at: Option<&str>, body: &str) -> Option<Snapshot> {
        match read_of(&meta(topic, triggered_at), body) {
            Reading::Snapshot(snapshot) => Some(snapshot),
            Reading::Unknown | Reading::FarAhead(_) => None,
        }
    }

    #[track_caller]
    fn version(updated_at: &str) -> Version {
        let body = format!("{{\"id\":1,\"updated_at\":\"{updated_at}\"}}");
        read("orders/create", None, &body).unwrap().version
    }

    #[test]
    fn topics_of_one_resource_share_its_key_to_the_last_digit() {
        let body = r#"{"x":{"id":1},"id":820982911946154508,"updated_at":"2026-11-27T05:00:00Z"}"#;
        let [create, paid] = ["orders/create", "orders/paid"].map(|topic| read(topic, None, body).unwrap());
        assert_eq!(create, paid);
        assert_eq!(create.key, "north.myshopify.com#default#orders/820982911946154508");
    }

    #[test]
    fn an_inventory_level_is_an_item_at_a_location() {
        let body = r#"{"inventory_item_id":271,"location_id":24,"available":3,"updated_at":"2026-11-27T05:00:00Z"}"#;
        let level = read("inventory_levels/update", None, body).unwrap();
        assert_eq!(level.key, "north.myshopify.com#default#inventory_levels/271:24");
    }

    #[test]
    fn ids_may_be_text() {
        let body = r#"{"id":"gid://shopify/Metaobject/123","updated_at":"2026-11-27T05:00:00Z"}"#;
        let key = read("metaobjects/update", None, body).unwrap().key;
        assert!(key.ends_with("#metaobjects/gid://shopify/Metaobject/123"), "{key}");
    }

    #[test]
    fn versions_are_instants_to_the_nanosecond_whatever_their_offset() {
        assert_eq!(version("2026-11-27T05:00:00Z"), version("2026-11-27T00:00:00-05:00"));
        assert!(
            version("2026-11-27T05:00:00.000000002Z").is_newer_than(&version("2026-11-27T00:00:00.000000001-05:00"))
        );
        assert!(version("2026-11-27T05:00:00.5+01:00").is_older_than(&version("2026-11-27T05:00:00Z")));
    }

    #[test]
    fn a_version_is_the_signed_update_and_then_the_unsigned_trigger() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let body = r#"{"id":1,"updated_at":"2026-11-27T05:00:00Z"}"#;
        let both = read("orders/paid", Some("2026-11-27T05:00:00.25Z"), body).unwrap().version;
        let expected = Version::new(Some(at("2026-11-27T05:00:00Z")), Some(at("2026-11-27T05:00:00.25Z")));
        assert_eq!(Some(both), expected);
        let deleted = read("orders/delete", Some("2026-11-27T05:00:00.25Z"), r#"{"id":1}"#).unwrap().version;
        assert_eq!(Some(deleted), Version::new(None, Some(at("2026-11-27T05:00:00.25Z"))));
        let null = r#"{"id":1,"updated_at":null}"#;
        assert!(read("orders/paid", Some("2026-11-27T05:00:00Z"), null).is_some());
        let malformed = read("orders/paid", Some("yesterday"), body).unwrap().version;
        assert_eq!(malformed, Version::updated(at("2026-11-27T05:00:00Z")));
    }

    #[test]
    fn a_synthetic_event_was_never_triggered() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let synthetic =
            Meta { synthetic: Some("reconcile".into()), ..meta("orders/paid", Some("2026-11-27T05:00:07.5Z")) };
        let version = |body: &str| match read_of(&synthetic, body) {
            Reading::Snapshot(snapshot) => snapshot.version,
            other => panic!("{other:?}"),
        };
        let signed = version(r#"{"id":1,"updated_at":"2026-11-27T05:00:05Z"}"#);
        assert_eq!(signed, Version::updated(at("2026-11-27T05:00:05Z")));
        assert_eq!(version(r#"{"id":1}"#), Version::updated(at("2026-11-27T05:00:07Z")));
    }

    #[test]
    fn a_version_far_ahead_of_the_clock_makes_no_snapshot() {
        let body = r#"{"id":1,"updated_at":"9999-12-30T00:00:00Z"}"#;
        assert!(matches!(read_of(&meta("orders/paid", None), body), Reading::FarAhead(_)));
        let unsigned = meta("orders/paid", Some("9999-12-30T00:00:00Z"));
        assert!(matches!(read_of(&unsigned, r#"{"id":1}"#), Reading::FarAhead(_)));
        let signed =
            read("orders/paid", Some("9999-12-30T00:00:00Z"), r#"{"id":1,"updated_at":"2026-11-27T05:00:00Z"}"#);
        assert_eq!(signed.unwrap().version.triggered_at(), None, "the trigger alone is not believed");
    }

    #[test]
    fn body_without_id_or_time_is_no_snapshot() {
        let at = Some("2026-11-27T05:00:00Z");
        for body in ["[1]", "{}", "{\"id\":null}", "{\"id\":\"\"}", "{\"id\":1.5}", "{\"id\":{}}", "{\"id\":\"\\n\"}"] {
            assert_eq!(read("orders/paid", at, body), None, "{body}");
        }
        assert_eq!(read("orders/paid", None, "{\"id\":1}"), None);
        assert_eq!(read("orders/paid", Some("yesterday"), "{\"id\":1}"), None);
    }
}
