//! Ctrl-C ends a pass over the queues between two batches, so that what is hidden is given back.

use std::cell::Cell;

use crate::signals::Signals;

/// Runs `work` to its end; a signal sets `stopped`, a second one ends it where it is.
///
/// # Errors
/// Those of `work`; or that a second signal came.
pub(super) async fn until_asked<T>(
    stopped: &Cell<bool>,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let mut signals = Signals::listen()?;
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            ended = &mut work => return ended,
            signal = signals.next() => anyhow::ensure!(
                !stopped.replace(true),
                "ended by a second {signal}: what was hidden comes back within 15 minutes\n\
                 hint: `weir dlq history` says how far it came; nothing is lost, replay again"
            ),
        }
    }
}
