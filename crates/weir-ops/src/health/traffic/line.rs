//! Metrics out of a log line in CloudWatch's embedded metric format.

use serde::Deserialize;
use serde_json::{Map, Value};
use weir_telemetry::metrics::{Dimension, ErrorKind, WORKER_ERRORS};

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "_aws")]
    aws: Aws,
    #[serde(flatten)]
    values: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Aws {
    cloud_watch_metrics: Vec<Directive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: String,
    metrics: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: String,
}

/// The attempts, of the worker's errors, that AWS refused: a metric of their own here.
pub(super) const MISCONFIGURED: &str = "WorkerErrors/misconfigured";

/// The field of a dimension.
const KIND: &str = Dimension::Kind.as_str();

/// Hands over each metric of the namespace, with its values; nothing of a line that is something else.
pub(super) fn read(line: &str, namespace: &str, mut take: impl FnMut(&str, Vec<f64>)) {
    let Ok(line) = serde_json::from_str::<Line>(line) else { return };
    let kind = line.values.get(KIND).and_then(Value::as_str);
    for directive in line.aws.cloud_watch_metrics.iter().filter(|directive| directive.namespace == namespace) {
        for Metric { name } in &directive.metrics {
            let values: Vec<f64> = match line.values.get(name) {
                Some(Value::Array(values)) => values.iter().filter_map(Value::as_f64).collect(),
                Some(value) => value.as_f64().into_iter().collect(),
                None => Vec::new(),
            };
            if name == WORKER_ERRORS.name && kind == Some(ErrorKind::Misconfigured.as_str()) {
                take(MISCONFIGURED, values.clone());
            }
            take(name, values);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(line: &str) -> Vec<(String, Vec<f64>)> {
        let mut all = Vec::new();
        read(line, "weir", |name, values| all.push((name.to_owned(), values)));
        all
    }

    #[test]
    fn values_are_one_or_many_and_of_our_namespace() {
        let line = r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[
            {"Namespace":"weir","Dimensions":[["stack"]],"Metrics":[{"Name":"Done"},{"Name":"Latency","Unit":"Milliseconds"}]},
            {"Namespace":"other","Dimensions":[[]],"Metrics":[{"Name":"Else"}]}]},
            "stack":"s","Done":3,"Latency":[1,2.5],"Else":9}"#;
        assert_eq!(all(line), [("Done".to_owned(), vec![3.0]), ("Latency".to_owned(), vec![1.0, 2.5])]);
    }

    #[test]
    fn other_lines_have_none() {
        for line in ["", "text", "{}", r#"{"_aws":1}"#, r#"{"message":"Enqueued"}"#] {
            assert!(all(line).is_empty(), "{line}");
        }
    }
}
