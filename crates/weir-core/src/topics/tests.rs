//! The table, held to Shopify's list of topics and to bodies of each.

use std::{collections::BTreeSet, path::Path};

use serde_json::value::RawValue;
use shopify_webhook::Topic;

pub(crate) use super::snapshot::tests::meta;
use super::*;
use crate::{UnixMillis, envelope::Meta};

/// The topics that are declared in an app's TOML alone: the schema does not list them.
const COMPLIANCE: [&str; 3] = ["customers/data_request", "customers/redact", "shop/redact"];

#[test]
fn every_topic_of_shopifys_is_decided_and_no_other() {
    let decided: BTreeSet<&str> = Topics::built_in().decided().map(|(topic, _)| topic).collect();
    let shopifys: BTreeSet<&str> = shopify_schema::webhook_topics().chain(COMPLIANCE).collect();
    let only =
        |these: &BTreeSet<&str>, those: &BTreeSet<&str>| these.difference(those).map(|t| (*t).to_owned()).collect();
    let (undecided, unknown): (Vec<String>, Vec<String>) = (only(&shopifys, &decided), only(&decided, &shopifys));
    assert!(undecided.is_empty() && unknown.is_empty(), "not decided: {undecided:?}; unknown: {unknown:?}");
    assert!(decided.iter().all(|topic| Topic::parse(topic).is_some()));
}

#[test]
fn snapshots_are_latest_and_what_happens_once_is_every() {
    let topics = Topics::built_in();
    for topic in ["orders/create", "orders/paid", "products/update", "inventory_levels/update", "shop/update"] {
        assert!(topics.latest(topic).is_some(), "{topic}");
    }
    for topic in ["refunds/create", "orders/edited", "app/uninstalled", "customers/redact", "spaceships/landed"] {
        assert!(topics.latest(topic).is_none(), "{topic}");
    }
    assert_eq!(topics.latest("orders/create"), topics.latest("orders/paid"), "they are of one resource");
}

#[test]
fn all_but_updates_happen_once() {
    for topic in ["orders/create", "orders/paid", "orders/cancelled", "products/create"] {
        assert!(happens_once(topic), "{topic}");
    }
    for topic in ["orders/updated", "products/update", "inventory_levels/update"] {
        assert!(!happens_once(topic), "{topic}");
    }
}

/// Holds what the table says of a topic to a body of it. `updated_at` is where the body has a version of its own.
#[track_caller]
fn check(topic: &str, body: &RawValue) {
    let resource = Topics::built_in().latest(topic).unwrap_or_else(|| panic!("{topic} is not latest"));
    let dated = meta(topic, Some("2026-11-27T05:00:00.25Z"));
    let now = UnixMillis(1_795_842_000_000);
    let snapshot = |meta: &Meta| match resource.snapshot(meta, body, now) {
        Reading::Snapshot(snapshot) => Some(snapshot),
        Reading::Unknown | Reading::FarAhead(_) => None,
    };
    let dated_snapshot = snapshot(&dated).unwrap_or_else(|| panic!("{topic}: no identity in {body}"));
    assert!(resource.is_named_in(body.get().as_bytes(), true), "{topic}");
    assert!(dated_snapshot.key.ends_with(&resource.of(body).unwrap()), "{topic}");
    // Without the header the version is the body's, or there is none.
    let undated = snapshot(&Meta { triggered_at: None, ..dated });
    assert_eq!(undated.is_some(), resource.is_named_in(body.get().as_bytes(), false), "{topic}");
    let has_version = body.get().contains("\"updated_at\":\"") || body.get().contains("\"updated_at\": \"");
    assert_eq!(undated.is_some(), has_version, "{topic}: its updated_at is not read as its version");
}

#[test]
fn a_body_of_each_latest_topic_has_the_identity_and_the_version_of_the_table() {
    let bodies = bodies(include_str!("bodies.jsonl"));
    let of: BTreeSet<&str> = bodies.iter().map(|(topic, _)| topic.as_str()).collect();
    let latest = Topics::built_in().decided().filter(|(_, rule)| *rule == Rule::Latest);
    assert_eq!(of, latest.map(|(topic, _)| topic).collect(), "bodies.jsonl has one of each");
    for (topic, body) in &bodies {
        check(topic, body);
    }
}

