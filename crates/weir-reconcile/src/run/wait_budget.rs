//! Waits for workers: a resource that one holds shows only afterwards which of its events are missing.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use weir_core::fence::Record;

use super::{Reconciler, Stop, page_scan::PageScan};
use crate::{ReconcileStore, change::Change};

const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// How long a walk may still wait for workers.
pub(super) struct WaitBudget(Duration);

impl Default for WaitBudget {
    /// A resource whose event failed stays closed for ten seconds.
    fn default() -> Self {
        Self(Duration::from_secs(12))
    }
}

impl<O: ReconcileStore> Reconciler<O> {
    /// What the fence knows of each of these, once no worker holds one of which something may be missing, or the wait budget is spent.
    pub(super) async fn settled(
        &self,
        scan: &PageScan<'_>,
        changes: &[Change],
        wait_budget: &mut WaitBudget,
    ) -> Result<Vec<Option<Record>>, Stop> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let key = |change: &Change| change.key(scan.request.shop, scan.request.app);
        let keys: Vec<String> = changes.iter().map(key).collect();
        let mut records = self.store.resources(&keys).await?;
        let mut pause = MIN_PAUSE;
        loop {
            let now = self.clock.now();
            let is_held = |at: &usize| scan.waits_for_a_worker(&changes[*at], records[*at].as_ref(), now);
            let held: Vec<usize> = (0..changes.len()).filter(is_held).collect();
            if held.is_empty() || wait_budget.0 < pause || Instant::now() + pause >= scan.call.deadline {
                return Ok(records);
            }
            sleep(pause).await;
            wait_budget.0 -= pause;
            pause = MAX_PAUSE.min(pause * 2);
            let keys: Vec<String> = held.iter().map(|at| keys[*at].clone()).collect();
            for (at, record) in held.into_iter().zip(self.store.resources(&keys).await?) {
                records[at] = record;
            }
        }
    }
}
