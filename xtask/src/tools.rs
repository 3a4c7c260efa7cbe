//! `cargo xtask tools`: the Python tools that CI uses, at their pinned versions.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{process, root, state_dir};

/// Install the pinned Python tools (sam, cfn-lint, cargo-lambda, zig, typos) into target/weir/tools and print the folder
/// of their commands.
///
/// Does nothing while infra/tools/requirements.txt is what they were installed from. Needs Python 3.10 or newer, with
/// its venv module; WEIR_PYTHON names the one to use.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  PATH=\"$(cargo xtask tools):$PATH\" sam build")]
pub(crate) struct Tools {}

impl Tools {
    pub(crate) fn run(&self) -> Result<()> {
        println!("{}", bin()?.display());
        Ok(())
    }
}

/// What would lead pip or Python away from the new environment.
const MISLEADING: [&str; 6] =
    ["PYTHONHOME", "PYTHONPATH", "PIP_PREFIX", "PIP_TARGET", "PIP_USER", "PIP_REQUIRE_VIRTUALENV"];

/// The folder of the tools' commands, installed if need be.
pub(crate) fn bin() -> Result<PathBuf> {
    let requirements = root().join("infra/tools/requirements.txt");
    let pins =
        fs::read_to_string(&requirements).with_context(|| format!("could not read {}", requirements.display()))?;
    let dir = state_dir().join("tools");
    fs::create_dir_all(state_dir()).with_context(|| format!("could not create {}", state_dir().display()))?;
    // One installs, others wait: they would write the same files.
    let lock = File::create(state_dir().join("tools.lock")).context("could not create a lock in target/weir")?;
    lock.lock().context("could not lock target/weir/tools.lock")?;
    if !is_whole(&dir, &pins) {
        install(&dir, &requirements)?;
        fs::write(dir.join(MARKER), &pins).context("could not write to target/weir/tools")?;
    }
    Ok(dir.join("bin"))
}

/// Holds the pins that were installed. Written last, so that an interrupted installation is seen and done again.
const MARKER: &str = "weir-installed.txt";

fn is_whole(dir: &Path, pins: &str) -> bool {
    let installed = fs::read_to_string(dir.join(MARKER)).is_ok_and(|installed| installed == pins);
    // The interpreter is a link to a Python that may have been removed since.
    installed && dir.join("bin/python").is_file()
}

fn install(dir: &Path, requirements: &Path) -> Result<()> {
    let python = python()?;
    eprintln!("Installing the pinned Python tools into {} (once, about 700 MB)", dir.display());
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("could not remove {}", dir.display()))?;
    }
    process::run(clean(&python).args(["-m", "venv"]).arg(dir))
        .context("could not make a Python environment: on Debian and Ubuntu, `apt-get install python3-venv` adds it")?;
    let mut pip = clean(dir.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]);
    // The file names every package with its hash. Left to resolve, pip refuses a package that another asks for with extras.
    process::run(pip.args(["--require-hashes", "--no-deps", "-r"]).arg(requirements))
        .context("could not install the Python tools")
}

/// Without what is set for another Python.
fn clean(python: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(python);
    for name in MISLEADING {
        command.env_remove(name);
    }
    command.arg("-I");
    command
}

/// The Python of WEIR_PYTHON, or the first of the usual names that is new enough.
fn python() -> Result<String> {
    const NAMES: [&str; 7] =
        ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python"];
    let named = std::env::var("WEIR_PYTHON").ok().filter(|named| !named.is_empty());
    let candidates = named.map_or_else(|| NAMES.map(str::to_owned).to_vec(), |named| vec![named]);
    let fits = |python: &&String| {
        let probe = "import sys; print(sys.version_info >= (3, 10))";
        process::output(clean(python).args(["-c", probe])).is_some_and(|printed| printed.trim() == "True")
    };
    match candidates.iter().find(fits) {
        Some(python) => Ok(python.clone()),
        None => bail!(
            "no Python 3.10 or newer was found (tried {}): install one, or name it in WEIR_PYTHON",
            candidates.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One hash is enough for pip to ask for all of them, so a file without any is what this finds.
    #[test]
    fn every_python_package_is_pinned_by_version_and_hash() {
        for folder in ["infra/emulator", "infra/tools", "bench/peers/python"] {
            let text = fs::read_to_string(root().join(folder).join("requirements.txt")).unwrap();
            let joined = text.replace("\\\n", " ");
            let packages: Vec<&str> =
                joined.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
            assert!(packages.len() >= 10, "{folder}: {} packages", packages.len());
            for package in packages {
                assert!(package.contains("==") && package.contains(" --hash=sha256:"), "{folder}: {package}");
            }
        }
    }
}
