//! Installs the pinned emulator into a virtual environment of its own, once for each set of pins.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use crate::pip::{self, PipFailure};
use crate::python::Python;
use crate::{Checkout, Progress, shifted_clock};

/// Written last, so that an installation that was interrupted is seen and done again.
const MARKER: &str = "weir-installed";

/// What would lead pip or Python away from the new environment.
const MISLEADING: [&str; 6] =
    ["PYTHONHOME", "PYTHONPATH", "PIP_PREFIX", "PIP_TARGET", "PIP_USER", "PIP_REQUIRE_VIRTUALENV"];

/// An emulator that is ready to start.
#[derive(Debug, Clone)]
pub struct Installation {
    pub(crate) python: PathBuf,
    pub(crate) supervisor: PathBuf,
    pub(crate) runs: PathBuf,
}

/// The emulator could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// No Python on this machine will do; says which were tried.
    #[error("{tried}")]
    Python {
        /// Which, and why each is unfit.
        tried: String,
        /// A Debian package that would make one of them fit.
        package: Option<String>,
    },
    /// The package index was not reached.
    #[error("could not download the emulator: the Python package index was not reached\n{said}")]
    Network {
        /// pip's last lines.
        said: String,
    },
    /// There was no room for it.
    #[error("the disk is full: the emulator needs about 150 MB in {dir}")]
    DiskFull {
        /// Where it was to be installed.
        dir: PathBuf,
    },
    /// `python -m venv` or pip failed for another reason.
    #[error("could not install the emulator: `{command}` failed\n{said}")]
    Failed {
        /// What was run.
        command: String,
        /// Its last lines.
        said: String,
        /// Where it was to be installed.
        dir: PathBuf,
    },
    /// A file could not be read or written.
    #[error("could not {doing} {path}")]
    Io {
        /// The verb.
        doing: &'static str,
        /// The object.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl Installation {
    /// The emulator of this checkout's pins: the one that is there, or a new one. Where several processes ask at once,
    /// one installs and the others wait for it. `WEIR_PYTHON` names the Python to use.
    ///
    /// # Errors
    /// When there is no Python, no network or no room; see [`InstallError`].
    pub async fn ensure(checkout: &Checkout, progress: Progress<'_>) -> Result<Self, InstallError> {
        let pins = checkout.emulator_dir().join("requirements.txt");
        let text = fs::read(&pins).map_err(io_error("read", &pins))?;
        let state = checkout.state_dir();
        fs::create_dir_all(&state).map_err(io_error("create", &state))?;
        let name = format!("emulator-{}", fingerprint(&text));
        let dir = state.join(&name);
        let installation = Self {
            python: dir.join("bin/python"),
            supervisor: checkout.emulator_dir().join("run.py"),
            runs: state.join("run"),
        };
        if installation.is_whole(&dir) {
            return Ok(installation);
        }

        let lock = lock(state.join(format!("{name}.lock")), progress).await?;
        // Another process may have installed it while this one waited.
        if !installation.is_whole(&dir) {
            installation.install(&dir, &pins, &lock, progress).await?;
        }
        Ok(installation)
    }

    /// Its Python, which has AWS's own translator of SAM templates.
    #[must_use]
    pub fn python(&self) -> &Path {
        &self.python
    }

    /// The marker alone is not enough: the interpreter is a link to a Python that may have been removed since.
    fn is_whole(&self, dir: &Path) -> bool {
        dir.join(MARKER).is_file() && self.python.is_file()
    }

    async fn install(&self, dir: &Path, pins: &Path, lock: &File, progress: Progress<'_>) -> Result<(), InstallError> {
        let python = Python::find(std::env::var_os("WEIR_PYTHON").filter(|named| !named.is_empty()))
            .await
            .map_err(|none| InstallError::Python { tried: none.to_string(), package: none.package() })?;
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(io_error("remove", dir)(error)),
            _ => {}
        }
        progress("Installing the emulator (once): making a Python environment");
        run(Command::new(&python.command).arg("-I").args(["-m", "venv"]).arg(dir), dir, lock, &|_| {}).await?;
        let tell = |line: &str| {
            if let Some(step) = pip::step(line) {
                progress(&format!("Installing the emulator (once): {step}"));
            }
        };
        let mut pip = Command::new(&self.python);
        pip.args(["-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]);
        run(pip.arg("-r").arg(pins), dir, lock, &tell).await?;
        let marker = dir.join(MARKER);
        fs::write(&marker, "").map_err(io_error("write", &marker))
    }
}

/// Takes the lock on `path`, and says so when that means to wait.
async fn lock(path: PathBuf, progress: Progress<'_>) -> Result<File, InstallError> {
    let file = File::create(&path).map_err(io_error("create", &path))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::Error(error)) => return Err(io_error("lock", &path)(error)),
        Err(TryLockError::WouldBlock) => progress("Another process is installing the emulator: waiting for it"),
    }
    let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
    locked.map_err(io::Error::other).flatten().map_err(io_error("lock", &path))
}

/// Runs one step of the installation, passing on each line that it prints.
///
/// The lock is the step's stdin: should this process be killed, the lock lasts as long as the step, and nobody
/// installs into the same folder beside it.
async fn run(step: &mut Command, dir: &Path, lock: &File, line: &(dyn Fn(&str) + Sync)) -> Result<(), InstallError> {
    let failed = |error| InstallError::Io { doing: "run the Python for", path: dir.to_owned(), source: error };
    let stdin = lock.try_clone().map_err(failed)?;
    for name in MISLEADING {
        step.env_remove(name);
    }
    // The package index is not of the day that a test pretends: its certificate would have expired.
    for (name, _) in shifted_clock() {
        step.env_remove(name);
    }
    step.stdin(Stdio::from(stdin)).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = step.spawn().map_err(failed)?;
    let (Some(stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(failed(io::Error::other("its output was not piped")));
    };
    let mut said = String::new();
    let mut errors = Vec::new();
    let printed = async {
        let mut lines = BufReader::new(stdout).lines();
        while let Some(text) = lines.next_line().await? {
            line(&text);
            said.push_str(&text);
            said.push('\n');
        }
        io::Result::Ok(())
    };
    let (printed, read) = tokio::join!(printed, stderr.read_to_end(&mut errors));
    printed.map_err(failed)?;
    read.map_err(failed)?;
    let status = child.wait().await.map_err(failed)?;
    if status.success() {
        return Ok(());
    }
    said.push_str(&String::from_utf8_lossy(&errors));
    Err(match pip::failure(&said) {
        PipFailure::DiskFull => InstallError::DiskFull { dir: dir.to_owned() },
        PipFailure::Network => InstallError::Network { said: last_lines(&said, 3) },
        PipFailure::Other => {
            let words = step.as_std();
            let command: Vec<_> = std::iter::once(words.get_program()).chain(words.get_args()).collect();
            InstallError::Failed {
                command: command.join(std::ffi::OsStr::new(" ")).display().to_string(),
                said: last_lines(&said, 12),
                dir: dir.to_owned(),
            }
        }
    })
}

fn io_error<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> InstallError + 'a {
    move |source| match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => InstallError::DiskFull { dir: path.to_owned() },
        _ => InstallError::Io { doing, path: path.to_owned(), source },
    }
}

fn fingerprint(pins: &[u8]) -> String {
    Sha256::digest(pins).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(count);
    lines[from..].iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
