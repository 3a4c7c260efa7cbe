//! `cargo xtask sam glibc`: CI's look at the glibc that ingest needs as it is deployed.

use std::{fs, process::Command};

use anyhow::{Context, Result};

use super::{artifacts, build::build_unoptimized};
use crate::{process, root, state_dir};

/// What decides on it: the dependencies with C code, how it is linked, and the tools that link it.
const DECIDED_BY: [&str; 4] = ["Cargo.lock", "Cargo.toml", "infra/tools/requirements.txt", ".cargo/config.toml"];

/// Build ingest with `sam build` for this machine's processor and check the glibc that it needs, unless dependencies, tools and
/// compiler are those of the last check.
///
/// It is built without optimization, which decides nothing of that: what is not optimized away can only ask for more. It
/// stands for the other functions, which link the same C code. `cargo xtask sam build` builds and checks all as they are
/// deployed, in a quarter of an hour.
#[derive(clap::Args)]
pub(crate) struct GlibcCheck {}

impl GlibcCheck {
    pub(crate) fn run(&self) -> Result<()> {
        let now = fingerprint()?;
        let checked = state_dir().join("glibc-checked.txt");
        if fs::read_to_string(&checked).is_ok_and(|before| before == now) {
            println!("dependencies, tools and compiler are those of the last check");
            return Ok(());
        }
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let built = state_dir().join("glibc");
        build_unoptimized(root(), architecture, "IngestFunction", &built)?;
        artifacts::check(&built)?;
        fs::write(&checked, now).with_context(|| format!("could not write {}", checked.display()))
    }
}

fn fingerprint() -> Result<String> {
    let mut all = process::output(Command::new("rustc").arg("-vV")).context("rustc could not be started")?.into_bytes();
    for file in DECIDED_BY {
        all.extend(fs::read(root().join(file)).with_context(|| format!("could not read {file}"))?);
    }
    Ok(weir_core::sha256::hex(&all))
}
