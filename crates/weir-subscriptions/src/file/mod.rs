//! `infra/subscriptions.toml`, and what can be wrong with it.

mod check;
mod mistake;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use toml::Spanned;

pub use mistake::{FileError, Mistake};

use crate::Desired;

/// A file that can be followed.
#[derive(Debug, Clone)]
pub struct Read {
    /// What it says.
    pub desired: Desired,
    /// What is probably not meant so.
    pub warnings: Vec<FileError>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    subscription: Vec<Spanned<Form>>,
}

type Texts = Vec<Spanned<String>>;

/// An entry as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    topics: Spanned<Texts>,
    apps: Option<Spanned<Texts>>,
    shops: Option<Spanned<Texts>>,
    #[serde(default)]
    declared: bool,
    name: Option<Spanned<String>>,
    filter: Option<Spanned<String>>,
    #[serde(default)]
    include_fields: Texts,
    #[serde(default)]
    metafield_namespaces: Texts,
    #[serde(default)]
    metafields: Texts,
}

/// Reads a file, or says everything that is wrong with it.
pub(crate) fn read(text: &str) -> Result<Read, Vec<FileError>> {
    let table: Table = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        vec![FileError { line, mistake: Mistake::Syntax(error.message().to_owned()) }]
    })?;
    check::check(text, &table)
}

/// The number of the line in which this byte stands.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
