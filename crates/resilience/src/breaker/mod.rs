//! Circuit breakers: what keeps failing is left alone for a while, by every process.
//!
//! ```text
//!            failures ≥ half of the last window             one probe, by one process
//!   closed ───────────────────────────────────────▶ open ───────────────────────────▶ half-open
//!     ▲                                              ▲ │ `open_for`, doubling             │ │
//!     │                                              └─┼──────────── fails ───────────────┘ │
//!     └────────────────────────────────────────────────┴──────────── succeeds ──────────────┘
//! ```
//!
//! Failures are counted in the process, over a sliding window. That the circuit is open is written to the
//! [shared state](crate::shared), where other processes read it every few seconds and the operator can see it.
//! Without the shared state each process has its own circuit.

mod circuit;
mod guard;
#[cfg(test)]
mod tests;
mod window;

pub use circuit::{Circuit, Pass, Phase};
pub use guard::{Breaker, Breakers, Open, Permit};
pub use window::Window;

use std::time::Duration;

/// When a circuit opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How far back failures count.
    pub window: Duration,
    /// Calls in the window, below which nothing is concluded.
    pub least_calls: u32,
    /// Failures among them, in percent, from which the circuit opens.
    pub failing_percent: u32,
    /// How long it stays open the first time; each failed probe doubles it.
    pub open_for: Duration,
    /// The longest it stays open.
    pub open_for_most: Duration,
    /// After this long a probe without a result counts as lost, and another may be sent.
    pub probe_for: Duration,
    /// How old the shared state may be in this process.
    pub read_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(30),
            least_calls: 6,
            failing_percent: 50,
            open_for: Duration::from_secs(15),
            open_for_most: Duration::from_secs(300),
            probe_for: Duration::from_secs(30),
            read_every: Duration::from_secs(5),
        }
    }
}
