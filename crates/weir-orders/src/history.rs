//! Which delivery changed which axis of an order. It depends on the order of arrival, so it is no part of the state.

use serde::{Deserialize, Serialize};
use weir_core::UnixMillis;

use crate::{projection::LineView, state::OrderState};

/// So many changes are stored; then the oldest give way.
const MAX_CHANGES: usize = 32;

/// The changes of an order, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// How many older ones are not stored any more.
    #[serde(default)]
    pub dropped: u32,
    /// The others.
    #[serde(default)]
    pub changes: Vec<HistoryEntry>,
}

/// What one delivery changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When weir received it.
    pub at: UnixMillis,
    /// Its webhook id.
    pub delivery: String,
    /// Its topic.
    pub topic: String,
    /// What it changed.
    pub change: Change,
}

/// The parts of an order that a delivery changed, each before and after.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    /// Where it is in its life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<(String, String)>,
    /// Where its payment stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<(String, String)>,
    /// How much of it has been fulfilled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fulfilment: Option<(String, String)>,
    /// Where its returns stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns: Option<(String, String)>,
    /// The sums over all lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantities: Option<(Sums, Sums)>,
}

/// Quantities, added up over the lines of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// How many were ordered.
    pub ordered: u32,
    /// How many are left after edits and refunds.
    pub current: u32,
    /// How many were sent.
    pub fulfilled: u32,
    /// How many came back.
    pub returned: u32,
    /// How many were put back into stock.
    pub restocked: u32,
}

impl Sums {
    /// The sums over these lines.
    pub fn of(lines: &[LineView]) -> Self {
        let sum = |quantity: fn(&LineView) -> u32| lines.iter().map(quantity).fold(0_u32, u32::saturating_add);
        Self {
            ordered: sum(|line| line.ordered.unwrap_or(0)),
            current: sum(|line| line.current.unwrap_or(0)),
            fulfilled: sum(|line| line.fulfilled),
            returned: sum(|line| line.returned),
            restocked: sum(|line| line.restocked),
        }
    }
}

impl Change {
    /// What differs between two states.
    pub fn between(before: &OrderState, after: &OrderState) -> Self {
        let (old, new) = (before.axes(), after.axes());
        let (old_sums, new_sums) = (Sums::of(&before.line_views()), Sums::of(&after.line_views()));
        let axis = |old: &str, new: &str| (old != new).then(|| (old.to_owned(), new.to_owned()));
        Self {
            lifecycle: axis(old.lifecycle.as_str(), new.lifecycle.as_str()),
            payment: axis(old.payment.as_str(), new.payment.as_str()),
            fulfilment: axis(old.fulfilment.as_str(), new.fulfilment.as_str()),
            returns: axis(old.returns.as_str(), new.returns.as_str()),
            quantities: (old_sums != new_sums).then_some((old_sums, new_sums)),
        }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl History {
    /// Adds a change.
    pub(crate) fn note(&mut self, delivery: &str, topic: &str, at: UnixMillis, change: Change) {
        if self.changes.len() >= MAX_CHANGES {
            self.changes.remove(0);
            self.dropped = self.dropped.saturating_add(1);
        }
        self.changes.push(HistoryEntry { at, delivery: delivery.to_owned(), topic: topic.to_owned(), change });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_history_drops_its_oldest_changes_and_counts_them() {
        let mut history = History::default();
        for place in 0..40 {
            history.note(&format!("d{place}"), "orders/updated", UnixMillis(place), Change::default());
        }
        assert_eq!((history.changes.len(), history.dropped), (MAX_CHANGES, 8));
        assert_eq!(history.changes[0].delivery, "d8");
    }
}
