//! What a status shows: lanes, circuits, controls, the monitor.

use std::time::Duration;

use super::{
    model::{Area, Finding, FindingKind, Severity},
    target::CheckTarget,
};
use crate::health::{Severity as HealthSeverity, StatusCollector};

/// How far back rates and latencies go.
const PERIOD: Duration = Duration::from_secs(15 * 60);

/// Reads the status once, and hands on its findings.
pub(super) async fn check(target: &CheckTarget) -> Vec<Finding> {
    let read = async {
        let mut collector = StatusCollector::new(target.stack.clone(), PERIOD).map_err(|error| error.to_string())?;
        collector.collect().await.map_err(|error| weir_aws::reason(&error))
    };
    let health = match read.await {
        Ok(health) => health,
        Err(reason) => return vec![Finding::not_checked(Area::Health, "status", reason)],
    };
    let unread =
        health.unread.into_iter().map(|one| Finding::not_checked(Area::Health, one.part.to_string(), one.reason));
    let found = health.findings.into_iter().map(|one| Finding {
        severity: match one.severity {
            HealthSeverity::Critical => Severity::Must,
            HealthSeverity::Warning => Severity::Should,
        },
        area: Area::Health,
        subject: "status".to_owned(),
        kind: FindingKind::Health(one.kind),
    });
    unread.chain(found).collect()
}
