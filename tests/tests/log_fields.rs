//! Every field that a function's code writes into its log stands in docs/reference/log-fields.md, and every field there is written.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What runs on a developer's machine only: its log is its own.
const LOCAL: [&str; 8] = [
    "lambda-emulator",
    "shopify-samples",
    "shopify-schema",
    "shopify-sim",
    "weir-cli",
    "weir-local",
    "weir-simulation",
    "weir-testkit",
];

const MACROS: [&str; 6] = ["trace!(", "debug!(", "info!(", "warn!(", "error!(", "error_span!("];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// The fields of the first table of log-fields.md.
fn documented() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs/reference/log-fields.md")).expect("docs/reference/log-fields.md");
    let table = text.split("## Fields").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a section Fields");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.map(str::to_owned).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") && !entry.ends_with("tests.rs") {
            found.push(entry);
        }
    }
}

/// The arguments of a macro call that begins here, without what stands within further brackets or in texts.
fn arguments(call: &str) -> Vec<String> {
    let (mut depth, mut in_text, mut escaped) = (0, false, false);
    let mut all = vec![String::new()];
    for c in call.chars() {
        if in_text {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                in_text = true;
                all.last_mut().expect("never empty").push('"');
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => all.push(String::new()),
            c if depth == 0 => all.last_mut().expect("never empty").push(c),
            _ => {}
        }
    }
    all
}

/// The name of the field that an argument is: `name = value`, `name`, `%name`, `?name`.
fn field(argument: &str) -> Option<String> {
    let name = argument.split('=').next()?.trim().trim_start_matches(['%', '?']);
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    is_name.then(|| name.to_owned())
}

fn fields(source: &str) -> BTreeSet<String> {
    // Tests stand at the end of a file; comments hold no calls.
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: String =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|l| format!("{l}\n")).collect();
    let calls = MACROS.iter().flat_map(|name| code.match_indices(name).map(|(at, name)| &code[at + name.len()..]));
    let mut found: BTreeSet<String> = calls.flat_map(arguments).filter_map(|argument| field(&argument)).collect();
    // The client's line has its fields in a macro of its own, whose level is an argument.
    if let Some((_, call)) = code.split_once("$level!(") {
        found.extend(arguments(call).iter().filter_map(|argument| field(argument)));
    }
    found
}

fn written() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for folder in fs::read_dir(root().join("crates")).expect("crates").map(|entry| entry.expect("an entry").path()) {
        if LOCAL.iter().any(|local| folder.ends_with(local)) {
            continue;
        }
        let mut files = Vec::new();
        sources(&folder.join("src"), &mut files);
        for file in files {
            all.extend(fields(&fs::read_to_string(&file).expect("a source")));
        }
    }
    all.extend(["timestamp", "level", "message"].map(str::to_owned));
    all
}

#[test]
fn every_field_that_a_function_logs_is_documented_and_no_other() {
    let (documented, written) = (documented(), written());
    let missing: Vec<_> = written.difference(&documented).collect();
    assert!(missing.is_empty(), "docs/reference/log-fields.md lacks {missing:?}");
    let gone: Vec<_> = documented.difference(&written).collect();
    assert!(gone.is_empty(), "nothing writes {gone:?}, which docs/reference/log-fields.md has");
}

#[test]
fn fields_are_found_in_every_form() {
    let source = r#"
        tracing::info!(%key, receives = message.receives(1, "a, b"), ?how, state, "Done, {x}: \" y = z");
        error!(parent: &span, error = %error.source, "{error}");
        tracing::error_span!("event", shop = meta.shop.as_str(), lane = field::Empty);
    "#;
    let expected = ["error", "how", "key", "lane", "receives", "shop", "state"];
    assert_eq!(fields(source), expected.map(str::to_owned).into());
}
