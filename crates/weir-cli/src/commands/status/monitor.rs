//! What the monitor and the reconciliation left behind.

use std::time::Duration;

use jiff::Timestamp;
use resilience::UnixMillis;
use serde::Deserialize;
use serde_json::value::RawValue;
use weir_aws::Operations;
use weir_recovery::Report;

use super::model::Drift;

/// As `weir-monitor` writes it.
#[derive(Debug, Deserialize)]
struct Round {
    ended_at: String,
    shops: u64,
}

/// More shops than fit on a screen.
const DRIFTS: usize = 100;

/// Reports of what was missing, the newest of them.
const REPORTS: usize = 300;

const DAY: Duration = Duration::from_secs(86_400);

pub(super) async fn read(operations: &Operations, now: UnixMillis) -> anyhow::Result<Drift> {
    let (round, drifts, reports) = tokio::try_join!(
        operations.get::<Round>("monitor", "round"),
        // Which shops, their names say.
        operations.list::<Box<RawValue>>("drift", false, DRIFTS),
        operations.list::<Report>("reconciliations", true, REPORTS),
    )?;
    let mut drift = Drift { drifted: drifts.into_iter().map(|one| one.name).collect(), ..Drift::default() };
    if let Some(Round { ended_at, shops }) = round.map(|round| round.value) {
        let at = ended_at.parse().ok().map(|at: Timestamp| UnixMillis(at.as_millisecond()));
        drift.monitored_seconds = at.map(|at| now.since(at).as_secs());
        drift.monitored = Some(ended_at);
        drift.shops = shops;
    }
    let is_of_today = |report: &Report| report.began_at > now - DAY && !report.dry_run;
    let today = reports.iter().map(|report| &report.value).filter(|report| is_of_today(report));
    drift.missing_today = today.map(|report| u64::from(report.missing())).sum();
    Ok(drift)
}
