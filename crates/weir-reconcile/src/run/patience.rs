//! Resources that a worker holds: of which topic its event is nobody knows but it, and it ends soon.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use weir_core::fence::Record;

use super::{Reconciler, Stop, look::Look};
use crate::{Outside, change::Change};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long a walk may still wait for workers.
pub(super) struct Patience(Duration);

impl Default for Patience {
    /// A resource whose event failed stays closed for ten seconds.
    fn default() -> Self {
        Self(Duration::from_secs(12))
    }
}

impl<O: Outside> Reconciler<O> {
    /// What the fence knows of each of these, once no worker holds one of which something may be missing, or patience ends.
    pub(super) async fn settled(
        &self,
        look: &Look<'_>,
        changes: &[Change],
        patience: &mut Patience,
    ) -> Result<Vec<Option<Record>>, Stop> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let key = |change: &Change| change.key(look.request.shop.as_str(), look.request.app);
        let keys: Vec<String> = changes.iter().map(key).collect();
        let mut records = self.outside.resources(&keys).await?;
        let mut pause = FIRST_PAUSE;
        loop {
            let now = self.clock.now();
            let is_held = |at: &usize| look.waits_for_a_worker(&changes[*at], records[*at].as_ref(), now);
            let held: Vec<usize> = (0..changes.len()).filter(is_held).collect();
            if held.is_empty() || patience.0 < pause || Instant::now() + pause >= look.call.deadline {
                return Ok(records);
            }
            sleep(pause).await;
            patience.0 -= pause;
            pause = LONGEST_PAUSE.min(pause * 2);
            let keys: Vec<String> = held.iter().map(|at| keys[*at].clone()).collect();
            for (at, record) in held.into_iter().zip(self.outside.resources(&keys).await?) {
                records[at] = record;
            }
        }
    }
}
