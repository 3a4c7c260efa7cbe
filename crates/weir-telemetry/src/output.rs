//! Where a function's lines go.

use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

/// Takes whole lines.
#[derive(Debug, Clone, Default)]
pub enum Output {
    /// Standard output, where Lambda collects them.
    #[default]
    Stdout,
    /// Kept in memory, for tests.
    Memory(Arc<Mutex<Vec<String>>>),
    /// Nowhere.
    Nowhere,
}

impl Output {
    /// Into memory.
    pub fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// The lines in memory, in order.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Memory(lines) => lines.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Self::Stdout | Self::Nowhere => Vec::new(),
        }
    }

    /// Writes a line in one piece: it must hold no line break.
    pub fn line(&self, mut line: String) {
        match self {
            Self::Stdout => {
                line.push('\n');
                // There is no place to report that the log can't be written.
                drop(std::io::stdout().lock().write_all(line.as_bytes()));
            }
            Self::Memory(lines) => lines.lock().unwrap_or_else(PoisonError::into_inner).push(line),
            Self::Nowhere => {}
        }
    }
}
