//! How alarms and the dashboard name a metric: `[NAMESPACE] METRIC [DIMENSION=VALUE …] [STATISTIC]`.
//!
//! Without a namespace it is one of weir's own, of this stack. A value that begins with a capital letter refers to a
//! resource (`UrgentWorker`) or an attribute of one (`UrgentQueue.QueueName`).

use super::error::{Line, Result};

/// A metric with its dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metric {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Names and values, the values as the source has them.
    pub(super) dimensions: Vec<(String, String)>,
    pub(super) statistic: Option<String>,
}

/// A line of a list of metrics: `[ID =] METRIC [as LABEL]`, or `ID = EXPRESSION as LABEL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Series {
    /// Computed from others, by their ids.
    Expression { id: String, expression: String, label: String },
    /// A metric; with an id it is there for an expression, and not shown itself.
    Metric { id: Option<String>, metric: Metric, label: Option<String> },
}

/// This stack's name, as a dimension's value.
pub(super) const STACK: &str = "AWS::StackName";

impl Series {
    /// Reads an item of a list, without its dash.
    pub(super) fn read(item: &str, line: &Line) -> Result<Self> {
        let (id, rest) = item.split_once(" = ").map_or((None, item), |(id, rest)| (Some(id.trim()), rest));
        let (what, label) =
            rest.rsplit_once(" as ").map_or((rest, None), |(what, label)| (what.trim(), Some(label.trim().to_owned())));
        Ok(match (id, label) {
            (Some(id), Some(label)) => Self::Expression { id: id.to_owned(), expression: what.to_owned(), label },
            (id, label) => Self::Metric { id: id.map(str::to_owned), metric: Metric::read(what, line)?, label },
        })
    }
}

impl Metric {
    pub(super) fn read(text: &str, line: &Line) -> Result<Self> {
        let mut words = text.split_whitespace().peekable();
        let foreign = words.next_if(|word| word.contains('/'));
        let Some(name) = words.next().filter(|name| !name.contains('=')) else {
            return Err(line.error(format!("{text:?} names no metric")));
        };
        let mut dimensions = Vec::new();
        if foreign.is_none() {
            dimensions.push(("stack".to_owned(), STACK.to_owned()));
        }
        while let Some((dimension, value)) = words.peek().and_then(|word| word.split_once('=')) {
            dimensions.push((dimension.to_owned(), value.to_owned()));
            words.next();
        }
        let statistic = words.next().map(str::to_owned);
        match words.next() {
            Some(more) => Err(line.error(format!("{more:?} follows the statistic: nothing does"))),
            None => Ok(Self {
                namespace: foreign.unwrap_or("weir").to_owned(),
                name: name.to_owned(),
                dimensions,
                statistic,
            }),
        }
    }

    /// The statistic, of a metric that has to say one.
    pub(super) fn required_statistic(&self, line: &Line) -> Result<&str> {
        let missing = || line.error(format!("{} lacks its statistic, such as Sum or Maximum", self.name));
        self.statistic.as_deref().ok_or_else(missing)
    }
}

/// A value in YAML: a reference to what begins with a capital letter.
pub(super) fn in_yaml(value: &str) -> String {
    match value.starts_with(|c: char| c.is_ascii_uppercase()) {
        true if value.contains('.') => format!("!GetAtt {value}"),
        true => format!("!Ref {value}"),
        false => value.to_owned(),
    }
}

/// A value within a text that `!Sub` fills in.
pub(super) fn in_sub(value: &str) -> String {
    if value.starts_with(|c: char| c.is_ascii_uppercase()) { format!("${{{value}}}") } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::template::error::Place;

    fn line() -> Line {
        Line { place: Place { file: Arc::from("x.yaml"), number: 1 }, text: String::new() }
    }

    fn read(text: &str) -> Metric {
        Metric::read(text, &line()).unwrap_or_else(|problem| panic!("{problem}"))
    }

    #[test]
    fn metric_without_a_namespace_is_of_this_stack() {
        let metric = read("WorkerErrors lane=bulk Sum");
        assert_eq!((metric.namespace.as_str(), metric.statistic.as_deref()), ("weir", Some("Sum")));
        let dimensions: Vec<_> =
            metric.dimensions.iter().map(|(name, value)| (name.as_str(), in_yaml(value))).collect();
        assert_eq!(dimensions, [("stack", "!Ref AWS::StackName".to_owned()), ("lane", "bulk".to_owned())]);
    }

    #[test]
    fn value_with_a_capital_letter_refers_to_a_resource_or_its_attribute() {
        let metric = read("AWS/SQS Age QueueName=UrgentQueue.QueueName");
        assert_eq!(metric.namespace, "AWS/SQS");
        assert_eq!(metric.statistic, None);
        assert_eq!(in_yaml(&metric.dimensions[0].1), "!GetAtt UrgentQueue.QueueName");
        assert_eq!(in_sub(&metric.dimensions[0].1), "${UrgentQueue.QueueName}");
        assert_eq!(in_yaml("HttpApi"), "!Ref HttpApi");
    }

    #[test]
    fn series_with_id_and_label_is_an_expression() {
        let read = |text: &str| Series::read(text, &line()).unwrap();
        assert!(matches!(read("all = SUM(METRICS()) as Dead letters"), Series::Expression { .. }));
        assert!(matches!(read("done = Done Sum"), Series::Metric { id: Some(_), label: None, .. }));
        assert!(matches!(read("Done as done"), Series::Metric { id: None, label: Some(_), .. }));
    }

    #[test]
    fn metric_without_a_name_or_with_words_too_many_is_refused() {
        assert!(Metric::read("AWS/SQS QueueName=x Sum", &line()).is_err());
        assert!(Metric::read("Done Sum Maximum", &line()).is_err());
    }
}
