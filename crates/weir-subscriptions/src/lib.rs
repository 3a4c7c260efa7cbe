//! Webhook subscriptions as code.
//!
//! ```text
//!  infra/subscriptions.toml ─▶ Desired ─ for an app and a shop ─▶ DesiredSubscriptions ─┐
//!                              (checked)                                  ├─▶ plan ─▶ Shopify
//!  Shopify ─▶ Actual ─────────────────────────────────────────────────────┘
//! ```
//!
//! [`Desired`] is the file, whole or not at all: every mistake is reported at once. [`plan`] is pure. [`shopify`] reads
//! and changes what a shop has.
//!
//! [`drift`] and [`progress`] are the documents that the monitor leaves in the table of operations.
//!
//! **Whose a subscription is follows from its address.** What points to this stack's webhook URL for the app is weir's;
//! everything else is somebody else's, is listed and never touched.

mod desired;
pub mod drift;
mod file;
mod filter;
mod nearest;
mod pattern;
mod payload;
mod plan;
pub mod progress;
pub mod shopify;

pub use desired::{Desired, DesiredSubscriptions, Entry, Subscription};
pub use file::{FileError, Mistake, Read};
pub use filter::{Filter, FilterError};
pub use pattern::Pattern;
pub use plan::{Actual, Change, Difference, Plan, plan};

/// Where an app's subscriptions point: `base` is the stack's webhook URL.
#[must_use]
pub fn address(base: &str, app: &str) -> String {
    let base = base.trim_end_matches('/');
    if app == DEFAULT_APP { base.to_owned() } else { format!("{base}/{app}") }
}

/// The app whose webhooks come to `/webhooks` itself.
const DEFAULT_APP: &str = "default";
