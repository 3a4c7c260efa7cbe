use clap::Parser;
use weir_core::{
    Failure,
    ledger::{Record, State},
};

use super::super::fixtures::{NOW, record};
use super::*;
use crate::cli::{Cli, Command, EventsCommand};

fn args(line: &[&str]) -> ListArgs {
    match Cli::parse_from(["weir", "events", "list"].iter().chain(line)).command {
        Command::Events(args) => match args.command {
            EventsCommand::List(args) => args,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn asked(line: &[&str]) -> EventQuery {
    query(&args(line), NOW).unwrap()
}

#[test]
fn every_condition_must_hold() {
    let record = Record { resource: Some("orders/1".into()), ..record() };
    for line in [
        &[][..],
        &["--shop", "north.myshopify.com"],
        &["--topic", "orders/create"],
        &["--app", "default"],
        &["--lane", "standard"],
        &["--resource", "orders/1"],
        &["--error", "NOT json"],
        &["--state", "failed"],
        &["--outcome", "failed"],
        &["--shop", "north.myshopify.com", "--state", "failed", "--error", "json"],
    ] {
        assert!(asked(line).filter.matches(&record, NOW), "{line:?}");
    }
    for line in [
        &["--shop", "mill.myshopify.com"][..],
        &["--topic", "orders/paid"],
        &["--app", "loyalty"],
        &["--lane", "bulk"],
        &["--resource", "orders/12"],
        &["--error", "timed out"],
        &["--state", "parked"],
        &["--outcome", "done"],
        &["--shop", "north.myshopify.com", "--error", "timed out"],
    ] {
        assert!(!asked(line).filter.matches(&record, NOW), "{line:?}");
    }
}

#[test]
fn an_event_that_is_tried_again_has_not_ended_as_failed() {
    let state = State::Failed(Failure::transient("down"));
    let record = Record { state, updated_at: NOW, ..record() };
    assert!(asked(&["--state", "failed"]).filter.matches(&record, NOW));
    assert!(!asked(&["--outcome", "failed"]).filter.matches(&record, NOW));
}

#[test]
fn the_smallest_index_that_has_what_is_wanted_is_read() {
    for (line, expected) in [
        (&[][..], false),
        (&["--state", "failed"], true),
        (&["--state", "parked"], true),
        (&["--state", "leased"], false),
        (&["--outcome", "failed"], true),
        (&["--outcome", "done"], false),
        (&["--error", "x"], true),
        (&["--error", "x", "--state", "done"], false),
    ] {
        assert_eq!(asked(line).filter.is_of_failures(), expected, "{line:?}");
    }
}

#[test]
fn the_range_is_a_day_unless_told_and_all_of_time_for_what_is_in_trouble() {
    let since = |line: &[&str]| asked(line).range.since;
    assert_eq!(since(&[]), UnixMillis(NOW.0 - 86_400_000));
    assert_eq!(since(&["--state", "failed"]), UnixMillis(0));
    assert_eq!(since(&["--state", "failed", "--since", "2h"]), UnixMillis(NOW.0 - 7_200_000));
    assert_eq!(since(&["--since", "99999d"]), UnixMillis(0));
    assert!(range_in_words(&asked(&[])).contains("24 h"));
    assert!(range_in_words(&asked(&["--error", "x"])).contains("unsettled events"));
}

#[test]
fn a_range_that_ends_before_it_begins_is_a_mistake() {
    let Err(Usage { problem, .. }) = query(&args(&["--since", "1h", "--until", "2h"]), NOW) else { panic!() };
    assert!(problem.contains("--since is later"), "{problem}");
}
