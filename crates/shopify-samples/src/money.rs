//! Amounts in whole minor units, in the shop's currency and in the buyer's at once.

use crate::Samples;
use serde_json::{Map, Value, json};
use std::iter::Sum;
use std::ops::{Add, Mul, Sub};

/// Both amounts are rounded where money first appears (a price, a discount, a tax) and only added afterwards:
/// so both columns add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) shop: i64,
    pub(crate) presentment: i64,
}

impl Money {
    /// `self · numerator / denominator`, halves rounded up.
    pub(crate) fn part(self, numerator: i64, denominator: i64) -> Self {
        let part = |amount: i64| (amount * numerator + denominator / 2) / denominator;
        Self { shop: part(self.shop), presentment: part(self.presentment) }
    }

    pub(crate) fn is_zero(self) -> bool {
        self == Self::default()
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { shop: self.shop + other.shop, presentment: self.presentment + other.presentment }
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { shop: self.shop - other.shop, presentment: self.presentment - other.presentment }
    }
}

impl Mul<i64> for Money {
    type Output = Self;
    fn mul(self, times: i64) -> Self {
        Self { shop: self.shop * times, presentment: self.presentment * times }
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// A currency, with its minor units for 1,000 US cents: near enough for examples.
#[derive(Debug)]
pub(crate) struct Currency {
    pub(crate) code: &'static str,
    decimals: bool,
    per_1000_cents: i64,
}

pub(crate) static USD: Currency = Currency { code: "USD", decimals: true, per_1000_cents: 1_000 };
pub(crate) static CAD: Currency = Currency { code: "CAD", decimals: true, per_1000_cents: 1_370 };
pub(crate) static AUD: Currency = Currency { code: "AUD", decimals: true, per_1000_cents: 1_520 };
pub(crate) static SGD: Currency = Currency { code: "SGD", decimals: true, per_1000_cents: 1_290 };
static EUR: Currency = Currency { code: "EUR", decimals: true, per_1000_cents: 860 };
/// Has no minor unit: Shopify writes `"1200"`.
static JPY: Currency = Currency { code: "JPY", decimals: false, per_1000_cents: 1_500 };

impl Currency {
    pub(crate) fn write(&self, minor: i64) -> String {
        if !self.decimals {
            return minor.to_string();
        }
        let sign = if minor < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", minor.abs() / 100, minor.abs() % 100)
    }
}

/// The shop's currency and the one that the buyer pays in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Currencies {
    pub(crate) shop: &'static Currency,
    pub(crate) presentment: &'static Currency,
}

impl Samples {
    /// One buyer in six pays in another currency than the shop's.
    pub(crate) fn currencies(&mut self) -> Currencies {
        let shop = self.shop.home.currency;
        let presentment = if self.one_in(6) { *self.pick(&[&EUR, &JPY]) } else { shop };
        Currencies { shop, presentment }
    }
}

impl Currencies {
    /// From an amount in the shop's minor units.
    pub(crate) fn money(&self, shop: i64) -> Money {
        let presentment = Money { shop, presentment: shop };
        let presentment = presentment.part(self.presentment.per_1000_cents, self.shop.per_1000_cents).presentment;
        Money { shop, presentment }
    }

    /// As the fields that have no `_set` beside them show it: in the shop's currency.
    pub(crate) fn write(&self, money: Money) -> String {
        self.shop.write(money.shop)
    }

    /// As the `*_set` fields show it.
    pub(crate) fn set(&self, money: Money) -> Value {
        json!({
            "shop_money": { "amount": self.shop.write(money.shop), "currency_code": self.shop.code },
            "presentment_money": {
                "amount": self.presentment.write(money.presentment),
                "currency_code": self.presentment.code,
            },
        })
    }

    /// The fields `name` and `name_set` for each of these.
    pub(crate) fn fields(&self, amounts: &[(&str, Money)]) -> Value {
        let mut fields = Map::new();
        for (name, money) in amounts {
            fields.insert((*name).to_owned(), self.write(*money).into());
            fields.insert(format!("{name}_set"), self.set(*money));
        }
        Value::Object(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_keeps_its_trailing_zero() {
        assert_eq!(USD.write(1010), "10.10");
        assert_eq!(USD.write(5), "0.05");
        assert_eq!(USD.write(-1999), "-19.99");
        assert_eq!(JPY.write(1200), "1200");
    }

    #[test]
    fn halves_are_rounded_up() {
        let ten_and_a_half = Money { shop: 1_050, presentment: 1_049 }.part(1, 100);
        assert_eq!(ten_and_a_half, Money { shop: 11, presentment: 10 });
    }
}
