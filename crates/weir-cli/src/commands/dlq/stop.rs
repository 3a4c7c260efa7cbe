//! Ctrl-C: what is under way is finished, what is held is given back.

use weir_ops::dead_letters::Cancel;

use crate::{exit::ExitStatus, signals::Signals};

/// Listens for signals from now on. A second one ends the process at once.
pub(crate) fn listen() -> std::io::Result<Cancel> {
    let mut signals = Signals::listen()?;
    let (sender, cancel) = Cancel::new();
    tokio::spawn(async move {
        signals.next().await;
        sender.send_replace(true);
        signals.next().await;
        std::process::exit(ExitStatus::Interrupted.code().into());
    });
    Ok(cancel)
}
