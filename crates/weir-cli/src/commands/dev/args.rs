//! The options of `weir dev`.

use clap::Args;

/// Run weir on this machine until Ctrl-C
///
/// Builds the functions, installs the pinned AWS emulator into target/weir (once; it needs Python 3.10 or newer), starts
/// it on loopback and deploys template.yaml to it. Then it starts a simulated Shopify, and a small flash sale there sends
/// webhooks to the real HTTP endpoint. While it runs, target/weir/dev.json describes the stack to the other commands.
///
/// With --forward-to, weir posts each event to a server of yours before it publishes it, and shows each answer and what it
/// makes of it: retries, parked events, open circuits, dead letters. Then no flash sale runs. Type r and Enter to send the
/// last event again.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  weir dev\n  weir dev --no-demo --port 4566\n  weir dev --forward-to http://localhost:3000/hook
  weir dev --json | jq .event"
)]
pub(crate) struct DevArgs {
    /// Start without the flash sale
    #[arg(long)]
    pub(crate) no_demo: bool,
    /// Post each event to this address, as a CloudEvent, signed by the secret in dev.json's forward_secret
    #[arg(long, value_name = "URL")]
    pub(crate) forward_to: Option<String>,
    /// The port of the emulator on 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
}
