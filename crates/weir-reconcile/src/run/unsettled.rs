//! Deliveries that failed or are parked: not missing, whatever the fence says.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;
use weir_core::{
    Topic, UnixMillis,
    ledger::{Key, Record},
    topics::happens_once,
};

use super::{
    Reconciler, Stop,
    page_scan::PageScan,
    repair::{LedgerStatus, MissedEvent, ledger_status},
};
use crate::{ReconcileStore, UnsettledEvent, change::Change};

/// Clocks differ: an event may seem to have been received before it happened.
const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// What failed or is parked, of all that was received since a moment.
pub(super) struct UnsettledEvents {
    since: UnixMillis,
    /// By topic and resource.
    keys: HashMap<(Topic, String), Vec<Key>>,
}

impl<O: ReconcileStore> Reconciler<O> {
    /// Those of which the ledger knows no delivery that failed or is parked. The others are counted. The index of trouble
    /// is read only if something seems to be missing: once a walk, and once more for an event that is older than the walk.
    pub(super) async fn not_unsettled<'a>(
        &self,
        scan: &mut PageScan<'_>,
        missed: Vec<MissedEvent<'a>>,
        changes: &[Change],
        unsettled: &mut Option<UnsettledEvents>,
    ) -> Result<Vec<MissedEvent<'a>>, Stop> {
        if missed.is_empty() {
            return Ok(missed);
        }
        let is_older = |one: &MissedEvent<'_>| one.at.as_millisecond() < scan.walk.from.0;
        let oldest = if missed.iter().any(is_older) { scan.bounds.once_from } else { scan.walk.from };
        let since = oldest.min(scan.walk.from) - CLOCK_SKEW;
        if unsettled.as_ref().is_none_or(|known| known.since > since) {
            let all = self.store.unsettled(scan.request.shop, since).await?;
            let mut keys: HashMap<_, Vec<_>> = HashMap::new();
            for UnsettledEvent { key, topic, resource, .. } in all.into_iter().filter(|one| one.app == scan.request.app)
            {
                keys.entry((topic, resource)).or_default().push(key);
            }
            *unsettled = Some(UnsettledEvents { since, keys });
        }
        let mut left = Vec::new();
        for one in missed {
            let (change, topic) = (&changes[one.change], &one.wanted.topic);
            let place = (Topic::from_stored(topic.as_str()), format!("{}/{}", change.kind.resource(), change.id));
            let keys = unsettled.as_ref().and_then(|unsettled| unsettled.keys.get(&place));
            let mut worst = LedgerStatus::Nothing;
            for key in keys.into_iter().flatten() {
                let record = self.store.event(key).await?;
                let is_of_it = record.as_ref().is_some_and(|record| is_of(record, topic, change));
                if is_of_it && worst != LedgerStatus::Ended && worst != LedgerStatus::OnItsWay {
                    worst = ledger_status(record.as_ref(), self.clock.now());
                }
            }
            match worst {
                LedgerStatus::Nothing => left.push(one),
                LedgerStatus::Ended => {}
                LedgerStatus::OnItsWay => scan.report.on_their_way += 1,
                LedgerStatus::Dead => scan.report.dead += 1,
            }
        }
        Ok(left)
    }
}

/// Whether the event tells of this change, and not of one before it.
fn is_of(record: &Record, topic: &str, change: &Change) -> bool {
    let triggered = || record.triggered_at.as_deref()?.parse::<Timestamp>().ok();
    happens_once(topic) || triggered().is_none_or(|at| at.as_second() >= change.updated.as_second())
}
