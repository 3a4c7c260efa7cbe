//! What an answer of the Admin API means, said a second time and without the client's code.

use serde_json::Value;
use shopify_client::OperationKind;

use super::answer::{Answer, End};

/// The data of an answer that may pass for success. `is_partial`: fields that were denied may be missing.
///
/// `Err` if this oracle can't tell: JSON that is nested too deeply for it.
pub fn success(answer: &Answer, kind: OperationKind, is_partial: bool) -> Result<Option<Value>, Unclear> {
    if answer.status != 200 {
        return Ok(None);
    }
    let Some(Value::Object(reply)) = json(answer)? else { return Ok(None) };
    let denied = |error: &Value| error["extensions"]["code"] == "ACCESS_DENIED";
    let is_fine = match reply.get("errors") {
        None | Some(Value::Null) => true,
        Some(Value::Array(errors)) => errors.is_empty() || (is_partial && errors.iter().all(denied)),
        Some(_) => false,
    };
    let data = reply.get("data").filter(|data| data.is_object() && is_fine);
    Ok(data.filter(|data| kind == OperationKind::Query || user_errors(data).next().is_none()).cloned())
}

/// Whether Shopify says that it did nothing: then even a mutation may be sent again.
pub fn did_nothing(answer: &Answer) -> Result<bool, Unclear> {
    if answer.end == End::NoConnection {
        return Ok(true);
    }
    if answer.arrived().is_none() {
        return Ok(false);
    }
    match answer.status.as_u16() {
        401 | 429 => Ok(true),
        200 => {
            let Some(Value::Object(reply)) = json(answer)? else { return Ok(false) };
            let errors = reply.get("errors").and_then(Value::as_array).into_iter().flatten();
            let is_throttled = errors.map(|error| &error["extensions"]["code"]).any(|code| code == "THROTTLED");
            let is_concurrent = |error: &Value| error["code"] == "IDEMPOTENCY_CONCURRENT_REQUEST";
            Ok(is_throttled || reply.get("data").into_iter().flat_map(user_errors).any(is_concurrent))
        }
        _ => Ok(false),
    }
}

/// Whether a client has no excuse not to take it: a success, in the one shape that GraphQL documents.
pub fn is_plain_success(answer: &Answer, kind: OperationKind) -> bool {
    // What JSON allows and no server writes: names twice, or in escapes.
    let text = answer.arrived().map(String::from_utf8_lossy).unwrap_or_default();
    let once = ["data", "errors", "extensions", "userErrors"].iter().all(|name| text.matches(name).count() <= 1);
    let Ok(Some(reply)) = json(answer) else { return false };
    let is_map = |value: Option<&Value>| value.is_none_or(|value| value.is_null() || value.is_object());
    let payloads = reply["data"].as_object().into_iter().flatten();
    let has_payloads = kind == OperationKind::Query
        || payloads.map(|(_, payload)| payload).all(|it| {
            is_map(Some(it))
                && it["userErrors"].as_array().is_none_or(Vec::is_empty)
                && (it["userErrors"].is_array() || it.get("userErrors").is_none())
        });
    once && !text.contains('\\')
        && is_map(reply.get("extensions"))
        && has_payloads
        && matches!(success(answer, kind, false), Ok(Some(_)))
}

/// The oracle does not know.
#[derive(Debug)]
pub struct Unclear;

fn json(answer: &Answer) -> Result<Option<Value>, Unclear> {
    let Some(body) = answer.arrived() else { return Ok(None) };
    match serde_json::from_slice(body) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.to_string().contains("recursion") => Err(Unclear),
        Err(_) => Ok(None),
    }
}

fn user_errors(data: &Value) -> impl Iterator<Item = &Value> {
    let payloads = data.as_object().into_iter().flatten().map(|(_, payload)| payload);
    payloads.flat_map(|payload| payload["userErrors"].as_array().into_iter().flatten())
}
