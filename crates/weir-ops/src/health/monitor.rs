//! What the monitor and the reconciliation left behind.

use std::time::Duration;

use jiff::Timestamp;
use resilience::UnixMillis;
use weir_aws::DocumentStore;
use weir_reconcile::{REPORTS, Report};
use weir_subscriptions::{
    drift,
    progress::{self, ROUND, Round},
};

use super::{error::HealthError, model::DriftStatus};

/// Shops that differ, of which so many are named.
const MOST_DRIFTED: usize = 20;
/// Reports of the last day, of which so many are read.
const MOST_REPORTS: usize = 200;
const DAY: Duration = Duration::from_secs(86_400);

pub(super) async fn read(operations: &DocumentStore, now: UnixMillis) -> Result<DriftStatus, HealthError> {
    let (round, drifts, reports) = tokio::try_join!(
        operations.get::<Round>(progress::COLLECTION, ROUND),
        operations.list::<drift::Drift>(drift::COLLECTION, false, MOST_DRIFTED),
        operations.list::<Report>(REPORTS, true, MOST_REPORTS),
    )?;
    let mut found = DriftStatus::default();
    if let Some(round) = round.map(|round| round.value) {
        let ended = round.ended_at.parse().ok().map(|at: Timestamp| UnixMillis(at.as_millisecond()));
        found.monitored_seconds = ended.map(|ended| now.since(ended).as_secs());
        found.monitored = Some(round.ended_at);
        found.shops = round.shops;
    }
    for document in drifts {
        // `{app}/{shop}`
        let shop = document.name.split_once('/').map_or(document.name.as_str(), |(_, shop)| shop).to_owned();
        let shops = if document.value.repaired_at.is_none() { &mut found.drifted } else { &mut found.recovering };
        shops.push(shop);
    }
    let today = reports.into_iter().map(|document| document.value).filter(|report| now.since(report.began_at) < DAY);
    found.missing_today = today.map(|report| u64::from(report.missing())).sum();
    Ok(found)
}
