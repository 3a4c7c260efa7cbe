//! A subscription's `include_fields`, applied to a body whose values are never read.

use std::fmt;

use serde::{
    Deserialize, Serialize,
    de::{MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::value::RawValue;

/// An object's fields in their order, each value as it was written.
struct Object(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

impl Serialize for Object {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The body with these fields alone, all of it if there are none. `variants.id` takes a field out of what is within, of
/// each element if that is a list.
///
/// # Errors
/// If the body is not JSON.
pub(crate) fn only(body: &RawValue, fields: &[String]) -> Result<Box<RawValue>, serde_json::Error> {
    if fields.is_empty() {
        return Ok(body.to_owned());
    }
    keep(body, &fields.iter().map(String::as_str).collect::<Vec<_>>())
}

fn keep(value: &RawValue, fields: &[&str]) -> Result<Box<RawValue>, serde_json::Error> {
    if value.get().starts_with('[') {
        let elements: Vec<Box<RawValue>> = serde_json::from_str(value.get())?;
        let kept: Result<Vec<_>, _> = elements.iter().map(|element| keep(element, fields)).collect();
        return serde_json::value::to_raw_value(&kept?);
    }
    if !value.get().starts_with('{') {
        return Ok(value.to_owned());
    }
    let Object(all) = serde_json::from_str(value.get())?;
    let mut kept = Vec::new();
    for (name, value) in all {
        let within: Vec<&str> =
            fields.iter().filter_map(|field| field.strip_prefix(name.as_str())?.strip_prefix('.')).collect();
        if fields.contains(&name.as_str()) {
            kept.push((name, value));
        } else if !within.is_empty() {
            let value = keep(&value, &within)?;
            kept.push((name, value));
        }
    }
    serde_json::value::to_raw_value(&Object(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, fields: &[&str], expected: &str) {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let body: Box<RawValue> = serde_json::from_str(body).unwrap();
        assert_eq!(only(&body, &fields).unwrap().get(), expected);
    }

    #[test]
    fn fields_keep_their_order_and_every_digit() {
        let body = r#"{"z":1.10,"id":820982911946154508, "price":"10.10","a":null}"#;
        check(body, &["a", "id", "z"], r#"{"z":1.10,"id":820982911946154508,"a":null}"#);
        check(body, &[], body);
        check(body, &["none"], "{}");
    }

    #[test]
    fn a_path_takes_a_field_of_what_is_within() {
        let body = r#"{"id":1,"variants":[{"id":2,"sku":"x"},{"id":3}],"image":{"id":4,"src":"y"}}"#;
        check(body, &["id", "variants.id"], r#"{"id":1,"variants":[{"id":2},{"id":3}]}"#);
        check(body, &["image.src"], r#"{"image":{"src":"y"}}"#);
        check(body, &["variants", "variants.id"], r#"{"variants":[{"id":2,"sku":"x"},{"id":3}]}"#);
        check(body, &["varia"], "{}");
    }
}
