//! One body for each topic.

use std::path::{Path, PathBuf};

use shopify_samples::Samples;

/// Bodies by topic: this project's own for every topic it knows, and Shopify's documented ones for conformance,
/// when the folder with them is there (`WEIR_SHOPIFY_PAYLOADS`, or beside the checkout). Says which.
///
/// # Panics
/// If a folder is named and can't be read.
#[expect(clippy::print_stderr, reason = "a test says what it compared")]
pub fn samples() -> Vec<(String, Vec<u8>)> {
    let mut generated = Samples::new(7, "north.myshopify.com", jiff::Timestamp::now());
    let own = shopify_samples::topics()
        .iter()
        .filter_map(|topic| Some(((*topic).to_owned(), generated.body(topic)?.into_bytes())));
    let mut bodies: Vec<_> = own.collect();
    match conformance_folder() {
        Some(folder) => {
            let documented = documented(&folder);
            eprintln!("{} documented samples of {} go through as well", documented.len(), folder.display());
            bodies.extend(documented);
        }
        None => eprintln!("no documented samples at hand: only the project's own bodies go through"),
    }
    bodies
}

fn conformance_folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/shopify/payloads"); // conformance input, optional
    std::env::var_os("WEIR_SHOPIFY_PAYLOADS").map(PathBuf::from).or_else(|| beside.is_dir().then_some(beside))
}

#[expect(clippy::expect_used, reason = "a folder that was named must be readable")]
fn documented(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let manifest = std::fs::read(folder.join("MANIFEST.json")).expect("MANIFEST.json of the documented samples");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("MANIFEST.json is JSON");
    let entry = |entry: &serde_json::Value| {
        let file = Path::new(entry["file"].as_str()?).file_name()?.to_owned();
        Some((entry["topic"].as_str()?.to_owned(), std::fs::read(folder.join(file)).ok()?))
    };
    manifest.as_array().expect("MANIFEST.json is a list").iter().filter_map(entry).collect()
}
