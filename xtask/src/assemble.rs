//! `cargo xtask template`: template.yaml, from its sources.

use std::fs;

use anyhow::{Context, Result, bail};
use xtask::template::{self, SOURCES, differences};

use crate::root;

/// Write template.yaml anew, from its sources in infra/template.
///
/// Nothing is written when a source is wrong: the error names its file and line.
#[derive(clap::Args)]
pub(crate) struct Template {
    /// Write nothing, and fail with the difference if template.yaml is not what its sources make
    #[arg(long)]
    check: bool,
}

impl Template {
    pub(crate) fn run(&self) -> Result<()> {
        let path = root().join("template.yaml");
        let text = template::assemble(root()).context("the template can't be assembled")?;
        let committed = fs::read_to_string(&path).unwrap_or_default();
        if self.check {
            let differences = differences(&committed, &text);
            if differences.is_empty() {
                return Ok(());
            }
            print!("{differences}");
            bail!("template.yaml is not what {SOURCES} makes\nhint: `cargo xtask template` writes it");
        }
        fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))?;
        println!("{}", path.display());
        Ok(())
    }
}
