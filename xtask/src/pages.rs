//! `cargo xtask reference`: the generated pages of docs/reference.

use std::fs;

use anyhow::{Context, Result, bail};
use xtask::reference::{self, FOLDER};

use crate::root;

/// Write the generated pages of docs/reference anew: command line, metrics, parameters.
#[derive(clap::Args)]
pub(crate) struct Reference {
    /// Write nothing, and fail if a page is not what its source makes
    #[arg(long)]
    check: bool,
}

impl Reference {
    pub(crate) fn run(&self) -> Result<()> {
        let stale = reference::stale(root())?;
        if self.check && !stale.is_empty() {
            bail!(
                "{} of {FOLDER} are not what their sources make\nhint: `cargo xtask reference` writes them",
                stale.join(", ")
            );
        }
        for page in reference::pages(root())?.iter().filter(|page| stale.contains(&page.file)) {
            let path = root().join(FOLDER).join(page.file);
            fs::write(&path, &page.text).with_context(|| format!("could not write {}", path.display()))?;
            println!("{}", path.display());
        }
        Ok(())
    }
}
