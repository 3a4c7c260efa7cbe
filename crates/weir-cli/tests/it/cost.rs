//! `weir cost`: it asks nobody, and its sums are those of its lines.

use serde_json::Value;

use crate::{run, weir};

fn cost(arguments: &[&str]) -> Value {
    let ended = run(weir(&["cost", "--json"]).args(arguments));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn number(of: &Value) -> f64 {
    of.as_f64().unwrap_or_else(|| panic!("{of} is not a number"))
}

#[test]
fn a_month_is_its_lines_and_what_is_fixed() {
    let report = cost(&["--events-per-month", "3000000"]);
    let lines = report["weir"]["lines"].as_array().unwrap();
    let events: f64 = lines.iter().map(|line| number(&line["dollars_per_million_events"])).sum();
    let fixed: f64 = report["fixed_per_month"].as_array().unwrap().iter().map(|fixed| number(&fixed["dollars"])).sum();
    assert!((number(&report["dollars_per_month"]) - (3.0 * events + fixed)).abs() < 1e-6, "{report}");
    assert!((number(&report["weir"]["dollars_per_million_events"]) - events).abs() < 1e-6);
}

#[test]
fn cost_names_what_was_not_counted() {
    let ended = run(&mut weir(&["cost"]));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("Left out:\n  - the free tier"), "{}", ended.stdout);
    let report = cost(&[]);
    for (name, shown) in [("node", "Node"), ("python", "Python")] {
        let line = ended.stdout.lines().find(|line| line.starts_with(shown)).unwrap();
        assert_eq!(report[name].is_null(), line.contains("not counted yet"), "{line}");
    }
}

#[test]
fn larger_bodies_fuller_batches_and_fewer_lines_show() {
    let dollars = |arguments: &[&str]| number(&cost(arguments)["weir"]["dollars_per_million_events"]);
    let usual = dollars(&[]);
    assert!(dollars(&["--payload-kb", "200"]) > usual + 2.9, "three more chunks on the bus");
    assert!(dollars(&["--batch", "10"]) < usual);
    assert!(dollars(&["--logs", "error"]) < usual);
    assert!(dollars(&["--ordered", "0"]) < usual - 1.2, "two writes");
    assert!(dollars(&["--duplicates", "50"]) > usual);
    let time = ["--ingest-ms", "10", "--worker-ms", "100"];
    assert!(dollars(&time) > usual);
    let x86 = [&time[..], &["--architecture", "x86_64"]].concat();
    assert!(dollars(&x86) > dollars(&time));
}

#[test]
fn cost_option_out_of_range_is_refused() {
    for line in [["cost", "--payload-kb", "901"], ["cost", "--batch", "11"], ["cost", "--events-per-month", "0"]] {
        let ended = run(&mut weir(&line));
        assert_eq!(ended.status, 2, "{line:?}");
    }
}

#[test]
fn costs_document_has_the_figures_of_the_command() {
    let document = include_str!("../../../../docs/reference/costs.md");
    for (row, arguments) in [
        ("6 KB, batches of 10", &["--batch", "10"][..]),
        ("6 KB, each alone in its batch", &[]),
        (
            "\u{2026} batches of 10, no order kept, `LogLevel` error",
            &["--batch", "10", "--ordered", "0", "--logs", "error"],
        ),
        ("300 KB, batches of 10", &["--batch", "10", "--payload-kb", "300"]),
    ] {
        let row =
            document.lines().find(|line| line.starts_with(&format!("| {row} |"))).unwrap_or_else(|| panic!("{row}"));
        let dollars = number(&cost(arguments)["weir"]["dollars_per_million_events"]);
        assert!(row.ends_with(&format!("| **{dollars:.2}** |")), "{row} is not {dollars}");
    }
}
