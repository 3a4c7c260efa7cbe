//! Pages of docs/reference that are generated: from the command line, the template and the table of metrics.

mod command_line;
mod metrics;
mod parameters;
#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::{Context, Result};

/// The folder of the pages, below the top folder of the checkout.
pub const FOLDER: &str = "docs/reference";

/// A generated page.
#[derive(Debug)]
pub struct Page {
    /// The name of its file.
    pub file: &'static str,
    /// Its content.
    pub text: String,
}

/// Every generated page.
///
/// # Errors
/// If the template of this checkout can't be read.
pub fn pages(root: &Path) -> Result<Vec<Page>> {
    let template = weir_local::Checkout::find(root).map(|checkout| checkout.read_template());
    let template = template.context("this is no checkout")?.context("template.yaml can't be read")?;
    Ok(vec![
        Page { file: "command-line.md", text: command_line::page(weir_cli::input::command()) },
        Page { file: "metrics.md", text: metrics::page() },
        Page { file: "parameters.md", text: parameters::page(&template) },
    ])
}

/// The pages that are not what is committed in this checkout, by the names of their files.
///
/// # Errors
/// If the template of this checkout can't be read.
pub fn stale(root: &Path) -> Result<Vec<&'static str>> {
    let is_fresh = |page: &Page| {
        let committed = std::fs::read_to_string(root.join(FOLDER).join(page.file));
        committed.is_ok_and(|committed| committed == page.text)
    };
    Ok(pages(root)?.iter().filter(|page| !is_fresh(page)).map(|page| page.file).collect())
}

/// A text for a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
