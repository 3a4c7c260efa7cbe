//! Shopify's whole schema, where this machine has it: 4 MB of Shopify's own text, so it is fetched and never committed.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::API_VERSION;

/// What to tell somebody whose check was skipped for want of the real schema.
pub const HOW_TO_GET_THE_REAL_SCHEMA: &str =
    "`cargo xtask schema` fetches it, or WEIR_SHOPIFY_SCHEMA names an SDL file that you have";

/// Shopify's whole Admin schema.
#[derive(Debug, Clone)]
pub struct RealSchema {
    /// Where it was read.
    pub path: PathBuf,
    /// Its text, with what Shopify's descriptions say.
    pub sdl: String,
}

/// Where `cargo xtask schema` puts the real schema: in the checkout's target folder.
#[must_use]
pub fn real_schema_path() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let checkout = here.ancestors().nth(2).unwrap_or(here);
    checkout.join("target/shopify-schema").join(format!("{API_VERSION}.graphql"))
}

/// The SDL file that `WEIR_SHOPIFY_SCHEMA` names, if it names one.
#[must_use]
pub fn named_schema_path() -> Option<PathBuf> {
    std::env::var_os("WEIR_SHOPIFY_SCHEMA").filter(|named| !named.is_empty()).map(PathBuf::from)
}

/// Reads the real schema: the file that `WEIR_SHOPIFY_SCHEMA` names, else the fetched one; `None` where neither is.
///
/// # Errors
/// If a file that was named, or is there, can't be read.
pub fn real_schema() -> io::Result<Option<RealSchema>> {
    let fetched = || Some(real_schema_path()).filter(|path| path.is_file());
    let Some(path) = named_schema_path().or_else(fetched) else { return Ok(None) };
    let mut sdl = std::fs::read_to_string(&path)
        .map_err(|error| io::Error::new(error.kind(), format!("could not read {}: {error}", path.display())))?;
    // Built in since 2025, and so left out by newer printers; older parsers want it said.
    if !sdl.contains("directive @oneOf") {
        sdl.push_str("\ndirective @oneOf on INPUT_OBJECT\n");
    }
    Ok(Some(RealSchema { path, sdl }))
}
