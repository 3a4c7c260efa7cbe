//! Stock that several shops share: the protocol that keeps their levels in Shopify equal to one pool.
//!
//! ```text
//!  hint: look at this level ─▶ load its pool ─▶ read the level ─▶ absorb the difference ─▶ plan the pushes
//!                                   ▲                                                          │ intents, saved with it
//!                                   └──────────── stale: somebody sold meanwhile ◀── set quantities ─▶ settle
//! ```
//!
//! - A [`Pool`] is the stock of one SKU. Its members are inventory levels of Shopify, or shops that are fed by order lines.
//! - The [`Engine`] takes hints: webhooks only say which level to look at, so a webhook that is lost, late, repeated or
//!   reordered can't corrupt a number.
//! - A [`store::PoolStore`] writes a pool with its journal entry, on condition of its version. A [`Levels`] reads and sets
//!   levels of Shopify.
//!
//! `docs/concepts/shared-stock.md` explains the protocol and its invariants.

pub mod engine;
pub mod event;
mod level;
mod levels;
pub mod pool;
pub mod shopify;
pub mod store;

pub use engine::{Ending, Engine, Limits, Outcome};
pub use level::{BadLevelKey, LevelKey};
pub use levels::{Blocked, Levels, MAX_ROWS, Push, PushId, Reading, Row, RowVerdict, SetAnswer, ShopName, key_ends};
pub use pool::Pool;
