//! The file that messages are exported to before they are dropped.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::Serialize;
use weir_aws::dead_letters::DeadLetter;
use weir_core::Lane;

use super::error::DeadLetterError;

/// A file of JSON lines, for its owner's eyes only: bodies are in there.
#[derive(Debug)]
pub struct Export {
    path: PathBuf,
    file: File,
}

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    lane: Lane,
    message_id: &'a str,
    group: Option<&'a str>,
    sent_at: String,
    message: &'a str,
}

impl Export {
    /// Opens it, or makes it. What is in there stays.
    ///
    /// # Errors
    /// If it can't be opened.
    pub fn open(path: &Path) -> Result<Self, DeadLetterError> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        let file = file.map_err(|source| DeadLetterError::Export { path: path.display().to_string(), source })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Adds messages, and returns once the disk has them.
    pub(super) fn add<'a>(
        &mut self,
        letters: impl Iterator<Item = (Lane, &'a DeadLetter)>,
    ) -> Result<(), DeadLetterError> {
        let mut lines = Vec::new();
        for (lane, letter) in letters {
            let line = Line {
                lane,
                message_id: &letter.id,
                group: letter.group.as_deref(),
                sent_at: letter.sent_at.to_string(),
                message: &letter.body,
            };
            if serde_json::to_writer(&mut lines, &line).is_ok() {
                lines.push(b'\n');
            }
        }
        let written = self.file.write_all(&lines).and_then(|()| self.file.sync_data());
        written.map_err(|source| DeadLetterError::Export { path: self.path.display().to_string(), source })
    }
}
