//! Finds a Python that can carry the emulator.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::process::Stdio;

use tokio::process::Command;

/// The oldest Python that the emulator runs on.
const OLDEST: (u32, u32) = (3, 10);

/// Tried in this order: what the user calls Python first, then the newest that is known to have wheels.
const NAMES: [&str; 7] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python"];

/// Prints the version and whether `python -m venv` would work: Debian ships `venv` without `ensurepip`.
const PROBE: &str = "import sys\n\
                     try: import venv, ensurepip; whole = 1\n\
                     except ImportError: whole = 0\n\
                     print(sys.version_info[0], sys.version_info[1], whole)";

/// A Python that is new enough and can make a virtual environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Python {
    pub(crate) command: OsString,
}

/// Why one candidate will not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unfit {
    NotThere,
    DoesNotRun(String),
    TooOld(u32, u32),
    NoVenv(u32, u32),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThere => f.write_str("not found"),
            Self::DoesNotRun(why) => write!(f, "does not run: {why}"),
            Self::TooOld(major, minor) => write!(f, "is {major}.{minor}, too old"),
            Self::NoVenv(major, minor) => write!(f, "is {major}.{minor}, but has no venv module"),
        }
    }
}

/// Every candidate was unfit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoPython {
    pub(crate) tried: Vec<(OsString, Unfit)>,
}

impl fmt::Display for NoPython {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = OLDEST;
        write!(f, "the emulator needs Python {major}.{minor} or newer, with its venv module")?;
        // A name that is not there says nothing, unless none is there.
        let told: Vec<_> = self.tried.iter().filter(|(_, unfit)| *unfit != Unfit::NotThere).collect();
        for (command, unfit) in &told {
            write!(f, "\n  {} {unfit}", command.display())?;
        }
        if told.is_empty() {
            let names: Vec<_> = self.tried.iter().map(|(command, _)| command.display().to_string()).collect();
            write!(f, "\n  not found: {}", names.join(", "))?;
        }
        Ok(())
    }
}

impl NoPython {
    /// The Debian package that lacks to one of them.
    pub(crate) fn package(&self) -> Option<String> {
        self.tried.iter().find_map(|(_, unfit)| match unfit {
            Unfit::NoVenv(major, minor) => Some(format!("python{major}.{minor}-venv")),
            _ => None,
        })
    }
}

impl Python {
    /// `named` (the value of WEIR_PYTHON) and nothing else, or the first fit one of the usual names.
    pub(crate) async fn find(named: Option<OsString>) -> Result<Self, NoPython> {
        let candidates = named.map_or_else(|| NAMES.map(OsString::from).to_vec(), |one| vec![one]);
        let mut tried = Vec::new();
        for command in candidates {
            match probe(&command).await {
                Ok(()) => return Ok(Self { command }),
                Err(unfit) => tried.push((command, unfit)),
            }
        }
        Err(NoPython { tried })
    }
}

async fn probe(command: &OsStr) -> Result<(), Unfit> {
    // `-I`: a PYTHONPATH that is set for something else must not change the answer.
    let mut python = Command::new(command);
    python.args(["-I", "-c", PROBE]).stdin(Stdio::null()).kill_on_drop(true);
    match python.output().await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Unfit::NotThere),
        Err(error) => Err(Unfit::DoesNotRun(error.to_string())),
        Ok(output) if output.status.success() => judge(&String::from_utf8_lossy(&output.stdout)),
        // Python 2 does not know -I; a version manager's stand-in says on its first line what it lacks.
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            Err(Unfit::DoesNotRun(errors.lines().next().unwrap_or("it failed without a word").to_owned()))
        }
    }
}

fn judge(printed: &str) -> Result<(), Unfit> {
    let numbers: Vec<u32> = printed.split_whitespace().map_while(|word| word.parse().ok()).collect();
    match numbers[..] {
        [major, minor, _] if (major, minor) < OLDEST => Err(Unfit::TooOld(major, minor)),
        [major, minor, 0] => Err(Unfit::NoVenv(major, minor)),
        [_, _, _] => Ok(()),
        _ => Err(Unfit::DoesNotRun(format!("it printed {printed:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_is_judged_by_its_version_and_its_venv() {
        assert_eq!(judge("3 10 1\n"), Ok(()));
        assert_eq!(judge("3 14 1"), Ok(()));
        assert_eq!(judge("3 9 1"), Err(Unfit::TooOld(3, 9)));
        assert_eq!(judge("2 7 0"), Err(Unfit::TooOld(2, 7)));
        assert_eq!(judge("3 13 0"), Err(Unfit::NoVenv(3, 13)));
        assert!(matches!(judge("hello"), Err(Unfit::DoesNotRun(_))));
    }

    #[tokio::test]
    async fn the_python_that_was_named_is_the_only_one_tried() {
        let error = Python::find(Some("no-such-python".into())).await.unwrap_err();
        assert_eq!(error.tried, [("no-such-python".into(), Unfit::NotThere)]);
        let text = error.to_string();
        assert!(text.contains("not found: no-such-python"), "{text}");
        assert_eq!(error.package(), None);
    }

    #[test]
    fn a_missing_venv_module_is_told_with_the_package_that_has_it() {
        let none = NoPython { tried: vec![("python3".into(), Unfit::NoVenv(3, 12))] };
        assert!(none.to_string().contains("python3 is 3.12, but has no venv module"), "{none}");
        assert_eq!(none.package().as_deref(), Some("python3.12-venv"));
    }
}
