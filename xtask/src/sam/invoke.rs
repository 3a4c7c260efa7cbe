//! Which functions are run, on what, and what they should answer.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::artifacts::binary;
use crate::root;

/// One run of a function.
pub(super) struct Invocation {
    /// By its name in the template.
    pub(super) function: String,
    /// In tests/events.
    event: &'static str,
    answer: Answer,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    /// An answer to HTTP, with this status.
    Status(u16),
    /// Of a batch, no message failed.
    NoFailures,
    /// Nothing.
    Null,
}

/// What each binary is run on, ingest with a delivery that it must refuse too. The workers come first: what ingest accepts,
/// the stack's own worker takes up, and theirs would be the same event.
const EVENTS: [(&str, &str, Answer); 9] = [
    ("weir-worker", "worker-orders-create.json", Answer::NoFailures),
    ("weir-archive", "archive-orders-create.json", Answer::NoFailures),
    ("weir-orders", "orders-orders-create.json", Answer::NoFailures),
    ("weir-inventory", "inventory-sweep.json", Answer::NoFailures),
    ("weir-monitor", "monitor.json", Answer::Null),
    ("weir-notifier", "notifier-alarm.json", Answer::Null),
    ("weir-ingest", "ingest-orders-create.json", Answer::Status(200)),
    ("weir-ingest", "ingest-base64.json", Answer::Status(200)),
    ("weir-ingest", "ingest-forged.json", Answer::Status(401)),
];

/// Every function of the template, on each event of its binary.
pub(super) fn invocations(template: &Value) -> Result<Vec<Invocation>> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    let functions = resources.filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
    let mut of_binary: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (id, _) in functions {
        of_binary.entry(binary(template, id)?.to_owned()).or_default().push(id);
    }
    let unknown = of_binary.keys().find(|name| EVENTS.iter().all(|(of, ..)| of != name));
    ensure!(unknown.is_none(), "{unknown:?} has no event in {}", file!());
    let of_event = |(name, event, answer): &(&str, &'static str, Answer)| {
        let functions = of_binary.get(*name).into_iter().flatten();
        functions.map(|id| Invocation { function: (*id).to_owned(), event, answer: *answer }).collect::<Vec<_>>()
    };
    Ok(EVENTS.iter().flat_map(of_event).collect())
}

impl Invocation {
    /// The file of the event.
    pub(super) fn path(&self) -> PathBuf {
        root().join("tests/events").join(self.event)
    }

    /// The event.
    pub(super) fn body(&self) -> Result<Vec<u8>> {
        let path = self.path();
        std::fs::read(&path).with_context(|| format!("could not read {}", path.display()))
    }

    /// Prints what was answered, and fails if it is not what it should be.
    pub(super) fn judge(&self, answered: &str) -> Result<()> {
        let value: Value = serde_json::from_str(answered.trim()).unwrap_or(Value::String(answered.to_owned()));
        let fits = match self.answer {
            Answer::Status(status) => value["statusCode"] == status,
            Answer::NoFailures => value == json!({ "batchItemFailures": [] }),
            Answer::Null => value.is_null(),
        };
        ensure!(fits, "{} answered {value} to {}, not {:?}", self.function, self.event, self.answer);
        println!("{:<16} {:<28} {:?}", self.function, self.event, self.answer);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_template_is_run() {
        let template = weir_local::Checkout::find(root()).unwrap().read_template().unwrap();
        let run: Vec<String> = invocations(&template).unwrap().into_iter().map(|one| one.function).collect();
        assert!(run.len() >= 9 && run[0].ends_with("Worker"), "{run:?}");
        let template = json!({"Resources": {"New": {"Type": "AWS::Serverless::Function",
            "Metadata": {"BuildProperties": {"Binary": "weir-new"}}}}});
        assert!(invocations(&template).err().unwrap().to_string().contains("weir-new"));
    }

    #[test]
    fn another_answer_is_an_error() {
        let of = |answer| Invocation { function: "F".into(), event: "e.json", answer };
        let (good, null, batch) = (of(Answer::Status(200)), of(Answer::Null), of(Answer::NoFailures));
        assert!(good.judge("{\"statusCode\":200}").is_ok());
        assert!(good.judge("{\"statusCode\":503}").is_err());
        assert!(good.judge("no JSON").is_err());
        assert!(null.judge("null").is_ok() && null.judge("{\"errorType\":\"x\"}").is_err());
        assert!(batch.judge("{\"batchItemFailures\":[{\"itemIdentifier\":\"1\"}]}").is_err());
    }
}
