//! AWS's prices: one table, `prices.toml`.

use serde::Deserialize;

/// The table as text.
const TABLE: &str = include_str!("prices.toml");

/// What a number of units costs, and where that is said.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    dollars: f64,
    per: f64,
    /// What one is.
    pub(super) unit: String,
    /// AWS's page.
    pub(super) page: String,
    /// Where the figure was read.
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever checks the table"))]
    read_at: String,
}

impl Price {
    /// What so many units cost, in dollars.
    pub(super) fn of(&self, units: f64) -> f64 {
        units * self.dollars / self.per
    }
}

/// Every price. A name that is missing in the table, or that nobody asks for, is an error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prices {
    pub(super) region: String,
    /// The day on which they were read.
    pub(super) read_on: String,
    pub(super) api_request: Price,
    pub(super) lambda_request: Price,
    pub(super) lambda_gb_second_x86: Price,
    pub(super) lambda_gb_second_arm: Price,
    pub(super) sqs_request: Price,
    pub(super) sqs_fair: Price,
    pub(super) dynamodb_write: Price,
    pub(super) dynamodb_read: Price,
    pub(super) dynamodb_gb_month: Price,
    pub(super) event: Price,
    pub(super) logs_gb: Price,
    pub(super) metric: Price,
    pub(super) alarm_metric: Price,
    pub(super) composite_alarm: Price,
    pub(super) dashboard: Price,
    pub(super) secret: Price,
}

impl Prices {
    #[expect(clippy::expect_used, reason = "it is built in, and a test reads it")]
    pub(super) fn built_in() -> Self {
        toml::from_str(TABLE).expect("prices.toml can be read")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_says_where_it_comes_from_and_of_which_day_it_is() {
        let prices = Prices::built_in();
        assert!(prices.read_on.parse::<jiff::civil::Date>().is_ok());
        let table: toml::Table = toml::from_str(TABLE).unwrap();
        for (name, price) in table.into_iter().filter(|(_, value)| value.is_table()) {
            let price: Price = price.try_into().unwrap();
            assert!(price.page.starts_with("https://aws.amazon.com/"), "{name}");
            assert!(price.read_at.starts_with("https://"), "{name}");
            assert!(price.dollars > 0.0 && price.per >= 1.0 && !price.unit.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_price_is_by_so_many_units() {
        let prices = Prices::built_in();
        assert_eq!(prices.sqs_request.of(2_500_000.0), 1.0);
        assert_eq!(prices.secret.of(2.0), 0.8);
    }
}
