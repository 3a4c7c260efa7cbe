//! The one way out: data to stdout, progress and errors to stderr, and nothing that a terminal would act on.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use console::style;
use serde::Serialize;

use crate::{printable, problem::Shown};

/// Prints for people or, with `--json`, for programs. A write error of stdout is the command's error; one of stderr
/// is nobody's: there is no place left to report it.
#[derive(Debug)]
pub(crate) struct Printer {
    json: bool,
    /// When something was last printed.
    printed_at: Mutex<Instant>,
    /// Whether the command waits for what may come, and is silent meanwhile.
    waits: AtomicBool,
}

impl Printer {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, printed_at: Mutex::new(Instant::now()), waits: AtomicBool::new(false) }
    }

    /// For how long nothing was printed.
    pub(crate) fn silence(&self) -> Duration {
        self.printed_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    fn prints(&self) {
        *self.printed_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// From now on silence is no work: the command waits for what may come.
    pub(crate) fn waits(&self) {
        self.waits.store(true, Ordering::Relaxed);
    }

    /// Says that the work goes on, to a person who looks on.
    pub(crate) fn still_working(&self, since: Duration) {
        if !self.waits.load(Ordering::Relaxed) && !self.json && io::stderr().is_terminal() {
            self.step(format!("still at work after {} s; Ctrl-C ends it", since.as_secs()));
        }
    }

    /// Whether programs read what is printed.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// One item of data: a line of JSON, or lines for people.
    pub(crate) fn item<T: Serialize>(&self, value: &T, human: impl FnOnce(&T) -> String) -> io::Result<()> {
        self.prints();
        to_stdout(&rendered(self.json, value, human)?)
    }

    /// Data for people only: nothing with `--json`.
    pub(crate) fn line(&self, text: impl Display) -> io::Result<()> {
        self.prints();
        if self.json { Ok(()) } else { to_stdout(&printable::lines(&text.to_string())) }
    }

    /// A body: byte for byte where it goes to a file or a program, escaped where somebody looks at it.
    pub(crate) fn body(&self, bytes: &[u8]) -> io::Result<()> {
        self.prints();
        let mut stdout = io::stdout().lock();
        stdout.write_all(&as_seen(bytes, stdout.is_terminal()))?;
        stdout.flush()
    }

    /// A line about the work, not of its result.
    pub(crate) fn note(&self, text: impl Display) {
        self.prints();
        let text = text.to_string();
        to_stderr(if self.json { printable::json(&text) } else { printable::lines(&text) });
    }

    /// A step of long work.
    pub(crate) fn step(&self, text: impl Display) {
        self.prints();
        let text = text.to_string();
        to_stderr(format_args!("{} {}", style("▸").cyan().for_stderr(), printable::lines(&text)));
    }

    /// Why the command failed.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        let shown = Shown::of(error);
        if self.json {
            match serde_json::to_string(&shown) {
                Ok(line) => to_stderr(printable::json(&line)),
                Err(_) => to_stderr(printable::lines(&shown.lines().join("\n"))),
            }
            return;
        }
        for line in shown.lines() {
            let line = printable::lines(&line);
            match line.split_once(':') {
                Some(("error", rest)) => to_stderr(format_args!("{}:{rest}", style("error").red().bold().for_stderr())),
                Some(("hint", rest)) => to_stderr(format_args!("{}:{rest}", style("hint").cyan().bold().for_stderr())),
                _ => to_stderr(line),
            }
        }
    }
}

/// An item as it is printed.
pub(crate) fn rendered<T: Serialize>(json: bool, value: &T, human: impl FnOnce(&T) -> String) -> io::Result<String> {
    let shown = match json {
        true => printable::json(&serde_json::to_string(value)?).into_owned(),
        false => printable::lines(&human(value)).into_owned(),
    };
    Ok(shown)
}

fn as_seen(body: &[u8], is_terminal: bool) -> Cow<'_, [u8]> {
    if is_terminal { (printable::body(body) + "\n").into_bytes().into() } else { body.into() }
}

fn to_stdout(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    // What reads a stream wants each line when it is there.
    stdout.flush()
}

fn to_stderr(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_is_escaped_on_a_terminal_and_raw_elsewhere() {
        let body = b"{\"a\":\"\x1b]52;c;aGk=\x07\"}\xff";
        assert_eq!(as_seen(body, false).as_ref(), body);
        assert_eq!(as_seen(body, true).as_ref(), b"{\"a\":\"\\u{1b}]52;c;aGk=\\u{7}\"}\\xff\n");
    }

    /// A command that wrote past the printer would write what strangers wrote.
    #[test]
    fn no_other_file_writes_to_the_terminal() {
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("printer.rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let writes = ["io::stdout().lock", "io::stderr()", "print!(", "println!("];
                    assert!(writes.iter().all(|call| !text.contains(call)), "{} writes by itself", path.display());
                }
            }
        }
    }
}
