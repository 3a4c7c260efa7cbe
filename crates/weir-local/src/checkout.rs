use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::template::{Template, TemplateError};

/// A checkout of weir: the folder with `template.yaml` and `crates/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    root: PathBuf,
}

/// No checkout holds the folder that the search started from.
#[derive(Debug, thiserror::Error)]
#[error("no checkout of weir at or above {start}: no folder there has template.yaml and crates/")]
pub struct NotACheckout {
    start: String,
}

impl Checkout {
    /// The nearest checkout at or above `start`.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(start: &Path) -> Result<Self, NotACheckout> {
        // A relative path has no ancestors to walk up to.
        std::path::absolute(start)
            .ok()
            .as_deref()
            .and_then(|start| start.ancestors().find(|dir| is_root(dir)))
            .map(|root| Self { root: root.to_owned() })
            .ok_or_else(|| NotACheckout { start: start.display().to_string() })
    }

    /// The top folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The one description of the deployment.
    #[must_use]
    pub fn template(&self) -> PathBuf {
        self.root.join("template.yaml")
    }

    /// The template, with CloudFormation's short tags in their long JSON form: `!Ref X` is `{"Ref": "X"}`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read_template(&self) -> Result<serde_json::Value, TemplateError> {
        Template::read(&self.template()).map(Template::into_value)
    }

    /// The binaries of the template's functions, each once.
    ///
    /// # Errors
    /// When the template cannot be read, or a function names no binary.
    pub fn function_binaries(&self) -> Result<BTreeSet<String>, TemplateError> {
        let path = self.template();
        let functions = Template::read(&path)?.functions(&path)?;
        Ok(functions.into_iter().map(|function| function.binary).collect())
    }

    /// Where everything local is kept: the emulator, its runs, `dev.json`. Git ignores it, `cargo clean` removes it.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.root.join("target/weir")
    }

    pub(crate) fn emulator_dir(&self) -> PathBuf {
        self.root.join("infra/emulator")
    }
}

fn is_root(dir: &Path) -> bool {
    dir.join("template.yaml").is_file() && dir.join("crates").is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_is_found_from_a_folder_inside_it() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let found = Checkout::find(&here.join("src")).unwrap();
        assert_eq!(found.root(), here.parent().unwrap().parent().unwrap());
    }

    #[test]
    fn outside_a_checkout_the_error_says_where_to_go() {
        let elsewhere = tempfile::tempdir().unwrap();
        let error = Checkout::find(elsewhere.path()).unwrap_err();
        assert!(error.to_string().contains(&elsewhere.path().display().to_string()), "{error}");
        assert!(crate::hint(&error).is_some_and(|hint| hint.contains("git clone")));
    }
}
