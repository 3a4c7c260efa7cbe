//! `cargo xtask schema`: Shopify's Admin schema, for the tests; and the part of it that weir keeps.

mod fetch;
mod sdl;
mod subset;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::root;

/// Fetch Shopify's Admin schema into target/shopify-schema, once: tests compare the operations with it.
///
/// It comes out of Shopify's own npm package, pinned in infra/tools/shopify-schema.toml, through the npm of this
/// machine and its configuration. Does nothing while the pinned one is there, or WEIR_SHOPIFY_SCHEMA names an SDL file.
#[derive(clap::Args)]
pub(crate) struct Schema {
    /// Write crates/shopify-schema/admin.graphql anew: what the operation files use, and nothing else
    #[arg(long)]
    subset: bool,
}

/// Whose operation files make the subset.
const OPERATIONS: [&str; 2] = ["crates/shopify-client/operations", "crates/shopify-sim/operations"];

impl Schema {
    pub(crate) fn run(&self) -> Result<()> {
        if shopify_schema::named_schema_path().is_none() {
            fetch::into(&shopify_schema::real_schema_path())?;
        }
        let Some(real) = shopify_schema::real_schema()? else { bail!("the schema is gone again: run it once more") };
        if !self.subset {
            println!("{}", real.path.display());
            return Ok(());
        }
        let subset = subset::of(&real.sdl, &operations()?)?;
        let path = root().join("crates/shopify-schema/admin.graphql");
        fs::write(&path, subset).with_context(|| format!("could not write {}", path.display()))?;
        println!("{}", path.display());
        Ok(())
    }
}

/// The operation files with their texts, sorted by name.
fn operations() -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for folder in OPERATIONS.map(|folder| root().join(folder)).iter().filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "graphql") {
                let text = read(&path)?;
                files.push((path, text));
            }
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}
