//! What was gathered, and how it shares lines.

use crate::metrics::{Dimension, Metric, Unit};

use super::line::Line;

/// The embedded metric format takes so many values of a metric in one line.
const MAX_VALUES: usize = 100;

/// The values of one metric with the same dimensions.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) metric: &'static Metric,
    pub(super) sets: Vec<&'static [Dimension]>,
    /// The values of its dimensions but the stack, sorted.
    pub(super) labels: Vec<(Dimension, String)>,
    pub(super) values: Vec<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Pending(Vec<Series>);

impl Pending {
    pub(super) fn add(
        &mut self,
        metric: &'static Metric,
        sets: Vec<&'static [Dimension]>,
        labels: Vec<(Dimension, String)>,
        value: u64,
    ) {
        let known = self.0.iter_mut().find(|series| series.metric.name == metric.name && series.labels == labels);
        match known {
            // A sum says the same in one value.
            Some(Series { values, .. }) if metric.unit == Unit::Count => values[0] += value,
            Some(Series { values, .. }) => values.push(value),
            None => self.0.push(Series { metric, sets, labels, values: vec![value] }),
        }
    }

    /// As few lines as fit: in one line a dimension has one value, and a metric stands once.
    pub(super) fn into_lines(self) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for series in self.0 {
            for values in series.values.chunks(MAX_VALUES) {
                let series = Series { values: values.to_vec(), ..series.clone() };
                match lines.iter_mut().find(|line| line.takes(&series)) {
                    Some(line) => line.push(series),
                    None => lines.push(Line::of(series)),
                }
            }
        }
        lines
    }
}
