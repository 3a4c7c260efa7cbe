//! `cargo xtask sam build`: `sam build` with the pinned tools, and a look at what it made.

use std::{ffi::OsString, path::Path, process::Command};

use anyhow::{Context, Result};

use super::artifacts;
use crate::{process, root, tools};

/// Build the functions with `sam build` and the pinned tools, then check what was built.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cargo xtask sam build --architecture x86_64")]
pub(crate) struct Build {
    /// The processor to build for
    #[arg(long, default_value = "arm64", value_parser = ["arm64", "x86_64"])]
    architecture: String,
    /// One function only, by its name in the template
    #[arg(value_name = "FUNCTION")]
    function: Option<String>,
}

impl Build {
    pub(crate) fn run(&self) -> Result<()> {
        build(root(), &self.architecture, self.function.as_deref())?;
        artifacts::check(&root().join(".aws-sam/build"))
    }
}

/// `sam build` in a checkout.
pub(super) fn build(checkout: &Path, architecture: &str, function: Option<&str>) -> Result<()> {
    process::run(&mut command(checkout, architecture, function)?).context("the functions could not be built")
}

/// The same without optimization, into a folder from which nobody deploys. What is linked, and by which tools, is as it is
/// deployed.
pub(super) fn build_unoptimized(checkout: &Path, architecture: &str, function: &str, into: &Path) -> Result<()> {
    let mut build = command(checkout, architecture, Some(function))?;
    build.arg("--build-dir").arg(into);
    for (setting, value) in [("LTO", "off"), ("OPT_LEVEL", "0"), ("CODEGEN_UNITS", "16")] {
        build.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
    }
    process::run(&mut build).context("the function could not be built")
}

fn command(checkout: &Path, architecture: &str, function: Option<&str>) -> Result<Command> {
    let mut build = sam(checkout)?;
    build.arg("build").args(function);
    build.args(["--beta-features", "--parameter-overrides", &format!("Architecture={architecture}")]);
    Ok(build)
}

/// The pinned sam, which finds the other tools beside it. Offline, and silent towards its makers.
pub(super) fn sam(checkout: &Path) -> Result<Command> {
    let bin = tools::bin()?;
    let mut sam = Command::new(bin.join("sam"));
    sam.current_dir(checkout).env("AWS_DEFAULT_REGION", "us-east-1").env("SAM_CLI_TELEMETRY", "0");
    let mut path = OsString::from(bin);
    if let Some(more) = std::env::var_os("PATH") {
        path.push(":");
        path.push(more);
    }
    sam.env("PATH", path);
    // What cargo says of the package that runs this: build scripts look at it, and build anew when it changes.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            sam.env_remove(&*name);
        }
    }
    Ok(sam)
}
