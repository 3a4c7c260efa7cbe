//! The options of `weir dev`.

use clap::Args;

/// Run weir on this machine until Ctrl-C
///
/// Builds the functions, installs the pinned AWS emulator into target/weir (once; it needs Python 3.10 or newer), starts
/// it on loopback and deploys template.yaml to it. Then it starts a simulated Shopify, and a small flash sale there sends
/// webhooks to the real HTTP endpoint. While it runs, target/weir/dev.json describes the stack to the other commands.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  weir dev\n  weir dev --no-demo --port 4566\n  weir dev --json | jq .event")]
pub(crate) struct DevArgs {
    /// Start without the flash sale
    #[arg(long)]
    pub(crate) no_demo: bool,
    /// The port of the emulator on 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
}
