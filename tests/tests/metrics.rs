//! Every metric that is declared as weir's own is emitted by some function's code: an alarm on one that nobody emits
//! would never ring.

use std::{
    fs,
    path::{Path, PathBuf},
};

use weir_telemetry::metrics::EMITTED;

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("crates")
}

/// The constants of the first table, by the names that code calls them.
fn constants(table: &str) -> Vec<&str> {
    let emitted = table.split("EMITTED:").nth(1).and_then(|rest| rest.split("table! {").next()).expect("the table");
    let rows = emitted.lines().filter_map(|line| line.trim().split_once(" = ").map(|(name, _)| name));
    rows.collect()
}

/// The code of the functions and of what they are made of; not its tests, and not the table.
fn sources(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if entry.is_dir() && !["tests", "metrics", "weir-cli", "weir-ops"].contains(&name.as_str()) {
            sources(&entry, all);
        } else if name.ends_with(".rs") && !["tests.rs", "metrics.rs"].contains(&name.as_str()) {
            let text = fs::read_to_string(&entry).expect("readable");
            all.push_str(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&text));
        }
    }
}

#[test]
fn every_declared_metric_is_emitted_by_some_function() {
    let table = fs::read_to_string(crates().join("weir-telemetry/src/metrics/table.rs")).expect("the table");
    let names = constants(&table);
    assert_eq!(names.len(), EMITTED.len(), "the table is read whole: {names:?}");
    let mut code = String::new();
    sources(&crates(), &mut code);
    let words: std::collections::BTreeSet<&str> =
        code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let idle: Vec<_> = names.into_iter().filter(|name| !words.contains(name)).collect();
    assert_eq!(idle, Vec::<&str>::new(), "declared, and emitted by nobody");
}
