//! What AWS makes of the template, by AWS's own translator.

use std::path::Path;

use serde_json::{Value, json};
use weir_local::Checkout;

use crate::python::answered;

/// template.yaml as plain CloudFormation, deployed with these parameters.
///
/// # Panics
/// If it can't be translated.
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
pub async fn translated(parameters: &[(&str, &str)]) -> Value {
    let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a checkout");
    let parameters: Value = parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    let template = checkout.read_template().expect("template.yaml can be read");
    answered("translate.py", &json!({ "template": template, "parameters": parameters })).await
}
