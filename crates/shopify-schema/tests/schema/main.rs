//! The operations against the schema, and weir's part of the schema against Shopify's whole one.

mod operations;
mod subset;
mod topics;

use std::path::{Path, PathBuf};

use apollo_compiler::{Schema, validation::Valid};

/// An operation file: its name without the ending, and its text.
struct File {
    name: String,
    path: PathBuf,
    text: String,
}

/// What weir sends: one operation a file.
fn sent() -> Vec<File> {
    let files = files_of("shopify-client");
    assert!(files.len() > 20, "the operation files are where they were");
    files
}

/// What weir sends, and what the simulator answers beside it.
fn all() -> Vec<File> {
    let mut files = sent();
    files.extend(files_of("shopify-sim"));
    files
}

fn files_of(of: &str) -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(of).join("operations");
    let mut files: Vec<File> = std::fs::read_dir(folder)
        .expect("the folder of the operations can be listed")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "graphql"))
        .map(|path| File {
            name: path.file_stem().expect("a file has a name").to_string_lossy().into_owned(),
            text: std::fs::read_to_string(&path).expect("an operation file can be read"),
            path,
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The part of the schema that is committed.
fn subset() -> Valid<Schema> {
    match Schema::parse_and_validate(shopify_schema::ADMIN_SDL, "admin.graphql") {
        Ok(schema) => schema,
        Err(error) => panic!("{}", error.errors),
    }
}

/// Shopify's whole schema, or `None` after saying what was skipped.
#[expect(clippy::print_stderr, reason = "a test says what it skipped")]
fn real(skipped: &str) -> Option<Valid<Schema>> {
    let Some(real) = shopify_schema::real_schema().expect("the real schema can be read") else {
        eprintln!("skipped: {skipped}. {}", shopify_schema::HOW_TO_GET_THE_REAL_SCHEMA);
        return None;
    };
    match Schema::parse_and_validate(&real.sdl, &real.path) {
        Ok(schema) => Some(schema),
        Err(error) => panic!("{}", error.errors),
    }
}
