//! The crates depend on each other as ARCHITECTURE.md says, and on others in one way.

mod figures;
mod names;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use serde_json::Value;

/// What this checks of a crate.
#[derive(Debug, Default)]
struct Crate {
    needs: BTreeSet<String>,
    /// What only its tests need.
    tested_with: BTreeSet<String>,
    is_binary: bool,
}

type Crates = BTreeMap<String, Crate>;
type Rows = BTreeMap<String, u32>;

#[test]
fn crates_depend_on_earlier_rows_only() {
    assert_eq!(violations(&documented_rows(), &workspace()), Vec::<String>::new(), "ARCHITECTURE.md, \"Crates\"");
}

#[test]
fn ingest_links_no_admin_api() {
    let crates = workspace();
    let mut linked = BTreeSet::from(["weir-ingest".to_owned()]);
    let mut next = linked.clone();
    while let Some(name) = next.pop_first() {
        let needs = crates.get(&name).into_iter().flat_map(|this| &this.needs);
        next.extend(needs.filter(|need| linked.insert((*need).clone())).cloned().collect::<Vec<_>>());
    }
    assert!(linked.contains("weir-core"), "the walk found nothing: {linked:?}");
    assert!(!linked.contains("shopify-client"), "it would grow what every webhook waits for: {linked:?}");
}

/// Parts of AWS that the command line may name. None: it calls AWS through `weir-ops`, and the emulator through `weir-local`.
const AWS_IN_THE_COMMAND: [&str; 0] = [];

#[test]
fn command_line_calls_aws_through_its_libraries_only() {
    let crates = workspace();
    let engine = ["weir-aws", "weir-lambda", "weir-monitor", "weir-reconcile", "weir-worker"].map(str::to_owned);
    let linked: Vec<_> = engine.iter().filter(|name| crates["weir-cli"].needs.contains(*name)).collect();
    assert_eq!(linked, Vec::<&String>::new(), "what they do for an operator is in weir-ops");
    let manifest = std::fs::read_to_string(root().join("crates/weir-cli/Cargo.toml")).expect("weir-cli has a manifest");
    let sdk = manifest.lines().filter(|line| line.starts_with("aws-") || line.starts_with("aws_"));
    assert_eq!(sdk.collect::<Vec<_>>(), AWS_IN_THE_COMMAND);
    let mut folders = vec![root().join("crates/weir-cli/src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder can be listed").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let uses = |line: &&str| {
                ["aws_sdk_", "aws_config", "aws_smithy", "weir_aws"].iter().any(|name| line.contains(name))
            };
            found.extend(text.lines().filter(uses).map(|line| format!("{}: {}", path.display(), line.trim())));
        }
    }
    assert_eq!(found, AWS_IN_THE_COMMAND);
}

/// Otherwise cargo compiles such a crate, and all that stands on it, once for `cargo dev` and once for `cargo test`.
#[test]
fn tests_ask_for_no_feature_that_the_other_builds_lack() {
    let tree = |edges| {
        let format = ["--prefix", "none", "--format", "{p} [{f}]"];
        let printed = cargo(&[&["tree", "--workspace", "--locked", "--edges", edges], &format[..]].concat());
        printed.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect::<BTreeSet<_>>()
    };
    let (without, with) = (tree("normal,build"), tree("normal,build,dev"));
    assert!(without.len() > 100, "cargo tree printed too little: {without:?}");
    let differing: Vec<_> = without.difference(&with).collect();
    assert!(
        differing.is_empty(),
        "tests ask for more features of these: name them in tests/Cargo.toml\n{differing:#?}"
    );
}

