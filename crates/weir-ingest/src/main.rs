//! weir-ingest
fn main() {}
