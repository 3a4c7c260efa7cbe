//! Money: exact decimals with their currency.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::value::RawValue;

/// The longest text that is read as an amount, in bytes.
const MAX_AMOUNT_LEN: usize = 40;

/// An amount of money without its currency: `75.00`. It keeps its digits as Shopify wrote them, and never becomes a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount(Decimal);

impl Amount {
    /// Zero.
    pub const ZERO: Self = Self(Decimal::ZERO);

    fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The amount with the other sign.
    pub fn negated(self) -> Self {
        Self(-self.0)
    }

    /// Whether it is no money at all.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl Ord for Amount {
    /// By value, then by the number of digits: amounts that are equal print the same.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0).then(self.0.scale().cmp(&other.0.scale()))
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is no amount. Does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an amount of money")]
pub struct NotAnAmount;

impl FromStr for Amount {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        if text.len() > MAX_AMOUNT_LEN {
            return Err(NotAnAmount);
        }
        let exact = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
        exact.map(Self).map_err(|_| NotAnAmount)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    /// From JSON alone: Shopify writes some amounts as numbers, whose digits are read as text.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        json.get().trim_matches('"').parse().map_err(D::Error::custom)
    }
}

/// A currency by its code: `USD`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Currency(String);

impl Currency {
    /// The currency of this code.
    pub fn of(code: &str) -> Self {
        Self(code.get(..code.floor_char_boundary(8)).unwrap_or_default().to_owned())
    }

    /// Its code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An amount in a currency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    /// How much.
    pub amount: Amount,
    /// Of what. Transactions write `currency` where all other bodies write `currency_code`.
    #[serde(rename = "currency_code", alias = "currency")]
    pub currency: Currency,
}

impl Money {
    /// The sum, if both are of one currency and the sum can be written.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Option<Self> {
        let amount = (self.currency == other.currency).then(|| self.amount.plus(other.amount))??;
        Some(Self { amount, currency: self.currency.clone() })
    }

    fn negated(&self) -> Self {
        Self { amount: self.amount.negated(), currency: self.currency.clone() }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency.0)
    }
}

/// An amount in the shop's currency, and in that in which the buyer pays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MoneyBag {
    /// In the shop's currency.
    #[serde(rename = "shop_money")]
    pub shop: Money,
    /// In the buyer's currency.
    #[serde(rename = "presentment_money", default, skip_serializing_if = "Option::is_none")]
    pub presentment: Option<Money>,
}

impl MoneyBag {
    /// The sum, in the currencies in which both are known.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Option<Self> {
        let presentment = match (&self.presentment, &other.presentment) {
            (Some(one), Some(other)) => one.plus(other),
            _ => None,
        };
        Some(Self { shop: self.shop.plus(&other.shop)?, presentment })
    }

    /// The same with the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self { shop: self.shop.negated(), presentment: self.presentment.as_ref().map(Money::negated) }
    }

    /// The sum of all; `None` of nothing, or if they differ in the shop's currency.
    pub fn sum<'a>(bags: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut bags = bags.into_iter();
        let first = bags.next()?.clone();
        bags.try_fold(first, |sum, bag| sum.plus(bag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bag(json: &str) -> MoneyBag {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn amount_keeps_its_digits_as_text_and_as_number() {
        for text in ["75.00", "0.1", "-8.00", "1200", "123456789012345678.99"] {
            assert_eq!(serde_json::from_str::<Amount>(text).unwrap().to_string(), text);
            assert_eq!(serde_json::from_str::<Amount>(&format!("\"{text}\"")).unwrap().to_string(), text);
        }
        assert_eq!(serde_json::from_str::<Amount>("1e2").unwrap(), "100".parse().unwrap());
        let too_long = "9".repeat(60);
        for text in ["\"x\"", "null", "{}", "\"\"", too_long.as_str()] {
            assert!(serde_json::from_str::<Amount>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sum_is_exact_in_both_currencies_and_never_across_currencies() {
        let one = bag(
            r#"{"shop_money":{"amount":"0.10","currency_code":"USD"},"presentment_money":{"amount":"15","currency_code":"JPY"}}"#,
        );
        let two = bag(
            r#"{"shop_money":{"amount":0.2,"currency":"USD"},"presentment_money":{"amount":"30","currency":"JPY"}}"#,
        );
        let sum = MoneyBag::sum([&one, &two]).unwrap();
        assert_eq!((sum.shop.to_string(), sum.presentment.unwrap().to_string()), ("0.30 USD".into(), "45 JPY".into()));
        let euros = bag(r#"{"shop_money":{"amount":"1","currency_code":"EUR"}}"#);
        assert_eq!(MoneyBag::sum([&one, &euros]), None);
    }
}
