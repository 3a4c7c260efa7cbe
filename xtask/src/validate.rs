//! `cargo xtask validate`: the template, by SAM's and CloudFormation's own rules.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, root, tools};

/// Check template.yaml with `sam validate --lint`. Offline, once the tools are installed.
#[derive(clap::Args)]
pub(crate) struct Validate {}

impl Validate {
    pub(crate) fn run(&self) -> Result<()> {
        let mut sam = Command::new(tools::bin()?.join("sam"));
        sam.args(["validate", "--lint", "--template", "template.yaml"]).current_dir(root());
        // The rules differ by region; credentials and calls home are not needed.
        sam.env("AWS_DEFAULT_REGION", "us-east-1").env("SAM_CLI_TELEMETRY", "0");
        process::run(&mut sam).context("template.yaml has problems")
    }
}
