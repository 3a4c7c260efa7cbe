//! What one event asks of AWS: one table, `bench/counted.json`. What was not counted is not in it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The table as text.
const TABLE: &str = include_str!("../../../../bench/counted.json");

/// Operations with how often each, as `sqs:SendMessage`.
pub(super) type Requests = BTreeMap<String, f64>;

/// Every variant that was counted.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Table {
    pub(super) weir: Counted,
    pub(super) node: Option<Counted>,
    pub(super) python: Option<Counted>,
}

/// One that was.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counted {
    /// The day.
    pub(super) counted: String,
    pub(super) requests_per_event: Requests,
    /// Where only the latest version of a resource counts.
    pub(super) more_per_ordered_event: Requests,
    pub(super) more_per_duplicate: Requests,
    /// Whether its messages have a group, which SQS bills.
    pub(super) fair_queues: bool,
    /// `None`: it was not measured.
    pub(super) time: Option<Time>,
    pub(super) stored_bytes: StoredBytes,
    pub(super) log_bytes: LogBytes,
    /// Custom metrics of clean traffic on all lanes.
    pub(super) metrics: f64,
    pub(super) fixed: Fixed,
}

/// What the benchmark measured of a function's work: what Lambda bills follows from it and from the memory.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Time {
    /// Of a whole processor, for a webhook.
    ingest_cpu_us: f64,
    /// Calls of AWS that a webhook waits for, one after the other.
    ingest_calls: f64,
    /// For an event of a batch of ten.
    worker_cpu_us: f64,
    /// Calls that a batch waits for, whose events are handled at once.
    worker_calls: f64,
    /// Calls that each event of a batch waits for by itself.
    worker_calls_per_event: f64,
}

/// From this memory on a function has a whole processor, and with less its share: AWS Lambda Developer Guide, "Configure
/// Lambda function memory".
const WHOLE_PROCESSOR_MB: f64 = 1_769.0;

/// How long a call of SQS, DynamoDB or EventBridge takes within a region: what is reckoned with, not what was measured.
pub const CALL_MS: f64 = 5.0;

impl Time {
    pub(super) fn ingest_ms(self, memory_mb: f64) -> f64 {
        on_a_share(self.ingest_cpu_us, memory_mb) + self.ingest_calls * CALL_MS
    }

    /// Of a batch.
    pub(super) fn worker_ms(self, memory_mb: f64, batch: f64) -> f64 {
        let calls = self.worker_calls + self.worker_calls_per_event * batch;
        on_a_share(self.worker_cpu_us * batch, memory_mb) + calls * CALL_MS
    }
}

fn on_a_share(cpu_us: f64, memory_mb: f64) -> f64 {
    cpu_us / 1e3 * (WHOLE_PROCESSOR_MB / memory_mb).max(1.0)
}

/// What an event leaves in DynamoDB.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct StoredBytes {
    pub(super) ledger: f64,
    /// Its entry in the index, which is written once.
    pub(super) index: f64,
    /// Where order is kept.
    pub(super) fence: f64,
}

/// What is logged, as CloudWatch bills it. One number: of an event in all.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, from = "WrittenLogBytes")]
pub(super) struct LogBytes {
    pub(super) ingest_event: f64,
    pub(super) ingest_metrics: f64,
    pub(super) worker_event: f64,
    /// Of a batch.
    pub(super) worker_metrics: f64,
    /// Lambda's own lines of an invocation.
    pub(super) lambda: f64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenLogBytes {
    Whole(f64),
    Parts { ingest_event: f64, ingest_metrics: f64, worker_event: f64, worker_metrics: f64, lambda: f64 },
}

impl From<WrittenLogBytes> for LogBytes {
    fn from(written: WrittenLogBytes) -> Self {
        match written {
            WrittenLogBytes::Whole(worker_event) => Self { worker_event, ..Self::default() },
            WrittenLogBytes::Parts { ingest_event, ingest_metrics, worker_event, worker_metrics, lambda } => {
                Self { ingest_event, ingest_metrics, worker_event, worker_metrics, lambda }
            }
        }
    }
}

/// What stands in the template, and costs without an event.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fixed {
    pub(super) alarm_metrics: f64,
    pub(super) composite_alarms: f64,
    pub(super) dashboards: f64,
    pub(super) secrets: f64,
    /// Queues that Lambda polls, whether anything is in them or not.
    pub(super) polled_queues: f64,
    pub(super) retention_days: f64,
    pub(super) ingest_memory_mb: f64,
    pub(super) worker_memory_mb: f64,
    pub(super) most_a_batch: f64,
}

impl Table {
    #[expect(clippy::expect_used, reason = "it is built in, and a test reads it")]
    pub(super) fn built_in() -> Self {
        serde_json::from_str(TABLE).expect("bench/counted.json can be read")
    }
}

/// How often operations of this service whose names begin so are asked for.
pub(super) fn asked(requests: &Requests, service: &str, beginnings: &[&str]) -> f64 {
    let is_meant = |name: &str| {
        name.split_once(':')
            .is_some_and(|(of, operation)| of == service && beginnings.iter().any(|begin| operation.starts_with(begin)))
    };
    requests.iter().filter(|(name, _)| is_meant(name)).map(|(_, count)| count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_has_weir_in_it() {
        let weir = Table::built_in().weir;
        assert!(weir.counted.parse::<jiff::civil::Date>().is_ok());
        assert_eq!(asked(&weir.requests_per_event, "sqs", &["Send"]), 1.0);
        assert!(weir.stored_bytes.ledger > 0.0 && weir.log_bytes.lambda > 0.0 && weir.fixed.secrets > 0.0);
    }

    #[test]
    fn the_times_are_those_of_the_benchmark_that_was_accepted() {
        let accepted = include_str!("../../../../bench/accepted.json");
        let accepted: serde_json::Value = serde_json::from_str(accepted).unwrap();
        let Table { weir, node, python } = Table::built_in();
        for (name, counted) in [("weir", Some(weir)), ("node", node), ("python", python)] {
            let time = counted.unwrap().time.unwrap();
            let measured = &accepted["report"]["subjects"][name]["medians"];
            let cpu = |metric: &str| measured[metric].as_f64().unwrap().round();
            let figures = (time.ingest_cpu_us, time.worker_cpu_us);
            assert_eq!(figures, (cpu("ingest_cpu_us"), cpu("worker_cpu_us")), "bench/counted.json, {name}");
        }
    }

    #[test]
    fn a_variant_of_which_less_was_counted_can_be_read() {
        let text = r#"{"weir": {}, "node": {"requests_per_event": {"sqs:SendMessage": 1}, "log_bytes": 700}}"#;
        let node = serde_json::from_str::<Table>(text).unwrap().node.unwrap();
        assert_eq!((node.log_bytes.worker_event, node.log_bytes.lambda), (700.0, 0.0));
        assert!(node.time.is_none());
    }

    #[test]
    fn operations_are_found_by_service_and_verb() {
        let requests: Requests = [("dynamodb:UpdateItem", 2.0), ("dynamodb:GetItem", 1.0), ("sqs:UpdateItem", 9.0)]
            .map(|(name, count)| (name.to_owned(), count))
            .into();
        assert_eq!(asked(&requests, "dynamodb", &["Update", "Put"]), 2.0);
        assert_eq!(asked(&requests, "dynamodb", &["Get"]), 1.0);
        assert_eq!(asked(&requests, "events", &["Put"]), 0.0);
    }
}
