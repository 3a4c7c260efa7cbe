//! Fields that many bodies have.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A field that may be missing, null or a value: what is missing changes nothing, and a null does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Given<T> {
    /// `include_fields` left it out.
    #[default]
    Missing,
    /// It is there, and has no value.
    Null,
    /// Its value.
    Value(T),
}

impl<T> Given<T> {
    /// `None` for a missing field, `Some(None)` for a null.
    pub fn known(self) -> Option<Option<T>> {
        match self {
            Self::Missing => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }

    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Missing | Self::Null => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// The number of a resource, whether its body has it as a number, as a text or as `gid://shopify/Order/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u64);

impl Serialize for Id {
    /// As a text: JavaScript and jq round numbers above 2⁵³, and Shopify's ids may be greater.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Id {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.rsplit('/').next().unwrap_or(text);
        // A gid may have parameters: gid://shopify/InventoryLevel/1?inventory_item_id=2
        number.split('?').next().unwrap_or(number).parse().map(Self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of a resource")
            }
            fn visit_u64<E: de::Error>(self, id: u64) -> Result<Id, E> {
                Ok(Id(id))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
                text.parse().map_err(|_| E::custom("not the id of a resource"))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A point in time, in seconds since 1970: Shopify writes RFC 3339 with an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at: jiff::Timestamp = text.parse().map_err(|_| de::Error::custom("not a time"))?;
        Ok(Self(at.as_second()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_read_from_each_of_its_forms_and_keeps_its_digits() {
        for json in ["820982911946154508", "\"820982911946154508\"", "\"gid://shopify/Order/820982911946154508\""] {
            assert_eq!(serde_json::from_str::<Id>(json).unwrap(), Id(820_982_911_946_154_508));
        }
        for json in ["-1", "1.5", "\"x\"", "{}", "true"] {
            assert!(serde_json::from_str::<Id>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn missing_field_is_not_a_null() {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            field: Given<u32>,
        }
        let read = |json: &str| serde_json::from_str::<Body>(json).unwrap().field.known();
        assert_eq!([read("{}"), read("{\"field\":null}"), read("{\"field\":3}")], [None, Some(None), Some(Some(3))]);
    }
}
