//! Which resource a body is a snapshot of, and at which version.

use std::{borrow::Cow, collections::HashMap, fmt, str::FromStr};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Resource;
use crate::envelope::Meta;

/// A version of a resource: nanoseconds since 1970, of which the newer is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(pub i128);

impl Version {
    /// Reads a timestamp with its offset, to the nanosecond.
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(|at: jiff::Timestamp| Self(at.as_nanosecond()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Version {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What an event of a `latest` topic is a snapshot of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The key of the fence: `{shop}#{app}#orders/820982911946154508`. Apps are worlds of their own: each has its
    /// receivers, and none is kept from what another saw first.
    pub key: String,
    /// From the body's `updated_at`, which is signed; else when Shopify says that it happened.
    pub version: Version,
}

/// Longer than any id of Shopify's; a key of DynamoDB holds 2 KB.
const MAX_ID: usize = 256;

/// The fields of the body, unread.
#[derive(Deserialize)]
#[serde(transparent)]
struct Fields<'a>(#[serde(borrow)] HashMap<Cow<'a, str>, &'a RawValue>);

impl Resource {
    /// The snapshot that a body is; `None` if it does not say of what, or when: it then counts as one of `every`.
    pub fn snapshot(&self, meta: &Meta, body: &RawValue) -> Option<Snapshot> {
        let fields: Fields<'_> = serde_json::from_str(body.get()).ok()?;
        let resource = self.named(&fields)?;
        let Fields(fields) = fields;
        let text = |name: &str| fields.get(name).and_then(|value| serde_json::from_str::<String>(value.get()).ok());
        let updated_at = text("updated_at").and_then(|at| Version::read(&at));
        let version = updated_at.or_else(|| Version::read(meta.triggered_at.as_deref()?))?;
        Some(Snapshot { key: format!("{}#{}#{resource}", meta.shop, meta.app), version })
    }

    /// The resource that a body is a snapshot of, as `orders/820982911946154508`, whenever it is of.
    pub fn of(&self, body: &RawValue) -> Option<String> {
        self.named(&serde_json::from_str(body.get()).ok()?)
    }

    fn named(&self, Fields(fields): &Fields<'_>) -> Option<String> {
        let (first, rest) = self.id.split_first()?;
        let mut name = format!("{}/{}", self.name, read_id(fields.get(first.as_str())?)?);
        for field in rest {
            // Parted by what no id has.
            name.push(':');
            name.push_str(&fields.get(field.as_str()).and_then(|value| read_id(value)).unwrap_or_default());
        }
        Some(name)
    }
}

/// A number to its last digit, or a text.
fn read_id(value: &RawValue) -> Option<String> {
    let id = match value.get() {
        number if number.bytes().all(|b| b.is_ascii_digit()) => number.to_owned(),
        other => serde_json::from_str(other).ok()?,
    };
    (!id.is_empty() && id.len() <= MAX_ID && !id.contains(char::is_control)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{UnixMillis, topics::Topics};

    fn meta(topic: &str, triggered_at: Option<&str>) -> Meta {
        Meta {
            webhook_id: "1".into(),
            shop: "north.myshopify.com".into(),
            topic: topic.into(),
            app: "default".into(),
            event_id: None,
            api_version: None,
            subscription: None,
            triggered_at: triggered_at.map(str::to_owned),
            received_at: UnixMillis(0),
            body_sha256: String::new(),
            traceparent: None,
            synthetic: None,
            generation: 0,
        }
    }

    fn read(topic: &str, triggered_at: Option<&str>, body: &str) -> Option<Snapshot> {
        let resource = Topics::built_in().latest(topic).unwrap().clone();
        resource.snapshot(&meta(topic, triggered_at), serde_json::from_str(body).unwrap())
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
        assert!(version("2026-11-27T05:00:00.000000001Z") > version("2026-11-27T00:00:00-05:00"));
        assert!(version("2026-11-27T05:00:00.5+01:00") < version("2026-11-27T05:00:00Z"));
    }

    #[test]
    fn the_signed_body_goes_before_the_unsigned_header() {
        let body = r#"{"id":1,"updated_at":"2026-11-27T05:00:00Z"}"#;
        let with_header = read("orders/paid", Some("2027-01-01T00:00:00Z"), body).unwrap();
        assert_eq!(with_header.version, version("2026-11-27T05:00:00Z"));
        let deleted = read("orders/delete", Some("2026-11-27T05:00:00.25Z"), r#"{"id":1}"#).unwrap();
        assert_eq!(deleted.version, version("2026-11-27T05:00:00.25Z"));
        let null = r#"{"id":1,"updated_at":null}"#;
        assert!(read("orders/paid", Some("2026-11-27T05:00:00Z"), null).is_some());
    }

    #[test]
    fn what_names_no_resource_or_no_time_is_no_snapshot() {
        let at = Some("2026-11-27T05:00:00Z");
        for body in ["[1]", "{}", "{\"id\":null}", "{\"id\":\"\"}", "{\"id\":1.5}", "{\"id\":{}}", "{\"id\":\"\\n\"}"] {
            assert_eq!(read("orders/paid", at, body), None, "{body}");
        }
        assert_eq!(read("orders/paid", None, "{\"id\":1}"), None);
        assert_eq!(read("orders/paid", Some("yesterday"), "{\"id\":1}"), None);
    }
}
