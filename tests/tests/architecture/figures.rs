//! Numbers that documents state about the code, and that change with it.

use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the checkout");
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn tests_of(path: &str) -> usize {
    read(path).matches("#[test]").count()
}

#[track_caller]
fn check(page: &str, sentence: &str) {
    let text = read(page).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(sentence), "{page} does not say: {sentence}");
}

#[test]
fn benchmarks_count_the_scenarios_and_wrong_protocols_of_the_model() {
    let scenarios = tests_of("crates/weir-core/tests/protocol/promises.rs");
    let wrong = tests_of("crates/weir-core/tests/protocol/variants.rs");
    check("docs/benchmarks.md", &format!("{scenarios} scenarios, every interleaving"));
    check("docs/benchmarks.md", &format!("each of {wrong} deliberately wrong protocols"));
}

#[test]
fn contributing_counts_the_larger_scenarios() {
    let larger = read("crates/weir-core/tests/protocol/larger.rs");
    let (_, list) = larger.split_once("let scenarios = [").expect("there is a list");
    let count = list.split_once("];").expect("it ends").0.matches("Scenario::").count();
    let words = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"];
    let word = words.get(count.wrapping_sub(10)).unwrap_or_else(|| panic!("a word for {count}"));
    check("CONTRIBUTING.md", &format!("{word} larger scenarios"));
}

#[test]
fn every_page_tells_one_size_of_the_images() {
    for page in ["docs/guides/deploy.md", "infra/image/Dockerfile", "CHANGELOG.md"] {
        check(page, "of 11 to 17 MB");
    }
}

#[test]
fn hints_of_the_lints_name_functions_that_exist() {
    check("clippy.toml", "UnixMillis::now()");
    assert!(read("crates/resilience/src/time.rs").contains("pub fn now()"), "the hint of clippy.toml leads nowhere");
}
