//! Mutations: what they refuse, what they change, what they answer.

mod bulk;
mod goods;
mod idempotency;
mod inventory;
mod webhooks;

use apollo_compiler::resolvers::ResolveInfo;
use serde_json::{Value, json};

use crate::{
    context::{Cx, Resolved},
    graphql_error::GraphqlError,
};

/// Runs the mutation that the field names.
pub(crate) fn field<'a>(cx: &'a Cx<'a>, info: &ResolveInfo<'_>) -> Resolved<'a> {
    let name = info.field_name();
    if let Some(scope) = scope(name) {
        cx.allowed(name, scope)?;
    }
    let input = crate::graphql::plain(info.arguments().clone());
    let payload = match name {
        "inventorySetQuantities"
        | "inventorySetOnHandQuantities"
        | "inventoryAdjustQuantities"
        | "inventoryMoveQuantities" => {
            inventory::complete(cx, info, &input)?;
            idempotency::once(cx, info, &input, |cx| inventory::change(cx, name, &input["input"]))?
        }
        "webhookSubscriptionCreate" | "pubSubWebhookSubscriptionCreate" | "eventBridgeWebhookSubscriptionCreate" => {
            webhooks::create(cx, name, &input)
        }
        "webhookSubscriptionUpdate" | "pubSubWebhookSubscriptionUpdate" | "eventBridgeWebhookSubscriptionUpdate" => {
            webhooks::update(cx, name, &input)
        }
        "webhookSubscriptionDelete" => webhooks::delete(cx, &input),
        "bulkOperationRunQuery" => bulk::run_query(cx, info.schema(), &input),
        "bulkOperationRunMutation" => bulk::run_mutation(cx, info.schema(), &input),
        "bulkOperationCancel" => bulk::cancel(cx, &input),
        "stagedUploadsCreate" => bulk::staged(cx, &input),
        "productCreate" => goods::create(cx, &input),
        "productUpdate" => goods::update(cx, &input),
        "productDelete" => goods::delete(cx, &input),
        "tagsAdd" => goods::tags(cx, &input, true),
        "tagsRemove" => goods::tags(cx, &input, false),
        "metafieldsSet" => goods::metafields(cx, &input),
        "orderMarkAsPaid" => goods::mark_as_paid(cx, &input),
        _ => {
            let message = format!("shopify-sim does not know the mutation {name}");
            return Err(cx.fail(GraphqlError::code(message, "INTERNAL_SERVER_ERROR")));
        }
    };
    Ok(cx.plain(payload, info.field_definition().ty.inner_named_type()))
}

fn scope(mutation: &str) -> Option<&'static str> {
    Some(match mutation {
        "productCreate" | "productUpdate" | "productDelete" => "write_products",
        "orderMarkAsPaid" => "write_orders",
        mutation if mutation.starts_with("inventory") => "write_inventory",
        _ => return None,
    })
}

/// One entry of `userErrors`.
fn user_error(field: Value, message: &str, code: Option<&str>) -> Value {
    json!({ "field": field, "message": message, "code": code })
}

/// A payload that refuses: `subject` is null.
fn refused(subject: &str, errors: Vec<Value>) -> Value {
    json!({ subject: null, "userErrors": errors })
}

fn done(subject: &str, value: Value) -> Value {
    json!({ subject: value, "userErrors": [] })
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}
