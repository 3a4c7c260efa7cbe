//! `cargo xtask NAME`: the chores that people and CI run in this checkout. One file a chore.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "chores talk to the terminal they run in")]

mod assemble;
mod bench;
mod clock;
mod deny;
mod fuzz;
mod install;
mod pages;
mod process;
mod sam;
mod schema;
mod shopify;
mod simulate;
mod soak;
mod stock;
mod tools;
mod validate;

use std::{path::Path, process::ExitCode};

use clap::{Parser, Subcommand};

/// The chores of this checkout.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    Fuzz(fuzz::Fuzz),
    Install(install::Install),
    Template(assemble::Template),
    Reference(pages::Reference),
    Validate(validate::Validate),
    Deny(deny::Deny),
    Bench(bench::Bench),
    Sam(sam::Sam),
    Schema(schema::Schema),
    Budget(shopify::budget::Budget),
    Export(shopify::export::Export),
    Simulate(simulate::Simulate),
    Stock(stock::Stock),
    Soak(soak::Soak),
    Clock(clock::Clock),
    #[command(hide = true)]
    Shifted(clock::Shifted),
    Tools(tools::Tools),
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Fuzz(fuzz) => fuzz.run(),
        Chore::Install(install) => install.run(),
        Chore::Template(template) => template.run(),
        Chore::Reference(reference) => reference.run(),
        Chore::Validate(validate) => validate.run(),
        Chore::Deny(deny) => deny.run(),
        Chore::Bench(bench) => bench.run(),
        Chore::Sam(sam) => sam.run(),
        Chore::Schema(schema) => schema.run(),
        Chore::Budget(budget) => budget.run(),
        Chore::Export(export) => export.run(),
        Chore::Simulate(simulate) => simulate.run(),
        Chore::Stock(stock) => stock.run(),
        Chore::Soak(soak) => soak.run(),
        Chore::Clock(clock) => clock.run(),
        Chore::Shifted(shifted) => shifted.run(),
        Chore::Tools(tools) => tools.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            if let Some(hint) = error.chain().find_map(weir_local::hint) {
                eprintln!("hint: {hint}");
            }
            ExitCode::FAILURE
        }
    }
}

/// The top folder of the checkout.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Where chores keep what they install. Git ignores it, `cargo clean` removes it.
fn state_dir() -> std::path::PathBuf {
    root().join("target/weir")
}
