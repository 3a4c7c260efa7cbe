//! `cargo xtask validate`: the template and the documents' examples of `samconfig.toml`, by SAM's and CloudFormation's own rules.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{process, root, tools};

/// Check template.yaml with `sam validate --lint`, and the guides' examples of samconfig.toml as `sam deploy` reads them.
/// Offline, once the tools are installed.
#[derive(clap::Args)]
pub(crate) struct Validate {}

impl Validate {
    pub(crate) fn run(&self) -> Result<()> {
        let mut sam = Command::new(tools::bin()?.join("sam"));
        sam.args(["validate", "--lint", "--template", "template.yaml"]).current_dir(root());
        // The rules differ by region; credentials and calls home are not needed.
        sam.env("AWS_DEFAULT_REGION", "us-east-1").env("SAM_CLI_TELEMETRY", "0");
        process::run(&mut sam).context("template.yaml has problems")?;

        let mut examples = Command::new(tools::bin()?.join("python"));
        examples.arg("-I").arg(root().join("infra/tools/samconfig_examples.py"));
        examples.args(guides(&root().join("docs/guides"))?).current_dir(root());
        process::run(&mut examples).context("SAM would refuse an example of samconfig.toml")
    }
}

fn guides(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.with_context(|| format!("could not read {}", folder.display()))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    Ok(paths)
}
