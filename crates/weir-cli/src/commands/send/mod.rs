//! `weir send`: signs webhooks as Shopify does and posts them.

pub(crate) mod args;
mod curl;
pub(crate) mod deliveries;
mod report;
mod run;

use std::time::Duration;

pub(super) use run::run;

/// Later than anybody waits, and yet a time that can be added to another.
const FAR_OFF: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// When the delivery with this number, counted from zero, may start: so long after the first.
pub(crate) fn turn(number: u32, rate: f64) -> Duration {
    Duration::try_from_secs_f64(f64::from(number) / rate).unwrap_or(FAR_OFF).min(FAR_OFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_spaces_the_deliveries_evenly() {
        assert_eq!(turn(0, 20.0), Duration::ZERO);
        assert_eq!(turn(30, 20.0), Duration::from_millis(1500));
        for (number, rate) in [(u32::MAX, f64::MIN_POSITIVE), (1, 1e-300), (1, 1e-18)] {
            let _can_be_waited_for = std::time::Instant::now() + turn(number, rate);
            assert_eq!(turn(number, rate), FAR_OFF);
        }
    }
}
