//! The template: assembled from the sources in `infra/template`. `main.yaml` there says how they are written.

mod alarm;
mod assemble;
mod block;
mod dashboard;
mod diff;
mod error;
mod lanes;
mod layout;
mod metric;
mod role;
mod source;

pub use diff::differences;
pub use error::TemplateError;

use std::path::Path;

use error::Output;

/// Where the sources are, below the checkout.
pub const SOURCES: &str = "infra/template";

/// The template's text, from the sources of a checkout.
///
/// # Errors
/// The first thing that is wrong with the sources, with its file and line.
pub fn assemble(checkout: &Path) -> Result<String, TemplateError> {
    whole(assemble::template(&source::read(&checkout.join(SOURCES), SOURCES)?)?)
}

/// Only what can be read as a template is one: a source may lack a bracket.
fn whole(made: Output) -> Result<String, TemplateError> {
    match weir_local::check_template(&made.text) {
        Ok(()) => Ok(made.text),
        Err(error) => Err(made.error(error.line, error.reason)),
    }
}

#[cfg(test)]
mod tests;
