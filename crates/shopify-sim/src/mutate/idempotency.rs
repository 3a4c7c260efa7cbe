//! `@idempotent(key:)`: the same key gives the same result, for a day. A key whose request was refused is used up.

use std::time::Duration;

use apollo_compiler::resolvers::{FieldError, ResolveInfo};
use serde_json::Value;

use super::{refused, user_error};
use crate::{context::Cx, graphql_error::GraphqlError, store::Idempotent};

const KEPT: Duration = Duration::from_secs(86_400);

/// Runs `change` unless its key was used before.
pub(super) fn once(
    cx: &Cx<'_>,
    info: &ResolveInfo<'_>,
    input: &Value,
    change: impl FnOnce(&Cx<'_>) -> Value,
) -> Result<Value, FieldError> {
    let name = info.field_name();
    let Some(key) = key(cx, info) else {
        let message = "The @idempotent directive is required for this mutation but was not provided.";
        return Err(cx.fail(GraphqlError::code(message, "BAD_REQUEST")));
    };
    let known = {
        let mut shop = cx.hold();
        let now = cx.now;
        shop.idempotent.retain(|_, entry| entry.expires > now);
        shop.idempotent.get(&key).cloned()
    };
    let refuse =
        |message, code| refused("inventoryAdjustmentGroup", vec![user_error(Value::Null, message, Some(code))]);
    if let Some(known) = known {
        return Ok(if known.mutation != name || known.input != *input {
            let message = "The same idempotency key cannot be used with different operation parameters.";
            refuse(message, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH")
        } else if known.busy_until > cx.now {
            let message = "This request is currently in progress, please try again.";
            refuse(message, "IDEMPOTENCY_CONCURRENT_REQUEST")
        } else if known.refused() {
            let message = "A previous request with this idempotency key failed. Retry with a new idempotency key.";
            refuse(message, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED")
        } else {
            known.result
        });
    }
    let result = change(cx);
    let entry = Idempotent {
        mutation: name.to_owned(),
        input: input.clone(),
        result: result.clone(),
        busy_until: cx.now.plus(cx.busy),
        expires: cx.now.plus(KEPT),
    };
    cx.hold().idempotent.insert(key, entry);
    Ok(result)
}

/// The directive's key; `None` without the directive or with a blank key.
fn key(cx: &Cx<'_>, info: &ResolveInfo<'_>) -> Option<String> {
    let directive = info.field_selections().iter().find_map(|field| field.directives.get("idempotent"))?;
    let value = directive.specified_argument_by_name("key")?;
    let key = match value.as_variable() {
        Some(name) => cx.variables.get(name.as_str())?.as_str()?.to_owned(),
        None => value.as_str()?.to_owned(),
    };
    Some(key).filter(|key| !key.trim().is_empty())
}
