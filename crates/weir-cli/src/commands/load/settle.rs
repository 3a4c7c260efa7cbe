//! Waits until the accepted events have come to their end, as the ledger tells.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::audit::{Audit, Audited};
use crate::{signals::Signals, target::Evidence};

/// So many events are asked for in one look: ten requests, and as many read units as events.
const A_LOOK: usize = 1_000;

/// The shortest time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Waits as long as any event comes to its end within `patience`; a signal ends it. `tell` hears of each look.
pub(super) async fn settle(
    accepted: &HashMap<Arc<str>, u32>,
    evidence: &Evidence,
    patience: Duration,
    signals: &mut Signals,
    mut tell: impl FnMut(&Audit),
) -> anyhow::Result<(Audited, bool)> {
    let mut audit = Audit::new(accepted);
    let watched = async {
        let (mut last, mut changed_at, mut asked) = (audit.left(), Instant::now(), 0);
        loop {
            let keys = audit.next(A_LOOK);
            let records = evidence.ledger.get_many(&keys).await.map_err(|error| evidence.failed(error))?;
            audit.seen(&records);
            tell(&audit);
            if audit.is_settled() {
                return anyhow::Ok(());
            }
            let now = audit.left();
            let ended = last.saturating_sub(now);
            asked += keys.len();
            if now != last {
                (last, changed_at, asked) = (now, Instant::now(), 0);
            } else if changed_at.elapsed() >= patience && asked >= now {
                // Each that is open was looked at since, however many there are.
                return Ok(());
            }
            if ended * 2 < keys.len() {
                sleep(LOOK_EVERY).await;
            }
        }
    };
    let interrupted = tokio::select! {
        watched = watched => watched.map(|()| false)?,
        _ = signals.next() => true,
    };
    let in_lanes = if audit.is_settled() { 0 } else { evidence.in_lanes().await? };
    Ok((audit.result(in_lanes), interrupted))
}
