//! Whether a stack is healthy, and if not, where.

mod collect;
mod error;
mod findings;
mod model;
mod monitor;
mod queues;
mod refusals;
mod shared_state;
mod thresholds;
mod traffic;

pub use collect::StatusCollector;
pub use error::HealthError;
pub use findings::findings;
pub use model::{
    BudgetStatus, CircuitStatus, ControlsStatus, DriftStatus, Finding, FindingKind, Health, LaneStatus, Latency, Part,
    Severity, Status, Traffic, Unread,
};
pub use queues::visible_dead_letters;
pub use shared_state::circuits;
pub use thresholds::{MIN_SUCCESS_PERCENT, Thresholds};
