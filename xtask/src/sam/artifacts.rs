//! `cargo xtask sam check`: what `sam build` made.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::elf::{Glibc, needs};
use crate::root;

/// Amazon Linux 2023 has this one. What asks for a newer one does not start there.
const LAMBDAS: Glibc = Glibc(2, 34);

/// Check what `sam build` made: each function's processor, size, and the glibc that it needs.
///
/// Fails if one needs a newer glibc than Lambda's runtime has, which is 2.34, or if there are several processors.
#[derive(clap::Args)]
pub(crate) struct Check {
    /// The folder that was built into
    #[arg(value_name = "FOLDER", default_value = ".aws-sam/build")]
    folder: PathBuf,
}

impl Check {
    pub(crate) fn run(&self) -> Result<()> {
        // From the checkout, unless it is said from the root.
        check(&root().join(&self.folder))
    }
}

/// Each function's executable, in the order of the functions' names.
pub(super) fn bootstraps(build: &Path) -> Result<Vec<(String, PathBuf)>> {
    let entries = fs::read_dir(build)
        .with_context(|| format!("could not read {}: `cargo xtask sam build` makes it", build.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("could not read {}", build.display()))?;
        let bootstrap = entry.path().join("bootstrap");
        if bootstrap.is_file() {
            found.push((entry.file_name().to_string_lossy().into_owned(), bootstrap));
        }
    }
    if found.is_empty() {
        bail!("{} has no function: `cargo xtask sam build` makes them", build.display());
    }
    found.sort();
    Ok(found)
}

/// The executable of one function. Where several are one binary, sam builds it once, as `FIRST-Shared`.
pub(super) fn bootstrap(build: &Path, template: &Value, function: &str) -> Result<PathBuf> {
    let wanted = binary(template, function)?;
    for (folder, bootstrap) in bootstraps(build)? {
        if binary(template, &folder)? == wanted {
            return Ok(bootstrap);
        }
    }
    bail!("{} has no {function}: `cargo xtask sam build` makes it", build.display())
}

/// Which binary a function is, or a folder that sam built it into.
pub(super) fn binary<'a>(template: &'a Value, function: &str) -> Result<&'a str> {
    let name = function.trim_end_matches("-Shared");
    let binary = template["Resources"][name]["Metadata"]["BuildProperties"]["Binary"].as_str();
    binary.with_context(|| format!("template.yaml has no function {name} with a binary"))
}

/// Prints what each function needs, and fails if that is too much.
pub(super) fn check(build: &Path) -> Result<()> {
    let (mut too_new, mut processors) = (Vec::new(), Vec::new());
    for (function, bootstrap) in bootstraps(build)? {
        let needs = needs(&bootstrap)?;
        let size = fs::metadata(&bootstrap).context("the function went away")?.len();
        let glibc = needs.glibc.map_or_else(|| "no glibc".to_owned(), |glibc| format!("glibc {glibc}"));
        println!("{function:<20} {:<7} {:>5.1} MB  {glibc}", needs.architecture, megabytes(size));
        if needs.glibc > Some(LAMBDAS) {
            too_new.push(function);
        }
        processors.push(needs.architecture);
    }
    processors.dedup();
    if !too_new.is_empty() {
        bail!(
            "{} would not start on Lambda, which has glibc {LAMBDAS}: build with `sam build`, not with plain cargo",
            too_new.join(", ")
        );
    }
    if processors.len() > 1 {
        bail!("the functions are for different processors: build them all again");
    }
    Ok(())
}

/// A million bytes each.
#[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_functions_says_how_to_make_them() {
        let folder = tempfile::tempdir().unwrap();
        let error = check(folder.path()).unwrap_err().to_string();
        assert!(error.contains("has no function: `cargo xtask sam build`"), "{error}");
    }

    #[test]
    fn functions_that_are_one_binary_share_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let template = weir_local::Checkout::find(root()).unwrap().read_template().unwrap();
        for name in ["IngestFunction", "UrgentWorker-Shared"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("bootstrap"), name).unwrap();
        }
        let shared = bootstrap(folder.path(), &template, "BulkWorker").unwrap();
        assert!(shared.ends_with("UrgentWorker-Shared/bootstrap"), "{}", shared.display());
        assert!(bootstrap(folder.path(), &template, "Monitor").is_err());
    }

    #[test]
    fn an_executable_that_lambda_can_not_run_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("Ingest")).unwrap();
        fs::write(folder.path().join("Ingest/bootstrap"), "#!/bin/sh").unwrap();
        let error = format!("{:#}", check(folder.path()).unwrap_err());
        assert!(error.contains("Ingest/bootstrap is not an executable for Lambda"), "{error}");
    }
}
