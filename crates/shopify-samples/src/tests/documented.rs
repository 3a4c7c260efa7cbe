//! The bodies beside Shopify's documented samples, for those who have them: one JSON file a topic, named as
//! `orders_create.json`, in the folder that `WEIR_SHOPIFY_PAYLOADS` names.

use super::{body, samples};
use crate::topics;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// The fields of both, named by their path. Lists count by their first item, where both have one.
fn differences(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for name in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
                match (ours.get(name), theirs.get(name)) {
                    (Some(ours), Some(theirs)) => differences(&format!("{path}/{name}"), ours, theirs, found),
                    (Some(_), None) => found.push(format!("only ours: {path}/{name}")),
                    _ => found.push(format!("only documented: {path}/{name}")),
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            if let (Some(ours), Some(theirs)) = (ours.first(), theirs.first()) {
                differences(&format!("{path}[]"), ours, theirs, found);
            }
        }
        (ours, theirs) if ours.is_null() || theirs.is_null() => {}
        (ours, theirs) if std::mem::discriminant(ours) != std::mem::discriminant(theirs) => {
            found.push(format!("another kind: {path} is {ours}, documented {theirs}"));
        }
        _ => {}
    }
}

#[test]
fn top_level_fields_are_those_of_the_documented_samples() {
    let Some(folder) = std::env::var_os("WEIR_SHOPIFY_PAYLOADS") else {
        println!("Not compared: WEIR_SHOPIFY_PAYLOADS names no folder of documented samples");
        return;
    };
    let (mut compared, mut missing) = (0, Vec::new());
    for topic in topics() {
        let file = Path::new(&folder).join(format!("{}.json", topic.replace(['/', '.'], "_")));
        let Ok(text) = std::fs::read(&file) else {
            missing.push(*topic);
            continue;
        };
        let documented: Value = serde_json::from_slice(&text).unwrap();
        let mut below = Vec::new();
        for seed in 0..40 {
            let ours = body(&mut samples(seed), topic);
            let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
            assert_eq!(names(&ours), names(&documented), "{topic}");
            differences("", &ours, &documented, &mut below);
        }
        let below: BTreeSet<_> = below.into_iter().collect();
        println!("{topic}: the same fields at the top level; further down {} differ", below.len());
        below.iter().for_each(|difference| println!("    {difference}"));
        compared += 1;
    }
    println!("{compared} topics compared; no documented sample of {}", missing.join(", "));
    assert!(compared > 0, "{} holds no documented sample", folder.display());
}
