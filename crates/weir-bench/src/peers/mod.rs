//! What people would write instead: fetched by the package managers of their languages, pinned by their lock files.
//!
//! Their sources are in `bench/peers`, with what they do and why. What is installed stays until the sources change.

mod node;
mod python;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::subject::Subject;

pub use node::node;
pub use python::python;

/// One of them, ready to run.
#[derive(Debug)]
pub struct Peer {
    /// What is measured.
    pub subject: Subject,
    /// The size of ingest's artifact, unpacked.
    pub artifact: u64,
    /// Names and versions of what it is made of.
    pub versions: Vec<(String, String)>,
}

/// A folder with a copy of a peer's sources.
struct Workshop {
    folder: PathBuf,
    /// Whether nothing of it changed since it was last made.
    is_fresh: bool,
    digest: String,
}

impl Workshop {
    /// Copies the sources, and empties the folder first if they changed.
    fn open(sources: &Path, folder: &Path) -> Result<Self> {
        let digest = digest(sources)?;
        let is_fresh = fs::read_to_string(folder.join("made-from")).is_ok_and(|made| made == digest);
        if !is_fresh {
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("could not empty {}", folder.display()));
                }
                _ => copy(sources, folder)?,
            }
        }
        Ok(Self { folder: folder.to_owned(), is_fresh, digest })
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// From now on it counts as made.
    fn close(&self) -> Result<()> {
        fs::write(self.at("made-from"), &self.digest).context("could not write made-from")
    }

    /// A bootstrap that becomes this command.
    fn bootstrap(&self, name: &str, command: &[&str]) -> Result<PathBuf> {
        let quoted: Vec<String> = command.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
        let path = self.at(name);
        let script = format!("#!/bin/sh\nexec {}\n", quoted.join(" "));
        fs::write(&path, script).with_context(|| format!("could not write {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(path)
    }
}

/// Of all names and contents below.
fn digest(folder: &Path) -> Result<String> {
    let mut whole = Sha256::new();
    for path in files(folder)? {
        let content = fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
        whole.update(path.strip_prefix(folder)?.as_os_str().as_encoded_bytes());
        whole.update(content.len().to_be_bytes());
        whole.update(content);
    }
    Ok(whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for path in files(from)? {
        let copy = to.join(path.strip_prefix(from)?);
        fs::create_dir_all(copy.parent().unwrap_or(to))?;
        fs::copy(&path, &copy).with_context(|| format!("could not write {}", copy.display()))?;
    }
    Ok(())
}

/// Every file below, sorted. Links are not followed.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("could not list {}", next.display()))? {
            let entry = entry?;
            match entry.file_type()? {
                kind if kind.is_dir() => folders.push(entry.path()),
                kind if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    Ok(found)
}

/// All files below, in bytes.
fn size(folder: &Path) -> Result<u64> {
    files(folder)?.iter().map(|path| Ok(fs::metadata(path)?.len())).sum()
}

/// Runs it; what it prints is shown if it fails.
fn run(command: &mut Command, hint: &str) -> Result<String> {
    let name = command.get_program().display().to_string();
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("could not run {name}\nhint: {hint}"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).trim().to_owned()).concat();
        bail!("{name} failed ({}):\n{said}\nhint: {hint}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_peer_is_reused_until_its_sources_change() {
        let sources = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap().path().join("made");
        fs::create_dir(sources.path().join("src")).unwrap();
        fs::write(sources.path().join("src/a.js"), "1").unwrap();
        let open = || Workshop::open(sources.path(), &folder).unwrap();
        assert!(!open().is_fresh);
        assert_eq!(fs::read(folder.join("src/a.js")).unwrap(), b"1");
        assert!(!open().is_fresh, "it was left before it was made");
        open().close().unwrap();
        assert!(open().is_fresh);
        fs::write(sources.path().join("src/a.js"), "2").unwrap();
        fs::write(folder.join("left-over"), "").unwrap();
        assert!(!open().is_fresh);
        assert!(!folder.join("left-over").exists());
    }

    #[test]
    fn a_command_that_fails_says_what_it_printed_and_what_to_do() {
        let error = run(Command::new("sh").args(["-c", "echo broken >&2; exit 3"]), "mend it").unwrap_err();
        let said = error.to_string();
        assert!(said.contains("broken") && said.ends_with("hint: mend it"), "{said}");
    }
}
