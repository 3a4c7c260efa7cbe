//! The process's exit status.

use std::process::ExitCode;

/// How the process ends. `weir --help` lists these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// What was asked for is done.
    Done,
    /// It is not.
    Failed,
    /// The command line can't be followed. Clap ends with this number too.
    Usage,
    /// It is done, and what it looked at needs attention.
    Attention,
    /// Ctrl-C, before it was done.
    Interrupted,
}

impl ExitStatus {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Attention => 3,
            Self::Interrupted => 130,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}