fn violations(rows: &Rows, crates: &Crates) -> Vec<String> {
    let mut found = Vec::new();
    for (name, this) in crates {
        let Some(row) = rows.get(name) else {
            found.push(format!("{name} stands in no row"));
            continue;
        };
        // One that is not there is reported by itself.
        let row_of = |need: &String| rows.get(need).copied().unwrap_or(0);
        for need in this.needs.iter().filter(|need| row_of(need) >= *row && crates.contains_key(*need)) {
            found.push(format!("{name} (row {row}) depends on {need} (row {})", row_of(need)));
        }
        // Tests may use what stands later, but for binaries: these are tried from outside.
        let is_binary = |need: &&String| crates.get(*need).is_some_and(|need| need.is_binary);
        for need in this.tested_with.iter().filter(|need| row_of(need) > *row).filter(is_binary) {
            found.push(format!("the tests of {name} (row {row}) depend on the binary {need} (row {})", row_of(need)));
        }
    }
    found
}

/// The first fenced block below the heading "Crates": `N  crate crate …`, a line without a number goes on with its row.
fn documented_rows() -> Rows {
    let path = root().join("ARCHITECTURE.md");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let section = text.split_once("\n## Crates\n").expect("ARCHITECTURE.md has a section \"Crates\"").1;
    let block = section.split("```").nth(1).expect("the section has a fenced block");
    rows(block)
}

fn rows(block: &str) -> Rows {
    let mut rows = Rows::new();
    let mut row = None;
    for line in block.lines() {
        for word in line.split_whitespace() {
            match word.parse() {
                Ok(number) => row = Some(number),
                Err(_) => {
                    let row = row.unwrap_or_else(|| panic!("{word:?} stands before the first row's number"));
                    assert_eq!(rows.insert(word.to_owned(), row), None, "{word} stands in two rows");
                }
            }
        }
    }
    rows
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the checkout")
}

fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let output = cargo.args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// The workspace, by cargo's own account.
fn workspace() -> Crates {
    let printed = cargo(&["metadata", "--no-deps", "--locked", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&printed).expect("cargo metadata prints JSON");
    list(&metadata["packages"]).map(|package| (text(&package["name"]), read(package))).collect()
}

fn read(package: &Value) -> Crate {
    // Of other crates than the workspace's, no path is known.
    let ours = || list(&package["dependencies"]).filter(|dependency| dependency["path"].is_string());
    let is_dev = |dependency: &&Value| dependency["kind"] == "dev";
    Crate {
        needs: ours().filter(|dependency| !is_dev(dependency)).map(|dependency| text(&dependency["name"])).collect(),
        tested_with: ours().filter(is_dev).map(|dependency| text(&dependency["name"])).collect(),
        is_binary: list(&package["targets"]).any(|target| list(&target["kind"]).any(|kind| kind == "bin")),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap_or_else(|| panic!("cargo metadata has a list here, not {value}")).iter()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("cargo metadata has a text here, not {value}")).to_owned()
}

/// Three crates in two rows, of which `b` is a binary, with these arrows.
#[track_caller]
fn check(needs: &[(&str, &str)], tested_with: &[(&str, &str)], expected: &[&str]) {
    let arrows = |of: &str, all: &[(&str, &str)]| {
        all.iter().filter(|(from, _)| *from == of).map(|(_, to)| (*to).to_owned()).collect::<BTreeSet<_>>()
    };
    let crates = ["a", "b", "c"].map(|name| {
        let this = Crate { needs: arrows(name, needs), tested_with: arrows(name, tested_with), is_binary: name == "b" };
        (name.to_owned(), this)
    });
    assert_eq!(violations(&rows("0  a\n1  b\n   c"), &crates.into()), expected);
}

#[test]
fn an_arrow_to_the_same_row_or_a_later_one_is_found() {
    check(&[("b", "a"), ("c", "a")], &[], &[]);
    check(&[("a", "c")], &[], &["a (row 0) depends on c (row 1)"]);
    check(&[("b", "c")], &[], &["b (row 1) depends on c (row 1)"]);
}

#[test]
fn tests_may_use_what_stands_later_but_no_binary() {
    check(&[], &[("a", "c"), ("b", "c")], &[]);
    check(&[], &[("a", "b")], &["the tests of a (row 0) depend on the binary b (row 1)"]);
}

#[test]
fn a_crate_in_no_row_is_found() {
    let crates = Crates::from([("d".to_owned(), Crate::default())]);
    assert_eq!(violations(&rows("0  a"), &crates), ["d stands in no row"]);
}
