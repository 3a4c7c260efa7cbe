use std::sync::Mutex;

use crate::metrics::{self, *};
use serde_json::Value;

use super::*;
use crate::emf::check::assert_embedded_metrics;

fn recorded(by_shop: &[&str], add: impl FnOnce(&Metrics)) -> Vec<Value> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let by_shop = by_shop.iter().map(|shop| (*shop).to_owned()).collect();
    let metrics = Metrics::new("north".into(), by_shop, Output::Memory(lines.clone()));
    add(&metrics);
    metrics.flush(UnixMillis(1_795_755_600_000));
    let lines = lines.lock().unwrap();
    lines.iter().map(|line| assert_embedded_metrics(line)).collect()
}

const URGENT: Labels<'_> = Labels {
    lane: Some(Lane::Urgent),
    reason: None,
    header: None,
    kind: None,
    operation: None,
    shop: Some("north.myshopify.com"),
};

#[test]
fn an_invocation_is_one_line_with_sums_and_with_each_duration() {
    let lines = recorded(&[], |metrics| {
        for milliseconds in [120, 80, 95] {
            metrics.count(&DONE, &URGENT);
            metrics.add(&END_TO_END_LATENCY, milliseconds, &URGENT);
        }
        metrics.add(&INVENTORY_SYNC_LATENCY, 7, &URGENT);
        metrics.count(&WORKER_ERRORS, &Labels { kind: Some(ErrorKind::Transient), ..URGENT });
    });
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&line["Done"], &line["EndToEndLatency"]), (&3.into(), &serde_json::json!([120, 80, 95])));
    assert_eq!((&line["InventorySyncLatency"], &line["stack"]), (&7.into(), &"north".into()));
    assert_eq!((&line["lane"], &line["kind"], line.get("shop")), (&"urgent".into(), &"transient".into(), None));
    assert_eq!(line["_aws"]["Timestamp"], 1_795_755_600_000i64);
}

#[test]
fn a_dimension_has_one_value_in_a_line() {
    let lines = recorded(&[], |metrics| {
        for kind in [ErrorKind::Transient, ErrorKind::Permanent, ErrorKind::Transient] {
            metrics.count(&WORKER_ERRORS, &Labels { kind: Some(kind), ..URGENT });
        }
        metrics.count(&DONE, &URGENT);
    });
    let errors: Vec<_> =
        lines.iter().map(|line| (line["kind"].as_str().unwrap(), line["WorkerErrors"].as_u64())).collect();
    assert_eq!(errors, [("transient", Some(2)), ("permanent", Some(1))]);
    assert_eq!(lines.iter().filter(|line| line.get("Done").is_some()).count(), 1);
}

#[test]
fn a_shop_is_a_dimension_only_where_it_is_asked_for() {
    let lines = recorded(&["north.myshopify.com"], |metrics| {
        metrics.count(&DONE, &URGENT);
        metrics.count(&DONE, &Labels { shop: Some("south.myshopify.com"), ..URGENT });
        metrics.count(&STALE, &URGENT);
    });
    let shops: Vec<_> = lines.iter().filter_map(|line| line["shop"].as_str()).collect();
    assert_eq!(shops, ["north.myshopify.com"]);
    let dimensions = lines[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"].to_string();
    assert_eq!(dimensions, r#"[["stack"],["stack","lane"],["stack","shop"]]"#);
}

#[test]
fn more_values_than_a_line_takes_go_to_more_lines_and_none_is_lost() {
    let lines =
        recorded(&[], |metrics| (0..250).for_each(|value| metrics.add(&INGEST_LATENCY, value, &Labels::default())));
    let values = lines.iter().flat_map(|line| line["IngestLatency"].as_array().unwrap().clone());
    assert_eq!(values.map(|value| value.as_u64().unwrap()).collect::<Vec<_>>(), (0..250).collect::<Vec<_>>());
    assert_eq!(lines.len(), 3);
}

#[test]
fn every_metric_that_weir_emits_can_be_written() {
    let of = Labels {
        reason: Some(Rejection::TooLarge),
        header: Some(DroppedHeader::EventId),
        kind: Some(ErrorKind::Panic),
        operation: Some("ShopInfo"),
        ..URGENT
    };
    let lines = recorded(&[], |metrics| metrics::EMITTED.iter().for_each(|metric| metrics.add(metric, 1, &of)));
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert!(metrics::EMITTED.iter().all(|metric| line[metric.name] == 1));
}

#[test]
fn flushed_metrics_are_not_written_again() {
    let lines = recorded(&[], |metrics| {
        metrics.count(&DONE, &URGENT);
        metrics.flush(UnixMillis(0));
    });
    assert_eq!(lines.len(), 1);
}

#[test]
fn the_lines_are_as_long_as_the_module_says() {
    let ingest = recorded(&[], |metrics| {
        metrics.count(&ACCEPTED, &URGENT);
        for metric in [&INGEST_LATENCY, &ENQUEUE_LATENCY, &DELIVERY_DELAY] {
            metrics.add(metric, 1234, &URGENT);
        }
    });
    let worker = recorded(&[], |metrics| {
        for value in 0..10 {
            metrics.count(&DONE, &URGENT);
            metrics.add(&END_TO_END_LATENCY, 1000 + value, &URGENT);
        }
    });
    let lengths = [ingest, worker].map(|lines| lines.iter().map(|line| line.to_string().len()).sum::<usize>());
    assert!(lengths[0] <= 560 && lengths[1] <= 620, "{lengths:?}");
}
