//! weir-cli
fn main() {}
