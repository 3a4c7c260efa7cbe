//! What an operator can do with a stack: look at its health, its events and its dead letters, and change what it does.
//!
//! Everything here is data and typed errors. The command line, an API and jobs are thin over it: they read what they are
//! asked, call a function of this crate, and show what came of it. So nothing here knows a terminal, a flag, a file of
//! the developer's machine or the name of a command.

pub mod api_usage;
pub mod caller;
pub mod check;
pub mod controls;
pub mod cost;
pub mod dead_letters;
pub mod events;
pub mod fence;
pub mod fleet;
pub mod health;
mod location;
pub mod names;
pub mod orders;
pub mod reconcile;
pub mod resend;
pub mod shops;
pub mod spelling;
mod stack;
pub mod stock;

pub use location::StackLocation;
pub use stack::{LaneQueues, Stack, StackError};
