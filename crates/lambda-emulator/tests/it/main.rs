//! Real bootstraps and real connections.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod environment;
mod proxy;
