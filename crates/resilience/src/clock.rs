//! A clock that can be handed in.

use tokio::time::Instant;

use crate::UnixMillis;

/// Tells the time: that of the wall, or one that starts at a given moment and moves with tokio's clock, which
/// tests can pause and advance.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    Wall,
    /// `start` at `anchor`, moving with tokio's clock.
    Anchored {
        /// The time at the anchor.
        start: UnixMillis,
        /// The anchor.
        anchor: Instant,
    },
}

impl Clock {
    /// A clock that shows `start` now.
    pub fn starting_at(start: UnixMillis) -> Self {
        Self::Anchored { start, anchor: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> UnixMillis {
        match self {
            Self::Wall => UnixMillis::now(),
            Self::Anchored { start, anchor } => *start + anchor.elapsed(),
        }
    }
}
