//! Scripts of infra/emulator, run by the emulator's Python: AWS's own packages, asked without a network.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;
use weir_local::{Checkout, Installation};

/// What a script prints as JSON that is given this as JSON.
///
/// # Panics
/// If it fails.
#[expect(clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and says what takes its time")]
pub(crate) async fn answered(script: &str, question: &Value) -> Value {
    let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a checkout");
    let say = |step: &str| eprintln!("{step}");
    let installation = Installation::ensure(&checkout, &say).await.expect("the emulator's Python can't be installed");

    let mut python = Command::new(installation.python());
    python.arg("-I").arg(checkout.root().join("infra/emulator").join(script));
    python.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = python.spawn().expect("the script runs");
    // It reads all before it writes anything.
    let mut stdin = child.stdin.take().expect("its stdin");
    stdin.write_all(question.to_string().as_bytes()).expect("the script reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the script ends");
    assert!(output.status.success(), "{script} failed ({})", output.status);
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}
