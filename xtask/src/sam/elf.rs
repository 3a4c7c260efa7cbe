//! What an executable needs of the machine it runs on.

use std::{fmt, fs, path::Path};

use anyhow::{Context, Result, bail};
use object::{
    Endianness,
    elf::{EM_AARCH64, EM_X86_64, FileHeader64},
    read::elf::FileHeader as _,
};

/// A version of glibc, as 2.34.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Glibc(pub(super) u32, pub(super) u32);

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// What was read of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Needs {
    /// As the template names processors.
    pub(super) architecture: &'static str,
    /// The newest version of glibc that a symbol is asked of; none, if it is linked statically.
    pub(super) glibc: Option<Glibc>,
}

/// Reads an executable.
pub(super) fn needs(path: &Path) -> Result<Needs> {
    let data = fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
    read(&data).with_context(|| format!("{} is not an executable for Lambda", path.display()))
}

fn read(data: &[u8]) -> Result<Needs> {
    let header = FileHeader64::<Endianness>::parse(data)?;
    let endian = header.endian()?;
    let architecture = match header.e_machine(endian) {
        EM_X86_64 => "x86_64",
        EM_AARCH64 => "arm64",
        other => bail!("Lambda has no processor of ELF's number {other}"),
    };
    let sections = header.sections(endian, data)?;
    let mut newest = None;
    if let Some((mut libraries, names)) = sections.gnu_verneed(endian, data)? {
        let names = sections.strings(endian, data, names)?;
        while let Some((_, mut versions)) = libraries.next()? {
            while let Some(version) = versions.next()? {
                newest = newest.max(glibc(version.name(endian, names)?));
            }
        }
    }
    Ok(Needs { architecture, glibc: newest })
}

/// Of `GLIBC_2.34`, and of `GLIBC_2.2.5` its 2.2. Other libraries' versions are not glibc's.
fn glibc(name: &[u8]) -> Option<Glibc> {
    let mut numbers = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?.split('.');
    Some(Glibc(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(glibc(b"GLIBC_2.2.5"), Some(Glibc(2, 2)));
        assert!(glibc(b"GLIBC_2.34") > glibc(b"GLIBC_2.9"));
        assert_eq!(glibc(b"GCC_3.0"), None);
        assert_eq!(glibc(b"GLIBC_PRIVATE"), None);
    }

    /// This very test is linked to this machine's glibc.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn an_executable_of_this_machine_needs_its_glibc() {
        let this = std::env::current_exe().unwrap();
        let needs = needs(&this).unwrap();
        assert_eq!(needs.architecture, if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" });
        assert!(needs.glibc.unwrap() > Glibc(2, 2), "{needs:?}");
    }

    #[test]
    fn file_that_is_no_executable_is_an_error() {
        let error = format!("{:#}", read(b"#!/bin/sh").unwrap_err());
        assert!(!error.is_empty());
    }
}
