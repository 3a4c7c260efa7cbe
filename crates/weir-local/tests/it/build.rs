use std::fs;

use weir_local::{BuildError, build_functions};

use crate::support::checkout_with;

#[tokio::test]
async fn the_binaries_are_where_the_build_says_and_a_build_that_fails_is_an_error() {
    let (dir, checkout) = checkout_with("");
    let package = "[package]\nname = \"weir-ingest\"\nedition = \"2024\"\n[workspace]\n";
    fs::write(dir.path().join("Cargo.toml"), package).unwrap();
    fs::create_dir(dir.path().join("src")).unwrap();
    fs::write(dir.path().join("src/main.rs"), "fn main() {}").unwrap();
    let functions = build_functions(&checkout, true).await.unwrap();
    assert!(functions.join("weir-ingest").is_file(), "{}", functions.display());

    fs::write(dir.path().join("src/main.rs"), "this is meant to fail").unwrap();
    let error = build_functions(&checkout, true).await.unwrap_err();
    assert!(matches!(error, BuildError::Failed { .. }), "{error}");
}
