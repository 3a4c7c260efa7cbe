//! Shopify's scalars, under the names by which the derived code finds them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A global id: `gid://shopify/Product/1`.
pub type Id = String;

/// A moment, RFC 3339 on the wire.
pub type DateTime = jiff::Timestamp;

/// A number with a decimal point, as text: `"12.50"`. Never a float: money does not round.
pub type Decimal = String;

/// An amount in the shop's currency, as text: `"12.50"`.
pub type Money = String;

/// A 64-bit number, as text: `"820982911946154508"`.
pub type UnsignedInt64 = String;

/// An address that Shopify hands out. Many are signed: whoever has one may read what it leads to, so `Debug` shows the
/// host only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Url(String);

impl Url {
    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Url {
    fn from(address: String) -> Self {
        Self(address)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.0.match_indices('/').nth(2).map_or("", |(at, _)| &self.0[..at]);
        write!(f, "{}/…", origin.rsplit_once('@').map_or(origin, |(_, host)| host))
    }
}
