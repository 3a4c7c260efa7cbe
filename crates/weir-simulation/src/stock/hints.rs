//! The queue of hints: late, repeated and reordered. A hint that is not done comes back.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use weir_stock::{LevelKey, engine::SkuLine};

/// A hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hint {
    /// Look at this level. A baseline believes the number that the webhook carries.
    Level(LevelKey, i64),
    /// An order line is like this.
    Line(SkuLine),
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Hints(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    due: BinaryHeap<Reverse<(Instant, u64)>>,
    hints: std::collections::HashMap<u64, Hint>,
    next: u64,
}

impl Hints {
    pub(super) fn put(&self, hint: Hint, after: Duration) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = state.next;
        state.next += 1;
        state.due.push(Reverse((Instant::now() + after, number)));
        state.hints.insert(number, hint);
    }

    /// Takes hints that are due, at most `most`.
    pub(super) fn take(&self, most: usize) -> Vec<Hint> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        while taken.len() < most && state.due.peek().is_some_and(|Reverse((at, _))| *at <= Instant::now()) {
            let Some(Reverse((_, number))) = state.due.pop() else { break };
            taken.extend(state.hints.remove(&number));
        }
        taken
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).due.is_empty()
    }
}
