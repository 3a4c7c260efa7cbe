//! What really happened: by it the end is judged.

use std::collections::BTreeSet;

use weir_stock::pool::Line;

/// The truth about a pool.
#[derive(Debug, Default)]
pub(super) struct Truth {
    /// Units: what there was, and everything that buyers and merchants did.
    pub(super) available: i64,
    /// Every number that the shops together had.
    pub(super) had: BTreeSet<i64>,
    /// The order lines.
    pub(super) lines: Vec<Line>,
}

impl Truth {
    pub(super) fn change(&mut self, delta: i64) {
        self.available += delta;
        self.had.insert(self.available.max(0));
    }

    /// Lines beyond the stock, by name: the newest first.
    pub(super) fn oversold(&self) -> Vec<(String, i64)> {
        let mut left = self.available.saturating_neg().max(0);
        let mut newest: Vec<&Line> = self.lines.iter().filter(|line| line.units > 0).collect();
        newest.sort_by_key(|line| std::cmp::Reverse((line.ordered_at_ms, line.id.to_string())));
        let mut named = Vec::new();
        for line in newest {
            if left == 0 {
                break;
            }
            let units = line.units.min(left);
            left -= units;
            named.push((line.id.to_string(), units));
        }
        named
    }
}
