//! Waits until the accepted events have come to their end, as the ledger tells.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{Audit, AuditReport, LedgerProbe, ProbeError};

/// So many events are asked for in one look: ten requests, and as many read units as events.
const EVENTS_PER_LOOK: usize = 1_000;

/// The shortest time between two looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Waits as long as any event comes to its end within `timeout`. `interrupt` ends it, and the second part of the result says
/// so. `progress` is called after each look.
///
/// # Errors
/// If the ledger or a lane can't be read.
pub async fn settle(
    accepted: &HashMap<Arc<str>, u32>,
    probe: &LedgerProbe,
    timeout: Duration,
    mut interrupt: impl AsyncFnMut(),
    mut progress: impl FnMut(&Audit),
) -> Result<(AuditReport, bool), ProbeError> {
    let mut audit = Audit::new(accepted);
    let watched = async {
        let (mut last, mut changed_at, mut asked) = (audit.left(), Instant::now(), 0);
        loop {
            let keys = audit.next(EVENTS_PER_LOOK);
            let records = probe.records(&keys).await?;
            audit.seen(&records);
            progress(&audit);
            if audit.is_settled() {
                return Ok::<_, ProbeError>(());
            }
            let now = audit.left();
            let ended = last.saturating_sub(now);
            asked += keys.len();
            if now != last {
                (last, changed_at, asked) = (now, Instant::now(), 0);
            } else if changed_at.elapsed() >= timeout && asked >= now {
                // Each that is open was looked at since, however many there are.
                return Ok(());
            }
            if ended * 2 < keys.len() {
                sleep(LOOK_INTERVAL).await;
            }
        }
    };
    let interrupted = tokio::select! {
        watched = watched => watched.map(|()| false)?,
        () = interrupt() => true,
    };
    let in_lanes = if audit.is_settled() { 0 } else { probe.in_lanes().await? };
    Ok((audit.result(in_lanes), interrupted))
}
