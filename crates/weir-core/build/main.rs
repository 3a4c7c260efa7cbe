//! Makes the tables of `infra/` a part of the program: no function reads TOML when it starts.

#[expect(dead_code, unreachable_pub, reason = "the table needs the names alone, of a public type")]
#[path = "../src/lane.rs"]
mod lane;
mod routes;
mod topics;

use std::{env, fs, path::Path};

fn main() {
    write("routes", routes::generate);
    write("topics", topics::generate);
}

/// Reads `infra/{name}.toml`, writes `{name}.rs`, or stops the build with everything that is wrong with the table.
#[expect(clippy::panic, clippy::expect_used, reason = "a build script stops the build by panicking")]
#[expect(clippy::print_stdout, reason = "what it prints is what Cargo does next")]
fn write(name: &str, generate: fn(&str) -> Result<String, Vec<String>>) {
    let table = format!("../../infra/{name}.toml");
    println!("cargo::rerun-if-changed={table}");
    println!("cargo::rerun-if-changed=build/{name}.rs");
    println!("cargo::rerun-if-changed=src/lane.rs");
    let text = fs::read_to_string(&table).unwrap_or_else(|error| panic!("could not read {table}: {error}"));
    let code = generate(&text).unwrap_or_else(|problems| panic!("{table}:\n{}", problems.join("\n")));
    let folder = env::var_os("OUT_DIR").expect("cargo names the folder for what is generated");
    fs::write(Path::new(&folder).join(name).with_extension("rs"), code).expect("that folder can be written to");
}
