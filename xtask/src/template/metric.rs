//! How alarms and the dashboard name a metric: `[NAMESPACE] METRIC [DIMENSION=VALUE …] [STATISTIC]`.
//!
//! Without a namespace it is one of weir's own, of this stack. A value that begins with a capital letter refers to a
//! resource (`UrgentWorker`) or an attribute of one (`UrgentQueue.QueueName`).

use super::problem::{Line, Result};

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
            return Err(line.problem(format!("{text:?} names no metric")));
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
            Some(more) => Err(line.problem(format!("{more:?} follows the statistic: nothing does"))),
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
        let missing = || line.problem(format!("{} lacks its statistic, such as Sum or Maximum", self.name));
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
