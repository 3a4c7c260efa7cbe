use super::*;
use crate::cost::counted::{Fixed, LogBytes, Requests, StoredBytes};

fn requests(of: &[(&str, f64)]) -> Requests {
    of.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

/// Round figures of its own: what the cases below are reckoned by hand from.
fn counted() -> Counted {
    Counted {
        requests_per_event: requests(&[
            ("sqs:SendMessage", 1.0),
            ("dynamodb:UpdateItem", 2.0),
            ("events:PutEvents", 0.1),
            ("events:PutEvents entries", 1.0),
        ]),
        more_per_ordered_event: requests(&[("dynamodb:UpdateItem", 2.0)]),
        more_per_duplicate: requests(&[("dynamodb:UpdateItem", 2.0), ("sqs:SendMessage", 1.0)]),
        fair_queues: true,
        stored_bytes: StoredBytes { ledger: 500.0, index: 100.0, fence: 200.0 },
        log_bytes: LogBytes {
            ingest_event: 400.0,
            ingest_metrics: 500.0,
            worker_event: 300.0,
            worker_metrics: 200.0,
            lambda: 100.0,
        },
        metrics: 10.0,
        fixed: Fixed {
            alarm_metrics: 30.0,
            composite_alarms: 1.0,
            dashboards: 1.0,
            secrets: 2.0,
            polled_queues: 4.0,
            retention_days: 365.25 / 12.0,
            ingest_memory_mb: 512.0,
            worker_memory_mb: 1_024.0,
            most_a_batch: 10.0,
        },
        ..Counted::default()
    }
}

fn traffic() -> Traffic {
    Traffic {
        sizes: Sizes { body: 6_000.0, message: 6_500.0, event: 6_500.0 },
        batch: 10.0,
        duplicates: 0.0,
        ordered: 0.0,
        architecture: Architecture::Arm64,
        memory_mb: None,
        ingest_ms: None,
        worker_ms: None,
        logs: LogDetail::Info,
    }
}

fn bill(traffic: &Traffic) -> Bill {
    of_functions(&counted(), traffic, &Prices::built_in())
}

#[track_caller]
fn check(bill: &Bill, what: &str, units: f64, dollars: f64) {
    let line = bill.lines.iter().find(|line| line.what == what).unwrap_or_else(|| panic!("{what}: {bill:?}"));
    assert!((line.units_per_event - units).abs() < 1e-9, "{line:?}");
    assert!((line.dollars_per_million_events - dollars).abs() < 1e-4, "{line:?}");
}

#[test]
fn an_event_costs_what_its_requests_cost() {
    let bill = bill(&traffic());
    check(&bill, "requests", 1.0, 1.00);
    check(&bill, "invocations of ingest", 1.0, 0.20);
    check(&bill, "invocations of workers", 0.1, 0.02);
    check(&bill, "sends", 1.0, 0.40);
    check(&bill, "receives", 0.1, 0.04);
    check(&bill, "deletes", 0.1, 0.04);
    check(&bill, "fair queues, on sends", 1.0, 0.10);
    check(&bill, "fair queues, on the others", 0.2, 0.02);
    check(&bill, "writes", 2.0, 1.25);
    check(&bill, "writes of an index", 1.0, 0.625);
    check(&bill, "events", 1.0, 1.00);
    // (500 + 100 + 2 · 100) bytes for one month, and 2^30 bytes a GB.
    check(&bill, "GB-months kept", 800.0 / 1_073_741_824.0, 0.186_265);
    // 400 + 500 + 100; 300, and a tenth of 200 + 100.
    check(&bill, "GB of ingest's log", 1_000.0 / 1_073_741_824.0, 0.465_661);
    check(&bill, "GB of the workers' logs", 330.0 / 1_073_741_824.0, 0.153_668);
    assert_eq!(bill.lines.len(), 14);
    let sum =
        1.0 + 0.2 + 0.02 + 0.4 + 0.04 + 0.04 + 0.1 + 0.02 + 1.25 + 0.625 + 1.0 + 0.186_265 + 0.465_661 + 0.153_668;
    assert!((bill.dollars_per_million_events - sum).abs() < 1e-4, "{bill:?}");
    let into = 1.0 + 0.2 + 0.4 + 0.1 + 0.465_661;
    assert!((bill.dollars_per_million_events_into_the_queue - into).abs() < 1e-4, "{bill:?}");
}

#[test]
fn a_second_delivery_costs_all_but_the_event_itself() {
    let bill = bill(&Traffic { duplicates: 0.5, ..traffic() });
    check(&bill, "requests", 1.5, 1.50);
    check(&bill, "invocations of workers", 0.15, 0.03);
    check(&bill, "sends", 1.5, 0.60);
    check(&bill, "writes", 3.0, 1.875);
    check(&bill, "writes of an index", 1.0, 0.625);
    check(&bill, "events", 1.0, 1.00);
}

#[test]
fn keeping_order_costs_two_writes_and_an_item() {
    let bill = bill(&Traffic { ordered: 0.5, ..traffic() });
    check(&bill, "writes", 3.0, 1.875);
    check(&bill, "GB-months kept", 950.0 / 1_073_741_824.0, 0.221_189);
}

#[test]
fn a_batch_of_messages_is_received_in_chunks_of_64_kb() {
    let with = |message| Traffic { sizes: Sizes { message, ..traffic().sizes }, ..traffic() };
    check(&bill(&with(6_553.6)), "receives", 0.1, 0.04);
    check(&bill(&with(6_553.7)), "receives", 0.2, 0.08);
    check(&bill(&with(65_536.0)), "sends", 1.0, 0.40);
    check(&bill(&with(65_537.0)), "sends", 2.0, 0.80);
    check(&bill(&with(65_537.0)), "fair queues, on sends", 2.0, 0.20);
}

#[test]
fn an_event_and_a_request_count_by_their_pieces() {
    let with = |event, body| Traffic { sizes: Sizes { event, body, ..traffic().sizes }, ..traffic() };
    check(&bill(&with(65_536.0, 524_288.0)), "events", 1.0, 1.00);
    check(&bill(&with(65_537.0, 524_288.0)), "events", 2.0, 2.00);
    check(&bill(&with(65_537.0, 524_288.0)), "requests", 1.0, 1.00);
    check(&bill(&with(65_537.0, 524_289.0)), "requests", 2.0, 2.00);
}

#[test]
fn an_item_is_written_by_the_kilobyte() {
    let with = |ledger| {
        let stored_bytes = StoredBytes { ledger, ..counted().stored_bytes };
        of_functions(&Counted { stored_bytes, ..counted() }, &traffic(), &Prices::built_in())
    };
    check(&with(1_024.0), "writes", 2.0, 1.25);
    check(&with(1_025.0), "writes", 4.0, 2.50);
}

#[test]
fn lambda_bills_begun_milliseconds_by_memory_and_processor() {
    let times = Traffic { ingest_ms: Some(1.2), worker_ms: Some(30.0), ..traffic() };
    let arm = bill(&times);
    assert!(arm.has_lambda_time && !bill(&traffic()).has_lambda_time);
    // 2 ms of half a GB; 30 ms of a whole one, for ten.
    check(&arm, "GB-seconds of ingest", 0.001, 0.013_333);
    check(&arm, "GB-seconds of workers", 0.003, 0.040_000);
    let x86 = bill(&Traffic { architecture: Architecture::X86, memory_mb: Some(256.0), ..times });
    check(&x86, "GB-seconds of ingest", 0.000_5, 0.008_333);
    check(&x86, "GB-seconds of workers", 0.000_75, 0.012_500);
}

#[test]
fn time_that_was_measured_counts_unless_another_is_given() {
    let time = serde_json::from_str(
        r#"{"ingest_cpu_us": 1000, "ingest_calls": 1, "worker_cpu_us": 500, "worker_calls": 3, "worker_calls_per_event": 0}"#,
    );
    let counted = Counted { time: Some(time.unwrap()), ..counted() };
    let of = |traffic| of_functions(&counted, &traffic, &Prices::built_in());
    // 1 ms of a processor of which there is 512/1769, and a call of 5 ms: 9 ms of half a GB.
    check(&of(traffic()), "GB-seconds of ingest", 0.004_5, 0.060_000);
    // 5 ms of 1024/1769, and three calls: 24 ms of a GB for ten events.
    check(&of(traffic()), "GB-seconds of workers", 0.002_4, 0.032_000);
    // More than a whole processor helps none of them.
    let large = Traffic { memory_mb: Some(2_048.0), ..traffic() };
    check(&of(large), "GB-seconds of ingest", 0.012, 0.160_001);
    check(&of(Traffic { ingest_ms: Some(2.0), ..traffic() }), "GB-seconds of ingest", 0.001, 0.013_333);
}

#[test]
fn without_lines_of_events_the_metrics_are_still_logged() {
    let bill = bill(&Traffic { logs: LogDetail::Error, ..traffic() });
    check(&bill, "GB of ingest's log", 600.0 / 1_073_741_824.0, 0.279_397);
    check(&bill, "GB of the workers' logs", 30.0 / 1_073_741_824.0, 0.013_970);
}

#[test]
fn a_variant_without_groups_and_entries_is_billed_by_its_sends_and_events() {
    let requests_per_event = requests(&[("sqs:SendMessage", 1.0), ("events:PutEvents", 0.1)]);
    let peer = Counted { requests_per_event, ..Counted::default() };
    let bill = of_functions(&peer, &traffic(), &Prices::built_in());
    check(&bill, "sends", 1.0, 0.40);
    check(&bill, "events", 1.0, 1.00);
    assert!(bill.lines.iter().all(|line| !line.what.starts_with("fair queues")), "{bill:?}");
}

#[test]
fn without_a_function_there_is_a_request_and_a_send() {
    let sizes = Sizes { body: 70_000.0, ..traffic().sizes };
    let bill = of_no_function(&Traffic { sizes, duplicates: 0.1, ..traffic() }, &Prices::built_in());
    check(&bill, "requests", 1.1, 1.10);
    // Uncompressed: two chunks.
    check(&bill, "sends", 2.2, 0.88);
    assert!((bill.dollars_per_million_events - 1.98).abs() < 1e-9);
}

#[test]
fn a_month_without_events_costs_what_stands_there() {
    let of_a_month = of_a_month(&counted(), &Prices::built_in());
    let dollars: Vec<f64> = of_a_month.iter().map(|(_, _, dollars)| (dollars * 100.0).round() / 100.0).collect();
    // Four queues, five polls of each that take twenty seconds: 2.63 million receives.
    assert_eq!(dollars, [3.0, 0.5, 3.0, 3.0, 0.8, 1.05]);
}
