//! The built `weir`, from outside: what it prints, what it sends, how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod audit;
mod check;
mod controls;
mod cost;
mod dlq;
mod events;
mod help;
mod load;
mod reconcile;
mod send;
mod server;
mod shops;

use std::path::Path;
use std::process::{Command, Output};

/// How a run ended, as text.
struct Ended {
    status: i32,
    stdout: String,
    stderr: String,
}

/// `weir`, in a folder that is no checkout, with nothing of the user's environment but a shifted clock.
fn weir(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.args(arguments).env_clear().envs(weir_local::shifted_clock()).current_dir("/");
    command
}

fn run(command: &mut Command) -> Ended {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { status: status.code().unwrap(), stdout: text(stdout), stderr: text(stderr) }
}

/// A folder that looks like a checkout in which `weir dev` serves at `url`.
fn checkout(url: &str) -> tempfile::TempDir {
    checkout_with(url, None)
}

/// The same, with a Shopify.
fn checkout_with(url: &str, shopify: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: String| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("template.yaml", String::new());
    write("crates/README", String::new());
    let facts = serde_json::json!({
        "webhook_url": format!("{url}/webhooks"), "aws_endpoint_url": url, "region": "us-east-1",
        "stack_name": "weir-dev", "client_secret": "local-secret", "ledger_table": "ledger", "shops_table": "shops",
        "token_key_id": "token-key", "state_table": "state", "cache_table": "cache", "secret_prefix": "weir-dev/apps",
        "bus_name": "bus", "operations_table": "operations", "controls_parameter": "/weir-dev/controls",
        "lanes": {}, "tap_queue_url": "tap", "shopify_url": shopify,
    });
    write("target/weir/dev.json", facts.to_string());
    folder
}
