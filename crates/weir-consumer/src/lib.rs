//! The engine of every service behind a queue: a message has at most one effect.
//!
//! - [`batch`] drives the messages of one invocation, each alone in its failure.
//! - [`router`] finds an event's handlers.
//! - [`destination`] is something outside that handlers call.

pub mod batch;
pub mod destination;
pub mod router;
