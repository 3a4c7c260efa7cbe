//! template.yaml, as the tests ask about it. What is not there or not readable is a panic that names it.

use std::{collections::BTreeSet, path::Path, time::Duration};

use serde_json::Value;
use weir_local::Checkout;

pub(crate) struct Template(Value);

/// A queue that a function drains.
pub(crate) struct Lane<'a> {
    pub(crate) queue_id: &'a str,
    pub(crate) queue: &'a Value,
    pub(crate) dlq_id: &'a str,
    pub(crate) dlq: &'a Value,
    /// The function's properties.
    pub(crate) worker: &'a Value,
    pub(crate) event_source: &'a Value,
}

impl Template {
    pub(crate) fn read() -> Self {
        let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a checkout");
        Self(checkout.read_template().expect("template.yaml can be read"))
    }

    pub(crate) fn parameter(&self, name: &str) -> &Value {
        at(&self.0, &["Parameters", name])
    }

    /// Their names.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        entries(&self.0["Parameters"]).map(|(name, _)| name)
    }

    pub(crate) fn rule(&self, name: &str) -> &Value {
        at(&self.0, &["Rules", name])
    }

    pub(crate) fn has_parameter(&self, name: &str) -> bool {
        self.0["Parameters"][name].is_object()
    }

    pub(crate) fn output(&self, name: &str) -> &Value {
        at(&self.0, &["Outputs", name, "Value"])
    }

    pub(crate) fn condition(&self, name: &str) -> &Value {
        at(&self.0, &["Conditions", name])
    }

    /// What every function has.
    pub(crate) fn globals(&self) -> &Value {
        at(&self.0, &["Globals", "Function"])
    }

    pub(crate) fn mapping(&self, name: &str, first: &str, second: &str) -> &Value {
        at(&self.0, &["Mappings", name, first, second])
    }

    /// The properties of each resource of a type.
    pub(crate) fn of_type<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let resources = entries(&self.0["Resources"]).filter(move |(_, resource)| resource["Type"] == wanted);
        resources.map(|(id, resource)| (id, &resource["Properties"]))
    }

    pub(crate) fn resource(&self, id: &str) -> &Value {
        at(&self.0, &["Resources", id])
    }

    /// Every SQS event source of a function that is told its lane, with what hangs on it.
    pub(crate) fn lanes(&self) -> Vec<Lane<'_>> {
        let functions = self.of_type("AWS::Serverless::Function");
        let functions = functions.filter(|(_, function)| !function["Environment"]["Variables"]["WEIR_LANE"].is_null());
        let sources = functions.flat_map(|(_, worker)| {
            let events = entries(&worker["Events"]).filter(|(_, event)| event["Type"] == "SQS");
            events.map(move |(_, event)| (worker, &event["Properties"]))
        });
        sources
            .map(|(worker, event_source)| {
                let queue_id = refers_to(&event_source["Queue"]);
                let queue = &self.resource(queue_id)["Properties"];
                let dlq_id = refers_to(at(queue, &["RedrivePolicy", "deadLetterTargetArn"]));
                let dlq = &self.resource(dlq_id)["Properties"];
                Lane { queue_id, queue, dlq_id, dlq, worker, event_source }
            })
            .collect()
    }

    /// The logical ids of the resources.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        entries(&self.0["Resources"]).map(|(id, _)| id)
    }

    /// The names of the environment that a function gets.
    pub(crate) fn environment(&self, function: &Value) -> BTreeSet<String> {
        let globals = &self.0["Globals"]["Function"];
        let variables =
            |of: &Value| entries(&of["Environment"]["Variables"]).map(|(name, _)| name.to_owned()).collect();
        let (mut all, own): (BTreeSet<String>, BTreeSet<String>) = (variables(globals), variables(function));
        all.extend(own);
        all
    }

    /// Every policy statement that allows something, wherever it stands.
    pub(crate) fn allowed(&self) -> Vec<&Value> {
        allowed(&self.0["Resources"])
    }
}

/// The same, of a part of it.
pub(crate) fn allowed(part: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut next = vec![part];
    while let Some(value) = next.pop() {
        if value["Effect"] == "Allow" {
            found.push(value);
        }
        match value {
            Value::Object(map) => next.extend(map.values()),
            Value::Array(list) => next.extend(list),
            _ => {}
        }
    }
    found
}

/// What stands at a path.
#[track_caller]
pub(crate) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    let found = path.iter().try_fold(value, |value, key| value.get(*key));
    found.unwrap_or_else(|| panic!("template.yaml has no {}", path.join(".")))
}

/// The entries of a mapping, none if it is not there.
pub(crate) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// One or several.
pub(crate) fn items(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |list| list.iter().collect())
}

/// The logical id that `!Ref` or `!GetAtt` names.
#[track_caller]
pub(crate) fn refers_to(value: &Value) -> &str {
    // The parser gives `!GetAtt A.B` as one text or as two.
    let attribute = || value["Fn::GetAtt"].as_str()?.split('.').next();
    let name = value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str()).or_else(attribute);
    name.unwrap_or_else(|| panic!("expected !Ref or !GetAtt, not {value}"))
}

#[track_caller]
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("expected a text, not {value}"))
}

#[track_caller]
pub(crate) fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().unwrap_or_else(|| panic!("expected seconds, not {value}")))
}
