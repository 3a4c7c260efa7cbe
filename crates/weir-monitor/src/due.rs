//! Whose turn it is to be reconciled: each shop has its moment in each period, spread evenly, and nothing is stored for it.

use std::time::Duration;

use weir_core::UnixMillis;

use crate::shard::spread;

/// Whether the moment of `name` lies between the beginnings of the round before and of this one. Without a round before, it
/// is everyone's turn.
pub(crate) fn is_due(name: &str, every: Duration, before: Option<UnixMillis>, now: UnixMillis) -> bool {
    let Some(before) = before else { return true };
    let period = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
    #[expect(clippy::cast_possible_wrap, reason = "half of the hash is as even as the whole")]
    let moment = (spread(name) >> 1) as i64 % period;
    let latest = moment + (now.0 - moment).div_euclid(period) * period;
    latest > before.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const HOUR: Duration = Duration::from_secs(3_600);
    const START: i64 = 1_795_755_600_123;

    #[test]
    fn each_shop_has_its_turn_once_in_a_period_however_long_rounds_take() {
        for rounds in [vec![5; 12], vec![1; 60], vec![7, 13, 1, 19, 20], vec![60]] {
            for shop in 0..50 {
                let name = format!("default/shop-{shop}.myshopify.com");
                let (mut before, mut turns) = (START, 0);
                for minutes in &rounds {
                    let now = before + minutes * MINUTE;
                    turns += u32::from(is_due(&name, HOUR, Some(UnixMillis(before)), UnixMillis(now)));
                    before = now;
                }
                assert_eq!(turns, 1, "{name} in {rounds:?}");
            }
        }
    }

    #[test]
    fn turns_are_spread() {
        let due = |shop: u32| {
            let name = format!("default/shop-{shop}.myshopify.com");
            is_due(&name, HOUR, Some(UnixMillis(START)), UnixMillis(START + 5 * MINUTE))
        };
        let count = (0..1_200).filter(|shop| due(*shop)).count();
        assert!((60..=140).contains(&count), "{count} of 1200 in a twelfth of the period");
    }

    #[test]
    fn without_a_round_before_it_is_everyones_turn() {
        assert!(is_due("default/a", HOUR, None, UnixMillis(START)));
    }
}
