//! Rates and latencies: CloudWatch's on AWS; on an emulator, made of the functions' logs.

mod cloudwatch;
mod line;
mod logs;
mod samples;

use std::{collections::BTreeMap, time::Duration};

use resilience::UnixMillis;
use weir_core::Lane;
use weir_telemetry::metrics;

use self::{cloudwatch::CloudWatch, logs::Logs};
use super::{
    error::HealthError,
    model::{Latency, Traffic},
};
use crate::Stack;

/// Where they are read.
pub(super) enum TrafficSource {
    CloudWatch(CloudWatch),
    Logs(Logs),
}

/// How long the oldest event of a lane has waited, in seconds, by lane.
pub(super) type Oldest = BTreeMap<Lane, u64>;

impl TrafficSource {
    pub(super) fn of(stack: &Stack) -> Self {
        if stack.is_emulated { Self::Logs(Logs::of(stack)) } else { Self::CloudWatch(CloudWatch::of(stack)) }
    }

    /// What went through within the `last` time.
    pub(super) async fn read(&mut self, now: UnixMillis, last: Duration) -> Result<(Traffic, Oldest), HealthError> {
        match self {
            Self::CloudWatch(metrics) => {
                let read = metrics.read(now, last).await?;
                let traffic = traffic(|name| read.sum(name), |name| read.latency(name));
                Ok((Traffic { misconfigured: read.misconfigured(), ..traffic }, read.oldest()))
            }
            Self::Logs(logs) => {
                let samples = logs.read(now, last).await?;
                // No source tells how old the oldest message is but CloudWatch.
                let traffic = traffic(|name| samples.sum(name), |name| samples.latency(name));
                Ok((Traffic { misconfigured: samples.sum(line::MISCONFIGURED), ..traffic }, Oldest::new()))
            }
        }
    }
}

fn traffic(sum: impl Fn(&str) -> f64, latency: impl Fn(&str) -> Option<Latency>) -> Traffic {
    let (done, dead_lettered) = (sum(metrics::DONE.name), sum(metrics::DEAD_LETTERED.name));
    let ended = done + dead_lettered;
    Traffic {
        accepted: sum(metrics::ACCEPTED.name),
        rejected: sum(metrics::REJECTED.name),
        done,
        duplicates: sum(metrics::DUPLICATES.name),
        stale: sum(metrics::STALE.name),
        retries: sum(metrics::RETRIES.name),
        parks: sum(metrics::PARKS.name),
        errors: sum(metrics::WORKER_ERRORS.name),
        misconfigured: 0.0,
        dead_lettered,
        success_percent: (ended > 0.0).then(|| 100.0 * done / ended),
        ingest: latency(metrics::INGEST_LATENCY.name),
        end_to_end: latency(metrics::END_TO_END_LATENCY.name),
        inventory_sync: latency(metrics::INVENTORY_SYNC_LATENCY.name),
        shopify_calls: sum(metrics::SHOPIFY_CALLS.name),
        shopify_cost: sum(metrics::SHOPIFY_COST.name),
        shopify_throttled: sum(metrics::SHOPIFY_THROTTLED.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_rate_is_the_share_of_ended_events() {
        let sums = |done: f64, dead: f64| {
            let sum = move |name: &str| match name {
                "Done" => done,
                "DeadLettered" => dead,
                _ => 0.0,
            };
            traffic(sum, |_| None).success_percent
        };
        assert_eq!((sums(99.0, 1.0), sums(0.0, 1.0), sums(0.0, 0.0)), (Some(99.0), Some(0.0), None));
    }
}
