//! Holds lines to the embedded metric format and to the declarations: for tests, here and in the functions.

use crate::metrics::{self, Dimension};
use serde_json::Value;

/// Reads a line and returns it, if it is what CloudWatch takes ("Specification: Embedded metric format") and what
/// [`crate::metrics`] declares.
///
/// # Panics
/// If it is not.
#[track_caller]
#[expect(clippy::expect_used, reason = "it is for tests, which fail by panicking")]
pub fn assert_embedded_metrics(line: &str) -> Value {
    assert!(line.len() < 256 * 1024 && !line.contains('\n'), "no event of a log: {line}");
    let value: Value = serde_json::from_str(line).expect("a line of metrics is JSON");
    let root = value.as_object().expect("a line of metrics is an object");
    let at = value["_aws"]["Timestamp"].as_i64().expect("a timestamp in milliseconds");
    assert!((1_700_000_000_000..4_000_000_000_000).contains(&at) || at == 0, "{at} is no time in milliseconds");
    let directives = value["_aws"]["CloudWatchMetrics"].as_array().expect("directives");
    assert!(!directives.is_empty(), "{line}");
    for directive in directives {
        let namespace = directive["Namespace"].as_str().expect("a namespace");
        let sets = directive["Dimensions"].as_array().expect("sets of dimensions");
        let names = |set: &Value| -> Vec<String> {
            set.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let sets: Vec<Vec<String>> = sets.iter().map(names).collect();
        for dimension in sets.iter().flatten() {
            let text = root.get(dimension).and_then(Value::as_str).expect("a dimension is a member of the root");
            assert!(
                (1..=1024).contains(&text.len()) && text.is_ascii() && !text.trim().is_empty(),
                "{dimension}: {line}"
            );
        }
        assert!(sets.iter().all(|set| (1..=30).contains(&set.len())), "{line}");
        let entries = directive["Metrics"].as_array().expect("metrics");
        assert!((1..=100).contains(&entries.len()), "{line}");
        for entry in entries {
            let name = entry["Name"].as_str().expect("a name");
            assert!((1..=1024).contains(&name.len()), "{name}");
            let metric = metrics::find(namespace, name).unwrap_or_else(|| panic!("{name} is not declared"));
            assert_eq!(entry["Unit"], metric.unit.as_str(), "{name}");
            let spelled = |set: &&[Dimension]| set.iter().map(|d| d.as_str().to_owned()).collect::<Vec<_>>();
            let declared: Vec<_> = metric.dimensions.iter().map(spelled).collect();
            let (common, more) = sets.split_at_checked(declared.len()).expect("every set of dimensions");
            assert_eq!(common, declared, "{name}");
            let may_be_by_shop = metric.by_shop && more == [spelled(&metrics::BY_SHOP)];
            assert!(more.is_empty() || may_be_by_shop, "{name}: {more:?}");
            match &root[name] {
                Value::Number(_) => {}
                Value::Array(values) => {
                    assert!((1..=100).contains(&values.len()) && values.iter().all(Value::is_number), "{name}");
                }
                other => panic!("{name} is {other}"),
            }
        }
    }
    value
}
