//! What the functions log of an event, in bytes as CloudWatch bills them.

use std::collections::BTreeSet;

use aws_sdk_cloudwatchlogs::Client;
use serde_json::{Value, json};
use weir_tests::World;

/// CloudWatch bills so many bytes beside the text of each line.
const BESIDE: usize = 26;

/// Averages.
pub(super) struct Lines {
    ingest_event: usize,
    ingest_metrics: usize,
    worker_event: usize,
    worker_metrics: usize,
    lambda: usize,
    /// Each is billed as a metric, in an hour in which it is told.
    series: usize,
}

impl Lines {
    /// Of all events until now, each of which was alone in its batch. `standard` has most of them, the other lanes one each.
    pub(super) async fn read(world: &World) -> Self {
        let (ingest, worker) = (Log::read(world, "ingest").await, Log::read(world, "worker-standard").await);
        let others = [Log::read(world, "worker-urgent").await, Log::read(world, "worker-bulk").await];
        let lambdas = ingest.lambdas.iter().chain(&worker.lambdas);
        let series: BTreeSet<String> = [&ingest, &worker].into_iter().chain(&others).flat_map(Log::series).collect();
        Self {
            ingest_event: average(&ingest.of_events, ingest.invocations()),
            ingest_metrics: average(&ingest.metrics, ingest.invocations()),
            worker_event: average(&worker.of_events, worker.of_events.len()),
            worker_metrics: average(&worker.metrics, worker.invocations()),
            lambda: average(lambdas, ingest.invocations() + worker.invocations()),
            series: series.len(),
        }
    }

    pub(super) fn bytes(&self) -> Value {
        let Self { ingest_event, ingest_metrics, worker_event, worker_metrics, lambda, .. } = self;
        json!({
            "ingest_event": ingest_event, "ingest_metrics": ingest_metrics,
            "worker_event": worker_event, "worker_metrics": worker_metrics, "lambda": lambda,
        })
    }

    pub(super) fn series(&self) -> usize {
        self.series
    }
}

fn average<'a>(lines: impl IntoIterator<Item = &'a String>, count: usize) -> usize {
    lines.into_iter().map(|line| line.len() + BESIDE).sum::<usize>() / count.max(1)
}

/// A function's lines by what they are of.
#[derive(Default)]
struct Log {
    of_events: Vec<String>,
    /// Those of a batch share a line.
    metrics: Vec<String>,
    /// Lambda's own, as the emulator writes them.
    lambdas: Vec<String>,
}

impl Log {
    async fn read(world: &World, function: &str) -> Self {
        let group = format!("/aws/lambda/{}/{function}", world.deployed.stack_name);
        let client = Client::new(&world.aws);
        let (mut log, mut token) = (Self::default(), None);
        loop {
            let page = client.filter_log_events().log_group_name(&group).set_next_token(token).send().await.unwrap();
            for line in page.events().iter().filter_map(|event| event.message().map(|line| line.trim_end().to_owned()))
            {
                match serde_json::from_str::<Value>(&line) {
                    Ok(fields) if fields["webhook_id"].is_string() => log.of_events.push(line),
                    Ok(fields) if fields["_aws"].is_object() => log.metrics.push(line),
                    // What a process says when it begins.
                    Ok(_) => {}
                    Err(_) => log.lambdas.push(line),
                }
            }
            token = page.next_token;
            if token.is_none() {
                return log;
            }
        }
    }

    /// Each metric with the values of a set of dimensions.
    fn series(&self) -> Vec<String> {
        let mut series = Vec::new();
        for line in &self.metrics {
            let fields: Value = serde_json::from_str(line).unwrap();
            for declared in fields["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
                for metric in declared["Metrics"].as_array().unwrap() {
                    for set in declared["Dimensions"].as_array().unwrap() {
                        let value = |name: &Value| format!(" {name}={}", fields[name.as_str().unwrap()]);
                        let values: String = set.as_array().unwrap().iter().map(value).collect();
                        series.push(format!("{}{values}", metric["Name"]));
                    }
                }
            }
        }
        series
    }

    fn invocations(&self) -> usize {
        self.lambdas.iter().filter(|line| line.starts_with("START")).count()
    }
}
