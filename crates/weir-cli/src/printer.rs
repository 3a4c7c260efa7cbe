//! The one way out: data to stdout, progress and errors to stderr.

use std::fmt::Display;
use std::io::{self, Write};

use console::style;
use serde::Serialize;

use crate::problem::Shown;

/// Prints for people or, with `--json`, for programs. A write error of stdout is the command's error; one of stderr
/// is nobody's: there is no place left to report it.
#[derive(Debug)]
pub(crate) struct Printer {
    json: bool,
}

impl Printer {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether programs read what is printed.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// One item of data: a line of JSON, or lines for people.
    pub(crate) fn item<T: Serialize>(&self, value: &T, human: impl FnOnce(&T) -> String) -> io::Result<()> {
        let text = if self.json { serde_json::to_string(value)? } else { human(value) };
        self.write(text)
    }

    /// Data for people only: nothing with `--json`.
    pub(crate) fn line(&self, text: impl Display) -> io::Result<()> {
        if self.json { Ok(()) } else { self.write(text) }
    }

    /// A line about the work, not of its result.
    pub(crate) fn note(&self, text: impl Display) {
        to_stderr(text);
    }

    /// A step of long work.
    pub(crate) fn step(&self, text: impl Display) {
        to_stderr(format_args!("{} {text}", style("▸").cyan().for_stderr()));
    }

    /// Why the command failed.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        let shown = Shown::of(error);
        if self.json {
            match serde_json::to_string(&shown) {
                Ok(line) => to_stderr(line),
                Err(_) => to_stderr(shown.lines().join("\n")),
            }
            return;
        }
        for line in shown.lines() {
            match line.split_once(':') {
                Some(("error", rest)) => to_stderr(format_args!("{}:{rest}", style("error").red().bold().for_stderr())),
                Some(("hint", rest)) => to_stderr(format_args!("{}:{rest}", style("hint").cyan().bold().for_stderr())),
                _ => to_stderr(line),
            }
        }
    }

    fn write(&self, text: impl Display) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}")?;
        // What reads a stream wants each line when it is there.
        stdout.flush()
    }
}

fn to_stderr(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
