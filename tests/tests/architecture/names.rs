//! A test is found by the word of its subject, so its name begins with that.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What a name begins with that leaves the subject out.
const HEADLESS: [&str; 7] = ["what_", "who_", "whoever_", "whatever_", "of_", "nothing_", "nobody_"];

#[test]
fn test_names_begin_with_their_subject() {
    let sources = sources();
    assert!(sources.len() > 500, "the sources were not found: {}", sources.len());
    let headless: Vec<_> = sources.iter().flat_map(|path| headless(path)).collect();
    assert_eq!(headless, Vec::<String>::new(), "docs/contributing/style.md, \"Test names\"");
}

#[test]
fn headless_name_is_found_after_the_attribute_of_a_test() {
    assert_eq!(headless_in("    #[test]\n    fn what_is_lost_is_found() {"), ["what_is_lost_is_found"]);
    assert_eq!(headless_in("#[tokio::test(start_paused = true)]\nasync fn nothing_is_lost() {"), ["nothing_is_lost"]);
    assert!(headless_in("#[test]\nfn lost_event_is_found() {").is_empty());
    assert!(headless_in("fn what_is_no_test() {").is_empty());
}

fn headless(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a source");
    headless_in(&text).into_iter().map(|name| format!("{}: {name}", path.display())).collect()
}

fn headless_in(text: &str) -> Vec<&str> {
    names(text).filter(|name| is_headless(name)).collect()
}

fn is_headless(name: &str) -> bool {
    HEADLESS.iter().any(|start| name.starts_with(start))
}

/// The functions that follow an attribute which ends in `test`, with or without arguments.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split("#[").skip(1).filter_map(|rest| {
        let (attribute, rest) = rest.split_once(']')?;
        let attribute = attribute.split('(').next()?;
        let (before, rest) = rest.split_once("fn ")?;
        let is_test = attribute.ends_with("test") && !before.contains('{');
        is_test.then(|| rest.split('(').next()).flatten()
    })
}

fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut left = ["crates", "fuzz", "tests", "xtask"].map(|folder| root.join(folder)).to_vec();
    let mut found = Vec::new();
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            match entry.is_dir() {
                true if !entry.ends_with("target") => left.push(entry),
                // Its own examples are none.
                false if entry.ends_with("architecture/names.rs") => {}
                false if entry.extension().is_some_and(|extension| extension == "rs") => found.push(entry),
                _ => {}
            }
        }
    }
    found
}
