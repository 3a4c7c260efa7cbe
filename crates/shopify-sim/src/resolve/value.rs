//! Values that several resolvers return.

use apollo_compiler::{resolvers::ResolvedValue, response::JsonValue};

use crate::context::Cx;

pub(super) fn leaf<'a>(value: impl Into<JsonValue>) -> ResolvedValue<'a> {
    ResolvedValue::leaf(value)
}

/// A count in the shape of `Count`.
pub(super) fn count<'a>(cx: &'a Cx<'a>, count: usize) -> ResolvedValue<'a> {
    cx.plain(serde_json::json!({ "count": count, "precision": "EXACT" }), "Count")
}
