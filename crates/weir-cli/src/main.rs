//! The `weir` command. What it does is in the library beside it, so that a fuzz target can hand it input, too.

use std::process::ExitCode;

fn main() -> ExitCode {
    weir_cli::main()
}
