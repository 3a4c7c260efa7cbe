//! The bill for people and for programs.

use serde::Serialize;
use weir_ops::cost::{Bill, CALL_MS, Estimate};

/// What nobody reckons with here.
const LEFT_OUT: [&str; 8] = [
    "the free tier, discounts, taxes, data transfer, and the lower prices of higher tiers",
    "what single topics ask for beside that (of products/*, a write), failures and retries, parking, a second region, handlers of your own, forwarding",
    "queues and functions of yours behind the bus",
    "bodies that go by way of S3, and point-in-time recovery of the tables",
    "API Gateway's access log, traces, logs that are kept or searched",
    "reads of secrets and controls by the clock, the monitor, Lambda's polling of the notifier's queue",
    "metrics of failures, of single shops and of calls of Shopify, each in a month in which it is told",
    "cold starts",
];

/// The whole answer.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    #[serde(flatten)]
    estimate: Estimate,
    left_out: [&'static str; LEFT_OUT.len()],
}

impl Report {
    pub(super) fn new(estimate: Estimate) -> Self {
        Self { estimate, left_out: LEFT_OUT }
    }

    pub(super) fn text(&self) -> String {
        let estimate = &self.estimate;
        let months = estimate.events_per_month as f64 / 1e6;
        let mut lines = vec![
            format!(
                "{} events a month, {} % of them delivered twice, {} % in order; bodies of {:.0} bytes ({:.0} on a lane), \
                 {} a batch, {}.",
                estimate.events_per_month,
                estimate.duplicates_percent,
                estimate.ordered_percent,
                estimate.body_bytes,
                estimate.message_bytes,
                estimate.batch,
                estimate.architecture.as_str()
            ),
            format!(
                "List prices of {} as of {}; requests as counted on {}.\n",
                estimate.region, estimate.prices_of, estimate.counted_on
            ),
            format!("{:<14}{:<32}{:>16}{:>14}{:>14}", "", "", "units an event", "$ a million", "$ a month"),
        ];
        let mut service = "";
        for line in &estimate.weir.lines {
            let name = if line.service == service { "" } else { line.service };
            service = line.service;
            let of_a_million = line.dollars_per_million_events;
            lines.push(format!(
                "{name:<14}{:<32}{:>16}{of_a_million:>14.3}{:>14.2}",
                line.what,
                units(line.units_per_event),
                of_a_million * months
            ));
        }
        for (number, fixed) in estimate.fixed_per_month.iter().enumerate() {
            let name = if number == 0 { "no event" } else { "" };
            lines.push(format!(
                "{name:<14}{:<32}{:>16}{:>14}{:>14.2}",
                format!("{} {}", fixed.units, fixed.what),
                "",
                "",
                fixed.dollars
            ));
        }
        let of_a_million = estimate.weir.dollars_per_million_events;
        lines.push(format!("{:<62}{of_a_million:>14.3}{:>14.2}", "in all", estimate.dollars_per_month));
        if !estimate.weir.has_lambda_time {
            lines.push(
                "without the time that Lambda bills, which was not measured: give --ingest-ms and --worker-ms"
                    .to_owned(),
            );
        } else if !estimate.is_time_given {
            lines.push(format!(
                "Lambda's time is reckoned: the CPU that the benchmark measured, at the memory's share of a processor, and \
                 {CALL_MS} ms for each\ncall of AWS that is waited for. The functions' logs know better (records of type platform.report): give \
                 --ingest-ms and --worker-ms"
            ));
        }
        lines.push(format!("\n{:<46}{:>16}{:>14}", "$ a million events", "into a queue", "in all"));
        let variants =
            [("weir", Some(&estimate.weir)), ("Node", estimate.node.as_ref()), ("Python", estimate.python.as_ref())];
        lines.extend(variants.map(|(name, bill)| compared(name, bill)));
        lines.push(
            "(Node and Python as in bench/peers: no order, no index of events, no metrics; their own log lines not counted)"
                .to_owned(),
        );
        let direct = &estimate.api_gateway_to_sqs;
        lines.push(format!(
            "{:<46}{:>16.3}{:>14}",
            "API Gateway → SQS, no function, nothing verified", direct.dollars_per_million_events_into_the_queue, "-"
        ));
        lines.push("\nLeft out:".to_owned());
        lines.extend(self.left_out.iter().map(|what| format!("  - {what}")));
        lines.join("\n")
    }
}

fn compared(name: &str, bill: Option<&Bill>) -> String {
    let Some(bill) = bill else { return format!("{name:<46}{:>16}{:>14}", "not counted yet", "") };
    let time = if bill.has_lambda_time { "" } else { ", without Lambda's time" };
    let name = format!("{name}{time}");
    let (part, all) = (bill.dollars_per_million_events_into_the_queue, bill.dollars_per_million_events);
    format!("{name:<46}{part:>16.3}{all:>14.3}")
}

/// Three digits, however small.
fn units(units: f64) -> String {
    if units >= 0.01 { format!("{units:.2}") } else { format!("{units:.2e}") }
}
