//! `cargo xtask deny`: licences, bans and sources of the dependencies.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::{process, root, state_dir};

/// Check the dependencies against deny.toml with cargo-deny: licences, bans, sources.
///
/// Builds the pinned cargo-deny into target/weir/cargo-tools once, which takes minutes.
#[derive(clap::Args)]
pub(crate) struct Deny {}

const VERSION: &str = "0.20.2";

impl Deny {
    pub(crate) fn run(&self) -> Result<()> {
        let mut deny = Command::new(cargo_deny()?);
        // Its trees of who depends on whom are hundreds of lines: `cargo tree --invert CRATE` shows the one in question.
        deny.args(["--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]).current_dir(root());
        process::run(&mut deny).context("a dependency is not what deny.toml allows")
    }
}

fn cargo_deny() -> Result<PathBuf> {
    let tools = state_dir().join("cargo-tools");
    let binary = tools.join("bin/cargo-deny");
    let is_pinned = |printed: String| printed.trim() == format!("cargo-deny {VERSION}");
    if process::output(Command::new(&binary).arg("--version")).is_some_and(is_pinned) {
        return Ok(binary);
    }
    eprintln!("Building cargo-deny {VERSION} into {} (once)", tools.display());
    let mut install = process::cargo();
    install.args(["install", "cargo-deny", "--version", VERSION, "--locked", "--force", "--quiet"]);
    // Unoptimized: it builds in half the time, and checks this graph in a second all the same.
    install.arg("--debug").arg("--root").arg(&tools);
    // Its own target folder goes with the installation; one that is set for the workspace would keep it for ever.
    install.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
    process::run(&mut install).context("could not build cargo-deny")?;
    Ok(binary)
}
