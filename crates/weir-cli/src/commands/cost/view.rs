//! The bill for people and for programs.

use serde::Serialize;

use super::{
    bill::{self, Bill, Traffic},
    counted::{CALL_MS, Counted, Table},
    prices::Prices,
};
use crate::cli::{Architecture, CostArgs};

/// What nobody reckons with here.
const LEFT_OUT: [&str; 8] = [
    "the free tier, discounts, taxes, data transfer, and the lower prices of higher tiers",
    "what single topics ask for beside that (of products/*, a write), failures and retries, parking, a second region, handlers of your own, forwarding",
    "queues and functions of yours behind the bus",
    "bodies that go by way of S3, and point-in-time recovery of the tables",
    "API Gateway's access log, traces, logs that are kept or searched",
    "Lambda's polling of empty lanes, reads of secrets and controls by the clock, the monitor",
    "metrics of failures, of single shops and of calls of Shopify, each in a month in which it is told",
    "cold starts",
];

/// The whole answer.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    region: String,
    prices_of: String,
    counted_on: String,
    events_per_month: u64,
    body_bytes: f64,
    message_bytes: f64,
    event_bytes: f64,
    batch: f64,
    duplicates_percent: u8,
    ordered_percent: u8,
    architecture: &'static str,
    weir: Bill,
    /// A month without an event, in dollars, by what.
    fixed_per_month: Vec<Fixed>,
    /// Events and what is fixed.
    dollars_per_month: f64,
    /// `null`: not counted yet.
    node: Option<Bill>,
    python: Option<Bill>,
    api_gateway_to_sqs: Bill,
    /// Whether Lambda's time is what the user said, and not reckoned from what was measured.
    is_time_given: bool,
    left_out: [&'static str; LEFT_OUT.len()],
}

#[derive(Debug, Serialize)]
struct Fixed {
    what: &'static str,
    units: f64,
    dollars: f64,
}

impl Report {
    pub(super) fn new(args: &CostArgs, table: &Table, prices: &Prices, traffic: &Traffic) -> Self {
        // The flags say how long weir's functions run, not others'.
        let memory_mb = traffic.memory_mb.or(Some(table.weir.fixed.ingest_memory_mb));
        let others = Traffic { ingest_ms: None, worker_ms: None, memory_mb, ..*traffic };
        let of_peer =
            |counted: &Option<Counted>| counted.as_ref().map(|counted| bill::of_functions(counted, &others, prices));
        let weir = bill::of_functions(&table.weir, traffic, prices);
        let fixed = bill::of_a_month(&table.weir, prices);
        let fixed: Vec<Fixed> =
            fixed.into_iter().map(|(what, units, dollars)| Fixed { what, units, dollars }).collect();
        let of_events = args.events_per_month as f64 / 1e6 * weir.dollars_per_million_events;
        Self {
            region: prices.region.clone(),
            prices_of: prices.read_on.clone(),
            counted_on: table.weir.counted.clone(),
            events_per_month: args.events_per_month,
            body_bytes: traffic.sizes.body,
            message_bytes: traffic.sizes.message,
            event_bytes: traffic.sizes.event,
            batch: args.batch,
            duplicates_percent: args.duplicates,
            ordered_percent: args.ordered,
            architecture: match args.architecture {
                Architecture::Arm64 => "arm64",
                Architecture::X86 => "x86_64",
            },
            dollars_per_month: of_events + fixed.iter().map(|fixed| fixed.dollars).sum::<f64>(),
            weir,
            fixed_per_month: fixed,
            node: of_peer(&table.node),
            python: of_peer(&table.python),
            api_gateway_to_sqs: bill::of_no_function(traffic, prices),
            is_time_given: args.ingest_ms.is_some() && args.worker_ms.is_some(),
            left_out: LEFT_OUT,
        }
    }

    pub(super) fn text(&self) -> String {
        let months = self.events_per_month as f64 / 1e6;
        let mut lines = vec![
            format!(
                "{} events a month, {} % of them delivered twice, {} % in order; bodies of {:.0} bytes ({:.0} on a lane), \
                 {} a batch, {}.",
                self.events_per_month,
                self.duplicates_percent,
                self.ordered_percent,
                self.body_bytes,
                self.message_bytes,
                self.batch,
                self.architecture
            ),
            format!(
                "List prices of {} as of {}; requests as counted on {}.\n",
                self.region, self.prices_of, self.counted_on
            ),
            format!("{:<14}{:<32}{:>16}{:>14}{:>14}", "", "", "units an event", "$ a million", "$ a month"),
        ];
        let mut service = "";
        for line in &self.weir.lines {
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
        for (number, fixed) in self.fixed_per_month.iter().enumerate() {
            let name = if number == 0 { "no event" } else { "" };
            lines.push(format!(
                "{name:<14}{:<32}{:>16}{:>14}{:>14.2}",
                format!("{} {}", fixed.units, fixed.what),
                "",
                "",
                fixed.dollars
            ));
        }
        let of_a_million = self.weir.dollars_per_million_events;
        lines.push(format!("{:<62}{of_a_million:>14.3}{:>14.2}", "in all", self.dollars_per_month));
        if !self.weir.has_lambda_time {
            lines.push(
                "without the time that Lambda bills, which was not measured: give --ingest-ms and --worker-ms"
                    .to_owned(),
            );
        } else if !self.is_time_given {
            lines.push(format!(
                "Lambda's time is reckoned: the CPU that the benchmark measured, at the memory's share of a processor, and \
                 {CALL_MS} ms for each\ncall of AWS that is waited for. The functions' REPORT lines know better: give \
                 --ingest-ms and --worker-ms"
            ));
        }
        lines.push(format!("\n{:<46}{:>16}{:>14}", "$ a million events", "into a queue", "in all"));
        let variants = [("weir", Some(&self.weir)), ("Node", self.node.as_ref()), ("Python", self.python.as_ref())];
        lines.extend(variants.map(|(name, bill)| compared(name, bill)));
        lines.push(
            "(Node and Python as in bench/peers: no order, no index of events, no metrics; their own log lines not counted)"
                .to_owned(),
        );
        let direct = &self.api_gateway_to_sqs;
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
