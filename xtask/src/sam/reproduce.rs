//! `cargo xtask sam reproduce`: does the same source make the same functions?

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::{artifacts::bootstraps, build::build};
use crate::{process, root, state_dir};

/// Two folders, whose names have nothing in common, not even their length.
const FOLDERS: [&str; 2] = ["reproduce/a", "reproduce/another-one/of-another-depth"];

/// Build what is committed twice, in two folders, from nothing, and compare the functions byte for byte.
///
/// Takes as long as two cold builds. Both have this machine's toolchain and Cargo home, whose path is in the functions: who
/// compares with another machine needs the same there.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cargo xtask sam reproduce --architecture x86_64 IngestFunction")]
pub(crate) struct Reproduce {
    /// The processor to build for
    #[arg(long, default_value = "arm64", value_parser = ["arm64", "x86_64"])]
    architecture: String,
    /// One function only, by its name in the template
    #[arg(value_name = "FUNCTION")]
    function: Option<String>,
}

impl Reproduce {
    pub(crate) fn run(&self) -> Result<()> {
        let mut builds = Vec::new();
        for folder in FOLDERS {
            let folder = state_dir().join(folder);
            if folder.exists() {
                fs::remove_dir_all(&folder).with_context(|| format!("could not remove {}", folder.display()))?;
            }
            // Without what is not committed, and with files of another age.
            process::run(Command::new("git").args(["clone", "--quiet"]).arg(root()).arg(&folder))?;
            build(&folder, &self.architecture, self.function.as_deref())?;
            builds.push(hashes(&folder.join(".aws-sam/build"))?);
            fs::remove_dir_all(&folder).with_context(|| format!("could not remove {}", folder.display()))?;
        }
        let [first, second] = &builds[..] else { bail!("there are not two builds") };
        let mut differ = Vec::new();
        for ((function, hash), other) in first.iter().zip(second) {
            println!("{hash}  {function}");
            if other.1 != *hash {
                println!("{}  {} the second time", other.1, other.0);
                differ.push(function.as_str());
            }
        }
        if !differ.is_empty() || first.len() != second.len() {
            bail!("the same source made other functions the second time: {}", differ.join(", "));
        }
        Ok(())
    }
}

fn hashes(build: &Path) -> Result<Vec<(String, String)>> {
    let hash = |(function, bootstrap): (String, std::path::PathBuf)| {
        let code = fs::read(&bootstrap).with_context(|| format!("could not read {}", bootstrap.display()))?;
        let digest = Sha256::digest(&code);
        Ok((function, digest.iter().map(|byte| format!("{byte:02x}")).collect()))
    };
    bootstraps(build)?.into_iter().map(hash).collect()
}
