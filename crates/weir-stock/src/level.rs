//! The name of an inventory level.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use shopify_webhook::ShopDomain;

/// Names an inventory level of Shopify, or a shop that is fed by order lines (item and location are 0). As text it is
/// `north.myshopify.com/30322695/124656943`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LevelKey {
    /// The shop.
    pub shop: ShopDomain,
    /// Shopify's id of the inventory item.
    pub item: u64,
    /// Shopify's id of the location.
    pub location: u64,
}

/// A text that names no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a level, such as north.myshopify.com/30322695/124656943")]
pub struct BadLevelKey(String);

impl fmt::Display for LevelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.shop, self.item, self.location)
    }
}

impl FromStr for LevelKey {
    type Err = BadLevelKey;

    fn from_str(text: &str) -> Result<Self, BadLevelKey> {
        let mut parts = text.split('/');
        let shop = parts.next().and_then(ShopDomain::parse);
        let mut id = || parts.next().and_then(|part| part.parse().ok());
        match (shop, id(), id(), parts.next()) {
            (Some(shop), Some(item), Some(location), None) => Ok(Self { shop, item, location }),
            _ => Err(BadLevelKey(text.to_owned())),
        }
    }
}

impl TryFrom<String> for LevelKey {
    type Error = BadLevelKey;

    fn try_from(text: String) -> Result<Self, BadLevelKey> {
        text.parse()
    }
}

impl From<LevelKey> for String {
    fn from(key: LevelKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_is_read_as_it_is_printed() {
        let text = "north.myshopify.com/30322695/124656943";
        assert_eq!(text.parse::<LevelKey>().unwrap().to_string(), text);
        for wrong in ["", "north/1/2", "north.myshopify.com/1", "north.myshopify.com/1/2/3", "north.myshopify.com/-1/2"]
        {
            assert_eq!(wrong.parse::<LevelKey>().unwrap_err(), BadLevelKey(wrong.to_owned()), "{wrong}");
        }
    }
}
