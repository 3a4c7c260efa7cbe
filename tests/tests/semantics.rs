//! Every test that a document names is there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What states the guarantees.
const GUARANTEES: &str = "docs/concepts/delivery-guarantees.md";
/// What names their tests, section by section.
const TESTS: &str = "docs/concepts/guarantee-tests.md";
/// What names tests.
const DOCUMENTS: [&str; 2] = [TESTS, "docs/concepts/security.md"];

#[test]
fn every_test_that_a_document_names_exists() {
    let tests = tests_below(root());
    assert!(tests.len() > 500, "too few tests were found: {}", tests.len());
    for document in DOCUMENTS {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let named = named(&text);
        assert!(named.len() > 10, "{document} names {} tests", named.len());
        let missing: Vec<_> = named.iter().filter(|name| !tests.contains(*name)).collect();
        assert!(missing.is_empty(), "{document} names tests that are not there: {missing:#?}");
    }
}

#[test]
fn every_guarantee_is_held_by_some_test() {
    let [guarantees, tests] = [GUARANTEES, TESTS].map(|path| fs::read_to_string(root().join(path)).unwrap());
    let (guarantees, tests) = (numbered_sections(&guarantees), numbered_sections(&tests));
    let titles = |sections: &[(&str, &str)]| sections.iter().map(|(title, _)| (*title).to_owned()).collect::<Vec<_>>();
    assert_eq!(titles(&guarantees), titles(&tests), "{TESTS} has the sections of {GUARANTEES}");
    let bare: Vec<_> = tests.iter().filter(|(_, text)| named(text).is_empty()).collect();
    assert!(guarantees.len() >= 6 && bare.is_empty(), "{bare:?}");
}

/// The sections whose headings begin with a number: heading and text.
fn numbered_sections(document: &str) -> Vec<(&str, &str)> {
    let sections = document.split("\n## ").skip(1).filter_map(|section| section.split_once('\n'));
    sections.filter(|(title, _)| title.starts_with(|c: char| c.is_ascii_digit())).collect()
}

#[test]
fn names_of_tests_are_told_from_other_code() {
    let text = "`weir-core`, `a_b` and `every_name_of_four_words`, `tests::of_a_path_with_words`, `cargo test -p x`";
    assert_eq!(named(text), ["every_name_of_four_words", "of_a_path_with_words"].map(str::to_owned).into());
    let code = "#[test]\nfn a_plain_test() {}\n#[tokio::test(start_paused = true)]\nasync fn a_waiting_test() {}\nfn none() {}";
    assert_eq!(tests_in(code), ["a_plain_test", "a_waiting_test"].map(str::to_owned).into());
}

/// What stands in backticks and reads as the name of a test: words joined by underscores, three or more of these.
fn named(text: &str) -> BTreeSet<String> {
    let code = text.split('`').skip(1).step_by(2);
    let last = code.map(|code| code.rsplit("::").next().unwrap_or(code));
    let is_name = |name: &&str| {
        name.matches('_').count() >= 3
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    last.filter(is_name).map(str::to_owned).collect()
}

fn tests_below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next = vec![folder.to_owned()];
    while let Some(folder) = next.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the checkout") {
            let path: PathBuf = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                next.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.extend(tests_in(&fs::read_to_string(&path).expect("a file of the checkout")));
            }
        }
    }
    found
}

/// The functions below an attribute that ends in `test`.
fn tests_in(code: &str) -> BTreeSet<String> {
    let (mut found, mut is_test) = (BTreeSet::new(), false);
    for line in code.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(rest) = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn ")) {
            if is_test {
                found.extend(rest.split(['(', '<']).next().map(str::to_owned));
            }
            is_test = false;
        }
    }
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the checkout")
}
