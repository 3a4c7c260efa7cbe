//! Ready-made JSON as GraphQL objects: payloads, money, pages.

use apollo_compiler::resolvers::{ObjectValue, ResolveInfo, ResolvedValue};
use serde_json::Value;

use super::{Cx, Resolved};

/// The key under which a global id stands for its object.
pub(crate) const GID: &str = "$gid";

struct Plain<'c> {
    cx: &'c Cx<'c>,
    kind: String,
    fields: serde_json::Map<String, Value>,
}

/// A value whose type is `kind`, or a list of such.
pub(crate) fn value<'a>(cx: &'a Cx<'a>, value: Value, kind: &str) -> ResolvedValue<'a> {
    match value {
        Value::Array(values) => {
            let kind = kind.to_owned();
            ResolvedValue::list(values.into_iter().map(move |one| self::value(cx, one, &kind)))
        }
        Value::Object(fields) => {
            if let Some(id) = fields.get(GID).and_then(Value::as_str) {
                return cx.maybe(cx.find(id));
            }
            let kind = fields.get("__typename").and_then(Value::as_str).unwrap_or(kind).to_owned();
            ResolvedValue::object(Plain { cx, kind, fields })
        }
        leaf => ResolvedValue::leaf(leaf),
    }
}

impl ObjectValue for Plain<'_> {
    fn type_name(&self) -> &str {
        &self.kind
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let field = self.fields.get(info.field_name()).cloned().unwrap_or(Value::Null);
        let kind = info.field_definition().ty.inner_named_type();
        let leaf = info.schema().types.get(kind).is_some_and(|definition| definition.is_leaf());
        match field {
            Value::Array(values) if leaf => Ok(ResolvedValue::list(values.into_iter().map(ResolvedValue::leaf))),
            field if leaf => Ok(ResolvedValue::leaf(field)),
            field => Ok(value(self.cx, field, kind)),
        }
    }
}
