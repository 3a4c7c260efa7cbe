//! What asks a command that stays to end: Ctrl-C, `kill`, a closed terminal.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// From when this is made the signals no longer end the process by themselves.
pub(in crate::commands) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    pub(in crate::commands) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for one and names it.
    pub(in crate::commands) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hang_up.recv() => "SIGHUP",
        }
    }
}
