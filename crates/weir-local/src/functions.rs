//! Builds the functions as Cargo builds anything else here.

use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use serde::Deserialize;
use tokio::process::Command;

use crate::{Checkout, shifted_clock};

/// The functions could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no cargo to run.
    #[error("could not run {cargo}")]
    Cargo {
        /// What was to be run.
        cargo: String,
        /// The reason.
        source: io::Error,
    },
    /// The build failed; cargo has said why.
    #[error("`cargo build --bins` failed ({status}), as it says above")]
    Failed {
        /// How it ended.
        status: ExitStatus,
    },
    /// The build made no binary.
    #[error("`cargo build --bins` made no binary in {root}")]
    NoBinaries {
        /// Where it ran.
        root: PathBuf,
    },
}

/// The part of cargo's messages that is of use here.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
}

/// The cargo that runs this program, or the one of `PATH`. The variables that `cargo run` and `cargo test` set for the running
/// package are removed: ring's build script reads them, so cargo would rebuild ring and all crates that depend on it.
#[must_use]
pub fn cargo() -> std::process::Command {
    let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Builds the workspace's binaries and returns the folder that they are in. Cargo draws its own progress on stderr,
/// unless it is to be quiet; then only errors are printed.
///
/// # Errors
/// When cargo is not there or the build fails.
pub async fn build_functions(checkout: &Checkout, quiet: bool) -> Result<PathBuf, BuildError> {
    let mut build = Command::from(cargo());
    // The messages say where the binaries are, which CARGO_TARGET_DIR and the user's own settings may move.
    build.args(["build", "--bins", "--message-format=json-render-diagnostics"]).current_dir(checkout.root());
    if quiet {
        build.arg("--quiet");
    }
    // Cargo compares the times of files, and throws away what it has not used for months.
    for (name, _) in shifted_clock() {
        build.env_remove(name);
    }
    build.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    let program = build.as_std().get_program().display().to_string();
    let failed = |source| BuildError::Cargo { cargo: program.clone(), source };
    let output = build.spawn().map_err(failed)?.wait_with_output().await.map_err(failed)?;
    if !output.status.success() {
        return Err(BuildError::Failed { status: output.status });
    }
    binaries_dir(&output.stdout).ok_or_else(|| BuildError::NoBinaries { root: checkout.root().to_owned() })
}

fn binaries_dir(messages: &[u8]) -> Option<PathBuf> {
    messages
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Message>(line).ok()?.executable)
        .find_map(|executable| executable.parent().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_the_binaries_is_what_cargo_says_it_is() {
        let messages = br#"{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}
{"reason":"build-script-executed","package_id":"x"}
{"reason":"compiler-artifact","target":{"name":"weir-ingest"},"executable":"/elsewhere/debug/weir-ingest"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(binaries_dir(messages), Some("/elsewhere/debug".into()));
        assert_eq!(binaries_dir(b"{\"reason\":\"build-finished\",\"success\":true}\n"), None);
    }
}
