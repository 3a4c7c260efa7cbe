//! What AWS makes of the template, by AWS's own translator.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use weir_local::{Checkout, Installation};

/// template.yaml as plain CloudFormation, deployed with these parameters.
///
/// # Panics
/// If it can't be translated.
#[expect(clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and says what takes its time")]
pub async fn translated(parameters: &[(&str, &str)]) -> Value {
    let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a checkout");
    let say = |step: &str| eprintln!("{step}");
    let installation = Installation::ensure(&checkout, &say).await.expect("the translator can't be installed");
    let parameters: Value = parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    let template = checkout.read_template().expect("template.yaml can be read");
    let asked = json!({ "template": template, "parameters": parameters }).to_string();

    let mut translator = Command::new(installation.python());
    translator.arg("-I").arg(checkout.root().join("infra/emulator/translate.py"));
    translator.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = translator.spawn().expect("the translator runs");
    // It reads all before it writes anything.
    let mut stdin = child.stdin.take().expect("its stdin");
    stdin.write_all(asked.as_bytes()).expect("the translator reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the translator ends");
    assert!(output.status.success(), "the translator failed ({})", output.status);
    serde_json::from_slice(&output.stdout).expect("the translator prints JSON")
}
