//! One line, by "Specification: Embedded metric format" of CloudWatch's user guide.

use serde_json::{Map, Value, json};
use weir_core::UnixMillis;

use crate::metrics::{Dimension, NAMESPACE};

use super::pending::Series;

/// The format takes so many metrics in one directive.
const MAX_METRICS: usize = 100;

pub(super) struct Line(Vec<Series>);

impl Line {
    pub(super) fn of(series: Series) -> Self {
        Self(vec![series])
    }

    /// Whether no dimension would have two values, and no metric stand twice.
    pub(super) fn takes(&self, new: &Series) -> bool {
        let agrees = |old: &Series| {
            let differs = |(dimension, value): &(Dimension, String)| {
                new.labels.iter().any(|(other, theirs)| other == dimension && theirs != value)
            };
            old.metric.name != new.metric.name && !old.labels.iter().any(differs)
        };
        self.0.len() < MAX_METRICS && self.0.iter().all(agrees)
    }

    pub(super) fn push(&mut self, series: Series) {
        self.0.push(series);
    }

    pub(super) fn write(&self, stack: &str, now: UnixMillis) -> String {
        // A directive for all metrics that have the same sets of dimensions.
        let mut directives: Vec<(&[&[Dimension]], Vec<Value>)> = Vec::new();
        for series in &self.0 {
            let metric = json!({ "Name": series.metric.name, "Unit": series.metric.unit.as_str() });
            match directives.iter_mut().find(|(sets, _)| **sets == *series.sets) {
                Some((_, metrics)) => metrics.push(metric),
                None => directives.push((&series.sets, vec![metric])),
            }
        }
        let names = |set: &&[Dimension]| set.iter().map(|dimension| dimension.as_str()).collect::<Vec<_>>();
        let directives: Vec<Value> = directives
            .into_iter()
            .map(|(sets, metrics)| {
                let dimensions: Vec<_> = sets.iter().map(names).collect();
                json!({ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics })
            })
            .collect();
        let mut line = Map::new();
        line.insert("_aws".into(), json!({ "Timestamp": now.0, "CloudWatchMetrics": directives }));
        line.insert(Dimension::Stack.as_str().into(), stack.into());
        for series in &self.0 {
            for (dimension, value) in &series.labels {
                line.insert(dimension.as_str().into(), value.as_str().into());
            }
            let value = match series.values[..] {
                [value] => value.into(),
                ref values => values.into(),
            };
            line.insert(series.metric.name.into(), value);
        }
        Value::Object(line).to_string()
    }
}
