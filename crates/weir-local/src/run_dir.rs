//! One folder for each run of an emulator: its log, and a scratch folder that goes with it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// So many finished runs keep their logs.
const KEPT: usize = 20;

/// A log of this many lines fits an error message.
const TAIL_LINES: usize = 15;

#[derive(Debug)]
pub(crate) struct RunDir {
    dir: PathBuf,
}

impl RunDir {
    /// A new one under `runs`, after removing the oldest finished ones.
    pub(crate) fn create(runs: &Path) -> io::Result<Self> {
        fs::create_dir_all(runs)?;
        prune(runs)?;
        let dir = tempfile::Builder::new().prefix("run-").tempdir_in(runs)?.keep();
        fs::create_dir(dir.join("scratch"))?;
        Ok(Self { dir })
    }

    /// Tells this run from every other.
    pub(crate) fn id(&self) -> String {
        self.dir.file_name().map(|name| name.display().to_string()).unwrap_or_default()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join(LOG)
    }

    pub(crate) fn scratch(&self) -> PathBuf {
        self.dir.join("scratch")
    }

    /// The log, open and locked. Every process that writes to this file shares the lock, and it ends with the last of
    /// them: that is how [`prune`] knows that a run is over, however it ended.
    pub(crate) fn open_log(&self) -> io::Result<File> {
        let log = File::create(self.log())?;
        log.lock()?;
        Ok(log)
    }
}

const LOG: &str = "emulator.log";

fn prune(runs: &Path) -> io::Result<()> {
    let mut logs = Vec::new();
    for run in fs::read_dir(runs)? {
        let dir = run?.path();
        // Another process may remove it at this moment.
        if let Ok(changed) = fs::metadata(dir.join(LOG)).and_then(|log| log.modified()) {
            logs.push((changed, dir));
        }
    }
    logs.sort();
    logs.truncate(logs.len().saturating_sub(KEPT));
    for (_, dir) in logs {
        let over = File::open(dir.join(LOG)).is_ok_and(|log| log.try_lock().is_ok());
        if over && let Err(error) = fs::remove_dir_all(&dir) {
            // Gone already is what was wanted.
            if error.kind() != io::ErrorKind::NotFound {
                return Err(error);
            }
        }
    }
    Ok(())
}

/// The last lines of a log, indented; empty when there is none.
pub(crate) fn tail(log: &Path) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(8192)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_else(|error| format!("(the log cannot be read: {error})"));
    let lines: Vec<_> = text.lines().collect();
    let from = lines.len().saturating_sub(TAIL_LINES);
    lines[from..].iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_runs_are_removed_but_never_one_that_still_runs() {
        let runs = tempfile::tempdir().unwrap();
        let oldest = RunDir::create(runs.path()).unwrap();
        let held = oldest.open_log().unwrap();
        let rest: Vec<_> = (0..KEPT + 2)
            .map(|_| {
                let run = RunDir::create(runs.path()).unwrap();
                drop(run.open_log().unwrap());
                run
            })
            .collect();
        RunDir::create(runs.path()).unwrap();
        assert!(oldest.log().exists(), "still running");
        let left = rest.iter().filter(|run| run.log().exists()).count();
        assert!(left <= KEPT, "{left} finished runs are left");
        drop(held);
    }

    #[test]
    fn the_tail_is_the_last_lines() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        fs::write(&log, (0..1000).map(|n| format!("line {n}\n")).collect::<String>()).unwrap();
        let tail = tail(&log);
        assert_eq!(tail.lines().count(), TAIL_LINES);
        assert!(tail.ends_with("line 999"), "{tail}");
    }
}
