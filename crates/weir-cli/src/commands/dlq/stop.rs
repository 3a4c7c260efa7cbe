//! Ctrl-C: what is under way is finished, what is held is given back.

use tokio::sync::watch;

use crate::{exit::ExitStatus, signals::Signals};

/// Whether somebody asked to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Listens for signals from now on. A second one ends the process at once.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let mut signals = Signals::listen()?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            signals.next().await;
            sender.send_replace(true);
            signals.next().await;
            std::process::exit(ExitStatus::Interrupted.code().into());
        });
        Ok(Self(receiver))
    }

    #[cfg(test)]
    pub(crate) fn by_hand() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    pub(crate) fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for it.
    pub(crate) async fn wait(&self) {
        // Without a sender nobody can ask any more.
        if self.0.clone().wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
