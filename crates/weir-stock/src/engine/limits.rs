//! How much a round may move: a wrong import, or a shop whose stock was wiped, must not empty every other shop.

use std::collections::BTreeSet;

use crate::Pool;

/// The limits of a round. A round that exceeds one is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// So many SKUs may be set to zero at most.
    pub zeroed_skus: usize,
    /// So many percent of all SKUs may be set to zero at most. It counts from [`SMALL`](Self::SMALL) SKUs on.
    pub zeroed_percent: usize,
    /// So many percent of all SKUs may be moved at most. It counts from [`SMALL`](Self::SMALL) SKUs on.
    pub moved_percent: usize,
    /// How many SKUs there are in all.
    pub skus: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { zeroed_skus: 20, zeroed_percent: 10, moved_percent: 50, skus: 0 }
    }
}

impl Limits {
    /// A share of a few SKUs says nothing: five products that sell out within a second are a good day.
    pub const SMALL: usize = 10;

    /// Why a round that moves these pools is held, if it is. Each has its levels with their units before and after.
    pub(super) fn exceeded<'a>(&self, pools: impl Iterator<Item = (&'a Pool, bool, bool)>) -> Option<String> {
        let (mut zeroed, mut moved) = (BTreeSet::new(), BTreeSet::new());
        for (pool, is_zeroed, is_moved) in pools.filter(|(pool, ..)| !pool.is_released) {
            if is_zeroed {
                zeroed.insert(pool.sku.as_str());
            }
            if is_moved {
                moved.insert(pool.sku.as_str());
            }
        }
        let exceeds = |count: usize, percent: usize| count > Self::SMALL && count * 100 > self.skus * percent;
        if zeroed.len() > self.zeroed_skus || exceeds(zeroed.len(), self.zeroed_percent) {
            return Some(format!("{} SKUs would be set to zero at once", zeroed.len()));
        }
        if exceeds(moved.len(), self.moved_percent) {
            return Some(format!("{} of {} SKUs would be moved at once", moved.len(), self.skus));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use weir_core::UnixMillis;

    use super::*;
    use crate::pool::Draft;

    fn held(skus: usize, zeroed: usize, moved: usize) -> Option<String> {
        let level = "north.myshopify.com/1/1".parse().unwrap();
        let draft = Draft { level, app: "default".into(), buffer: 0, reading: None };
        let pools: Vec<Pool> = (0..skus)
            .map(|number| Pool::declare(number.to_string(), Some(1), vec![draft.clone()], UnixMillis(0)).unwrap())
            .collect();
        let limits = Limits { skus, ..Limits::default() };
        limits.exceeded(pools.iter().enumerate().map(|(place, pool)| (pool, place < zeroed, place < moved)))
    }

    #[test]
    fn round_that_empties_or_moves_much_is_held() {
        assert_eq!(held(1000, 20, 20), None);
        assert_eq!(held(1000, 21, 21).unwrap(), "21 SKUs would be set to zero at once");
        assert_eq!(held(100, 11, 11).unwrap(), "11 SKUs would be set to zero at once");
        assert_eq!(held(100, 0, 51).unwrap(), "51 of 100 SKUs would be moved at once");
        assert_eq!(held(100, 0, 50), None);
    }

    #[test]
    fn few_skus_may_sell_out_together() {
        assert_eq!(held(10, 10, 10), None);
        assert_eq!(held(20, 10, 10), None);
    }
}
