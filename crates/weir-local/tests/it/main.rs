//! The emulator for real: installed, started, deployed to, killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod build;
mod deploy;
mod install;
mod lifecycle;
mod support;
