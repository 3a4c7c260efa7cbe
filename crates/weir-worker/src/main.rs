//! weir-worker
fn main() {}
