//! Metrics as CloudWatch has them.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_cloudwatch::{
    Client,
    primitives::DateTime,
    types::{self as cloudwatch, MetricDataQuery, MetricDataResult, MetricStat},
};
use resilience::UnixMillis;
use weir_core::Lane;
use weir_telemetry::metrics::{self, Dimension, ErrorKind, Metric, Unit};

use super::{
    super::{error::HealthError, model::Latency},
    Oldest,
};
use crate::Stack;

/// CloudWatch keeps a minute as the finest, and a minute is late by one.
const PERIOD: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(in super::super) struct CloudWatch {
    client: Client,
    stack: String,
}

/// What it answered, by the id of the query.
#[derive(Debug, Default)]
pub(super) struct Read(BTreeMap<String, Vec<f64>>);

impl CloudWatch {
    pub(super) fn of(stack: &Stack) -> Self {
        Self { client: Client::new(&stack.config), stack: stack.name.clone() }
    }

    pub(super) async fn read(&self, now: UnixMillis, last: Duration) -> Result<Read, HealthError> {
        // Whole minutes, as CloudWatch has them.
        let last = Duration::from_secs(last.as_secs().div_ceil(60).max(1) * 60);
        let end = UnixMillis(now.0 - now.0.rem_euclid(60_000));
        let request = self.client.get_metric_data().set_metric_data_queries(Some(queries(&self.stack, last)));
        let request = request.start_time(DateTime::from_millis((end - last).0)).end_time(DateTime::from_millis(end.0));
        let mut pages = request.into_paginator().send();
        let mut read = Read::default();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| HealthError::Metrics { reason: weir_aws::reason(&error) })?;
            page.metric_data_results().iter().for_each(|result| read.add(result));
        }
        Ok(read)
    }
}

/// One query a figure: the totals of a stack stand under its name alone.
fn queries(stack: &str, last: Duration) -> Vec<MetricDataQuery> {
    let mut queries: Vec<MetricDataQuery> = Vec::new();
    for metric in metrics::EMITTED {
        for statistic in metric.statistics() {
            // Counts are added up here; a percentile is CloudWatch's, of the whole time.
            let period = if metric.unit == Unit::Count { PERIOD } else { last };
            let dimensions = vec![dimension(Dimension::Stack, stack.to_owned())];
            queries.push(query(&id(metric.name, statistic), metric, dimensions, statistic, period));
        }
    }
    for lane in Lane::ALL {
        let queue = dimension(Dimension::QueueName, format!("{stack}-{lane}"));
        queries.push(query(&format!("oldest_{lane}"), &metrics::OLDEST_AGE, vec![queue], "Maximum", PERIOD));
        let refused = vec![
            dimension(Dimension::Stack, stack.to_owned()),
            dimension(Dimension::Lane, lane.to_string()),
            dimension(Dimension::Kind, ErrorKind::Misconfigured.as_str().to_owned()),
        ];
        queries.push(query(&refused_id(lane), &metrics::WORKER_ERRORS, refused, "Sum", PERIOD));
    }
    queries
}

fn dimension(name: Dimension, value: String) -> cloudwatch::Dimension {
    cloudwatch::Dimension::builder().name(name.as_str()).value(value).build()
}

fn query(
    id: &str,
    metric: &Metric,
    dimensions: Vec<cloudwatch::Dimension>,
    statistic: &str,
    period: Duration,
) -> MetricDataQuery {
    let wanted = cloudwatch::Metric::builder().namespace(metric.namespace).metric_name(metric.name);
    let wanted = MetricStat::builder().metric(wanted.set_dimensions(Some(dimensions)).build()).stat(statistic);
    let wanted = wanted.period(i32::try_from(period.as_secs()).unwrap_or(i32::MAX)).build();
    MetricDataQuery::builder().id(id).metric_stat(wanted).build()
}

fn refused_id(lane: Lane) -> String {
    format!("refused_{lane}")
}

/// An id begins with a lower-case letter.
fn id(metric: &str, statistic: &str) -> String {
    format!("m_{metric}_{statistic}")
}

impl Read {
    fn add(&mut self, result: &MetricDataResult) {
        let id = result.id().unwrap_or_default().to_owned();
        self.0.entry(id).or_default().extend_from_slice(result.values());
    }

    pub(super) fn sum(&self, name: &str) -> f64 {
        self.0.get(&id(name, "Sum")).into_iter().flatten().fold(0.0, |sum, value| sum + value)
    }

    /// Attempts that AWS refused, of all lanes.
    pub(super) fn misconfigured(&self) -> f64 {
        let of = |lane: Lane| self.0.get(&refused_id(lane)).into_iter().flatten().sum::<f64>();
        Lane::ALL.into_iter().map(of).sum()
    }

    /// Of several periods, the worst.
    pub(super) fn latency(&self, name: &str) -> Option<Latency> {
        let worst = |percentile| self.0.get(&id(name, percentile))?.iter().copied().reduce(f64::max);
        Some(Latency { p50: worst("p50")?, p95: worst("p95")?, p99: worst("p99")? })
    }

    /// CloudWatch gives the newest first.
    pub(super) fn oldest(&self) -> Oldest {
        let of = |lane: Lane| {
            let newest = self.0.get(&format!("oldest_{lane}"))?.first()?;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds, from SQS")]
            let seconds = newest.max(0.0) as u64;
            Some((lane, seconds))
        };
        Lane::ALL.into_iter().filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_weir_is_asked_for_once_and_ids_are_valid() {
        let queries = queries("weir-prod", Duration::from_secs(900));
        let mut ids: Vec<&str> = queries.iter().filter_map(MetricDataQuery::id).collect();
        // The documented form, and the limit of one request.
        let valid = |id: &str| {
            id.starts_with(|c: char| c.is_ascii_lowercase())
                && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        assert!(ids.iter().all(|id| valid(id)) && ids.len() <= 500, "{ids:?}");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), queries.len());
    }

    #[test]
    fn counts_are_added_and_of_percentiles_the_worst_is_told() {
        let mut read = Read::default();
        let result =
            |id: &str, values: &[f64]| MetricDataResult::builder().id(id).set_values(Some(values.to_vec())).build();
        read.add(&result("m_Done_Sum", &[1.0, 2.0]));
        read.add(&result("m_Done_Sum", &[4.0]));
        for percentile in ["p50", "p95", "p99"] {
            read.add(&result(&format!("m_IngestLatency_{percentile}"), &[5.0, 9.0]));
        }
        read.add(&result("oldest_bulk", &[61.0, 7.0]));
        read.add(&result("refused_bulk", &[2.0, 1.0]));
        read.add(&result("refused_urgent", &[4.0]));
        assert!((read.misconfigured() - 7.0).abs() < f64::EPSILON);
        assert!((read.sum("Done") - 7.0).abs() < f64::EPSILON && read.sum("Stale").abs() < f64::EPSILON);
        assert_eq!(read.latency("IngestLatency"), Some(Latency { p50: 9.0, p95: 9.0, p99: 9.0 }));
        assert_eq!(read.latency("EndToEndLatency"), None);
        assert_eq!(read.oldest(), Oldest::from([(Lane::Bulk, 61)]));
    }
}
