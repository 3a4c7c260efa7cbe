//! Which functions are run, on what, and what they should answer.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::root;

/// One run of a function.
pub(super) struct Invocation {
    /// By its name in the template.
    pub(super) function: &'static str,
    /// In tests/events.
    event: &'static str,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    /// An answer to HTTP, with this status.
    Status(u16),
    /// Of a batch, no message failed.
    NoFailures,
    /// Nothing.
    Null,
}

/// Every function once, ingest with a delivery that it must refuse too. The workers come first: what ingest accepts, the
/// stack's own worker takes up, and theirs would be the same event.
pub(super) const ALL: [Invocation; 9] = [
    of("UrgentWorker", "worker-orders-create.json", Answer::NoFailures),
    of("StandardWorker", "worker-orders-create.json", Answer::NoFailures),
    of("BulkWorker", "worker-orders-create.json", Answer::NoFailures),
    of("Archive", "archive-orders-create.json", Answer::NoFailures),
    of("Monitor", "monitor.json", Answer::Null),
    of("Notifier", "notifier-alarm.json", Answer::Null),
    of("IngestFunction", "ingest-orders-create.json", Answer::Status(200)),
    of("IngestFunction", "ingest-base64.json", Answer::Status(200)),
    of("IngestFunction", "ingest-forged.json", Answer::Status(401)),
];

const fn of(function: &'static str, event: &'static str, answer: Answer) -> Invocation {
    Invocation { function, event, answer }
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
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_function_of_the_template_is_run() {
        let template = weir_local::Checkout::find(root()).unwrap().read_template().unwrap();
        let resources = template["Resources"].as_object().unwrap();
        let functions = resources.iter().filter(|(_, one)| one["Type"] == "AWS::Serverless::Function");
        let functions: BTreeSet<&str> = functions.map(|(name, _)| name.as_str()).collect();
        assert_eq!(ALL.iter().map(|one| one.function).collect::<BTreeSet<_>>(), functions);
    }

    #[test]
    fn another_answer_is_an_error() {
        let [worker, _, _, monitor, _, good, ..] = &ALL;
        assert!(good.judge("{\"statusCode\":200}").is_ok());
        assert!(good.judge("{\"statusCode\":503}").is_err());
        assert!(good.judge("no JSON").is_err());
        assert!(monitor.judge("null").is_ok() && monitor.judge("{\"errorType\":\"x\"}").is_err());
        assert!(worker.judge("{\"batchItemFailures\":[{\"itemIdentifier\":\"1\"}]}").is_err());
    }
}
