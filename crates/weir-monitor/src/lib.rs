//! The monitor: every few minutes it compares what each installed shop subscribes to with what is desired, and puts
//! right what is missing or other.
//!
//! ```text
//!  schedule ─▶ shard ─▶ page of shops ─▶ plan ─▶ drift noted ─▶ restored ─▶ events since recovered ─▶ drift closed
//!                ▲            │
//!                └─ progress ─┘  (kept: the next run goes on where this one's time ended)
//! ```
//!
//! What it leaves in the table of operations:
//!
//! | collection | name | document |
//! |---|---|---|
//! | `monitor` | `shard/{n}of{m}` | [`Progress`](weir_subscriptions::progress::Progress): where the round stands, and which shops could not be checked |
//! | `monitor` | `round` | [`Round`](weir_subscriptions::progress::Round): when every shard last came to its end, and how many shops there were |
//! | `drift` | `{app}/{shop}` | [`Drift`](weir_subscriptions::drift::Drift), only while a shop differs or its events are not recovered |
//! | `repairs` | `{time}/{app}/{shop}` | [`Drift`](weir_subscriptions::drift::Drift) as it ended, for 90 days |
//!
//! It deletes no subscription: only `weir subscriptions apply --prune` does.

mod due;
mod event_recovery;
mod loss;
mod monitor;
mod repair;
pub mod settings;
mod shard;
mod summary;

pub use event_recovery::EventRecovery;
pub use monitor::{Monitor, RunError};

pub use shard::{NotAShard, Shard};
pub use summary::Summary;