#[test]
fn topics_of_one_resource_name_it_alike() {
    let bodies = bodies(include_str!("bodies.jsonl"));
    for resource in RESOURCES {
        let of = bodies.iter().filter(|(topic, _)| Topics::built_in().latest(topic) == Some(resource));
        let names: BTreeSet<String> = of.filter_map(|(_, body)| resource.of(body)).collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }
}

#[test]
fn shopifys_own_bodies_have_the_identity_and_the_version_of_the_table() {
    let Some(folder) = std::env::var_os("WEIR_SHOPIFY_PAYLOADS") else {
        println!("Not compared: WEIR_SHOPIFY_PAYLOADS names no folder of Shopify's samples");
        return;
    };
    let (mut compared, mut empty) = (0, Vec::new());
    for (topic, body) in shopifys(Path::new(&folder)) {
        if Topics::built_in().latest(&topic).is_none() {
            continue;
        }
        // A sample without any field says nothing of the topic.
        if body.get() == "{}" {
            empty.push(topic);
            continue;
        }
        check(&topic, &body);
        compared += 1;
    }
    println!("{compared} samples compared; empty ones of {}", empty.join(", "));
    assert!(compared > 0, "{} holds no sample", Path::new(&folder).display());
}

/// The samples in the folder, a file each, and those in files of lines there or beside it.
fn shopifys(folder: &Path) -> Vec<(String, Box<RawValue>)> {
    let files = |folder: &Path| -> Vec<_> { std::fs::read_dir(folder).into_iter().flatten().flatten().collect() };
    let of_lines = files(folder).into_iter().chain(folder.parent().map(files).into_iter().flatten());
    let of_lines = of_lines.filter(|file| file.path().extension().is_some_and(|ending| ending == "jsonl"));
    let mut samples: Vec<_> =
        of_lines.flat_map(|file| bodies(&std::fs::read_to_string(file.path()).unwrap())).collect();
    for (topic, _) in Topics::built_in().decided() {
        let name = format!("{}.json", topic.replace(['/', '.'], "_"));
        if let Ok(text) = std::fs::read_to_string(folder.join(name)) {
            samples.push((topic.to_owned(), serde_json::from_str(&text).unwrap()));
        }
    }
    samples
}

/// Lines of `{"topic": …, "body": …}`.
fn bodies(text: &str) -> Vec<(String, Box<RawValue>)> {
    #[derive(serde::Deserialize)]
    struct Line {
        topic: String,
        body: Box<RawValue>,
    }
    text.lines().map(|line| serde_json::from_str(line).unwrap()).map(|Line { topic, body }| (topic, body)).collect()
}

#[test]
fn every_mistake_in_a_table_is_reported_at_once() {
    let table = "
        [[latest]]\nresource = \"a\"\nid = [\"id\", \"\"]\nwhy = \"x\"\ntopics = [\"a/b\", \"a/b\", \"orders\"]
        [[latest]]\nresource = \"a\"\nid = []\nwhy = \" \"\ntopics = []
        [[every]]\nwhy = \"\"\ntopics = [\"a/b\"]";
    let problems = table::generate(table).unwrap_err();
    let count = |words: &str| problems.iter().filter(|problem| problem.contains(words)).count();
    assert_eq!(count("needs a name without"), 2, "{problems:?}");
    assert_eq!(count("has two entries"), 1, "{problems:?}");
    assert_eq!(count("needs a reason"), 1, "{problems:?}");
    assert_eq!(count("is decided twice"), 2, "{problems:?}");
    assert_eq!(count("is no topic"), 1, "{problems:?}");
    assert_eq!(problems.len(), 7, "{problems:?}");
    assert_eq!(table::generate("latest = 1").unwrap_err().len(), 1);
}
