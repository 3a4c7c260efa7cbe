//! Reading an object by the type that its id names.

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, EnumAccess, Error as _, IgnoredAny, IntoDeserializer, VariantAccess, Visitor,
    },
    forward_to_deserialize_any,
};
use serde_json::{Error, de::SliceRead};

/// `Product` of `gid://shopify/Product/1?x`. Errors show it: it must be no other text.
pub(super) fn of(id: &str) -> Option<&str> {
    let kind = id.strip_prefix("gid://shopify/")?.split('/').next()?;
    let is_name = (1..=64).contains(&kind.len()) && kind.bytes().all(|b| b.is_ascii_alphanumeric());
    is_name.then_some(kind)
}

/// Reads an object. An enum gets the variant that is called like `kind`, with the object in it; anything else is
/// read as it is.
pub(super) fn read<T: DeserializeOwned>(kind: Option<&str>, json: &[u8]) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_slice(json);
    let value = T::deserialize(ByKind { kind, json: &mut json })?;
    json.end()?;
    Ok(value)
}

struct ByKind<'a, 'de> {
    kind: Option<&'a str>,
    json: &'a mut serde_json::Deserializer<SliceRead<'de>>,
}

impl<'de> Deserializer<'de> for ByKind<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.json.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.json.deserialize_option(visitor)
    }

    /// Raw JSON comes this way too.
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.json.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for ByKind<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let kind = self.kind.ok_or_else(|| Error::custom("it has no id of Shopify's"))?;
        let variant = seed.deserialize(IntoDeserializer::<Error>::into_deserializer(kind))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for ByKind<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        IgnoredAny::deserialize(self.json).map(drop)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.json)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.json.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.json.deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    enum Object {
        Product(Title),
        ProductVariant {
            sku: String,
        },
        #[serde(other)]
        Unknown,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Title {
        title: String,
    }

    #[test]
    fn the_type_stands_in_the_id() {
        for (id, kind) in [
            ("gid://shopify/Product/1", Some("Product")),
            ("gid://shopify/InventoryLevel/1?inventory_item_id=2", Some("InventoryLevel")),
            ("gid://shopify//1", None),
            ("gid://shopify/", None),
            ("gid://shopify/ann@example.com/1", None),
            ("gid://shopify/\u{1b}[2J/1", None),
            ("1", None),
        ] {
            assert_eq!(of(id), kind, "{id}");
        }
    }

    #[test]
    fn an_enum_takes_the_variant_of_the_type() {
        let json = br#"{"id":"x","title":"Lamp","sku":"L"}"#;
        assert_eq!(read::<Object>(Some("Product"), json).unwrap(), Object::Product(Title { title: "Lamp".into() }));
        assert_eq!(read::<Object>(Some("ProductVariant"), json).unwrap(), Object::ProductVariant { sku: "L".into() });
        assert_eq!(read::<Object>(Some("Metafield"), json).unwrap(), Object::Unknown);
        assert!(read::<Object>(None, json).is_err());
    }

    #[test]
    fn value_of_no_enum_is_read_unchanged() {
        let json = br#"{"title":"Lamp"}"#;
        assert_eq!(read::<Title>(None, json).unwrap().title, "Lamp");
        assert_eq!(read::<serde_json::Value>(None, json).unwrap()["title"], "Lamp");
        assert_eq!(read::<Box<serde_json::value::RawValue>>(None, json).unwrap().get().as_bytes(), json);
        assert!(read::<Option<Title>>(None, b"null").unwrap().is_none());
    }

    #[test]
    fn a_line_holds_one_object() {
        assert!(read::<Title>(None, br#"{"title":"Lamp"} {}"#).is_err());
        assert!(read::<Title>(None, br#"{"title":"#).is_err());
    }
}
