//! A reply of the Admin API's GraphQL endpoint.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::redact::{name, redact};
use crate::budget::Cost;

/// One entry of a reply's `errors`.
///
/// Shopify's words may quote what was sent: print it through [`GraphError::summary`].
#[derive(Clone, PartialEq, Deserialize)]
pub struct GraphError {
    /// Shopify's words.
    #[serde(default)]
    pub message: String,
    /// What part of the operation it is about.
    #[serde(default)]
    pub path: Option<Value>,
    /// `code` and what belongs to it.
    #[serde(default)]
    pub extensions: Extensions,
}

/// What Shopify adds to an error.
#[derive(Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Extensions {
    /// Such as `THROTTLED`. Errors of the query's own text have other words here, or none.
    pub code: Option<String>,
    /// Of `MAX_COST_EXCEEDED`.
    pub cost: Option<f64>,
    /// Of `MAX_COST_EXCEEDED`.
    pub max_cost: Option<f64>,
    /// Of `ACCESS_DENIED`.
    pub required_access: Option<String>,
    /// Of `INTERNAL_SERVER_ERROR`.
    pub request_id: Option<String>,
}

impl GraphError {
    /// Its code, or an empty text.
    pub fn code(&self) -> &str {
        self.extensions.code.as_deref().unwrap_or_default()
    }

    /// `code at path: message`, without what the message quotes.
    pub fn summary(&self) -> String {
        let path = match &self.path {
            Some(Value::Array(parts)) => {
                let text = |part: &Value| part.as_str().map_or_else(|| part.to_string(), str::to_owned);
                let parts = parts.iter().map(|part| name(&text(part)).to_owned());
                parts.collect::<Vec<_>>().join(".")
            }
            _ => String::new(),
        };
        let parts = [name(self.code()), path.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        match parts.is_empty() {
            true => redact(&self.message),
            false => format!("{}: {}", parts.join(" at "), redact(&self.message)),
        }
    }
}

impl std::fmt::Debug for GraphError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.summary())
    }
}

/// One entry of a mutation's `userErrors`: the mutation was understood, and refused.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct UserError {
    /// The input that it is about, as a path. Shopify leaves it out where it is about no one input.
    #[serde(default)]
    pub field: Option<Vec<String>>,
    /// Shopify's words. They may quote what was sent.
    #[serde(default)]
    pub message: String,
    /// Such as `CHANGE_FROM_QUANTITY_STALE`; some mutations have none.
    #[serde(default)]
    pub code: Option<String>,
}

impl UserError {
    /// `code at field: message`, without what the message quotes.
    pub fn summary(&self) -> String {
        let field: Vec<&str> = self.field.iter().flatten().map(|part| name(part)).collect();
        let field = field.join(".");
        let parts = [name(self.code.as_deref().unwrap_or_default()), field.as_str()];
        let parts = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        match parts.is_empty() {
            true => redact(&self.message),
            false => format!("{}: {}", parts.join(" at "), redact(&self.message)),
        }
    }
}

impl std::fmt::Debug for UserError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.summary())
    }
}

/// What a reply says, its data still unread.
pub(crate) struct Parsed<'a> {
    pub(crate) data: Option<&'a RawValue>,
    pub(crate) errors: Vec<GraphError>,
    pub(crate) cost: Option<Cost>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    errors: Option<Value>,
    #[serde(default)]
    extensions: Option<WireExtensions>,
}

#[derive(Deserialize)]
struct WireExtensions {
    #[serde(default)]
    cost: Option<Value>,
}

/// Reads a reply; `None` if it isn't one: cut off, HTML, or neither data nor errors.
pub(crate) fn parse(body: &[u8]) -> Option<Parsed<'_>> {
    // A list would be read as well, its parts taken for the fields in their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    // In what is passed over, serde would bear bytes that are no text: a garbled reply says nothing that can be relied on.
    let wire: Wire<'_> = serde_json::from_str(std::str::from_utf8(body).ok()?).ok()?;
    let errors = match wire.errors {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.into_iter().map(read_error).collect(),
        Some(other) => vec![read_error(other)],
    };
    // `null`, or what GraphQL does not know.
    let data = wire.data.filter(|data| data.get().starts_with('{'));
    if data.is_none() && errors.is_empty() {
        return None;
    }
    // A cost of a new shape must not make a good reply a bad one.
    let cost = wire.extensions.and_then(|extensions| extensions.cost);
    let cost = cost.and_then(|cost| serde_json::from_value(cost).ok()).filter(Cost::is_plausible);
    Some(Parsed { data, errors, cost })
}

fn read_error(value: Value) -> GraphError {
    let plain = |message: String| GraphError { message, path: None, extensions: Extensions::default() };
    match value {
        Value::String(message) => plain(message),
        other => serde_json::from_value(other).unwrap_or_else(|_| plain("an error of an unknown shape".to_owned())),
    }
}

/// The user errors of all mutations in `data`; `None` if they can't be read, which must not pass for success.
pub(crate) fn user_errors(data: &RawValue) -> Option<Vec<UserError>> {
    #[derive(Deserialize)]
    struct Payload {
        #[serde(rename = "userErrors", default)]
        user_errors: Vec<UserError>,
    }
    let payloads: BTreeMap<String, Option<Payload>> = serde_json::from_str(data.get()).ok()?;
    Some(payloads.into_values().flatten().flat_map(|payload| payload.user_errors).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_of_other_shapes_are_no_replies() {
        for body in [
            "",
            "{",
            "<html>",
            "[]",
            "[{\"shop\":{}}]",
            "{}",
            "{\"data\":null}",
            "{\"data\":[]}",
            "{\"data\":7}",
            "{\"data\":{\"shop\":",
        ] {
            assert!(parse(body.as_bytes()).is_none(), "{body}");
        }
        assert_eq!(parse(b"{\"errors\":\"Not Found\"}").unwrap().errors[0].message, "Not Found");
    }

    /// Else it would be taken for a refusal, after which a mutation is sent again.
    #[test]
    fn bytes_that_are_no_text_make_no_reply_wherever_they_stand() {
        let throttled = b"{\"errors\":[{\"extensions\":{\"code\":\"THROTTLED\"}}],\"passed_over\":\"\xed\"}";
        assert!(parse(throttled).is_none());
        assert!(parse(&throttled.map(|byte| if byte == 0xed { b'x' } else { byte })).is_some());
    }

    #[test]
    fn a_cost_that_no_bucket_has_is_none() {
        let cost = |requested: &str, max: &str, available: &str, restore: &str| {
            let status =
                format!(r#"{{"maximumAvailable":{max},"currentlyAvailable":{available},"restoreRate":{restore}}}"#);
            let cost = format!(r#"{{"requestedQueryCost":{requested},"actualQueryCost":1,"throttleStatus":{status}}}"#);
            parse(format!(r#"{{"data":{{}},"extensions":{{"cost":{cost}}}}}"#).as_bytes()).unwrap().cost
        };
        assert_eq!(cost("3", "2000.0", "1997", "100.0").unwrap().requested, 3);
        assert!(cost("3", "2000", "-5", "100").is_some(), "a bucket may be overdrawn");
        for (requested, max, available, restore) in [
            ("4294967295", "2000", "1", "100"),
            ("3", "0", "0", "1"),
            ("3", "1e300", "1", "100"),
            ("3", "2000", "2001", "100"),
            ("3", "2000", "-1e300", "100"),
            ("3", "2000", "1", "0"),
            ("3", "2000", "1", "-100"),
            ("3", "2000", "1", "2001"),
        ] {
            assert_eq!(cost(requested, max, available, restore), None, "{requested} {max} {available} {restore}");
        }
    }

    #[test]
    fn user_errors_of_every_mutation_are_found() {
        let data = r#"{"a":{"userErrors":[]},"b":{"userErrors":[{"field":["x"],"message":"m","code":"C"}]},"c":null}"#;
        let errors = user_errors(serde_json::from_str(data).unwrap()).unwrap();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].summary(), "C at x: m");
        let unreadable = r#"{"a":{"userErrors":[{"field":7}]}}"#;
        assert_eq!(user_errors(serde_json::from_str(unreadable).unwrap()), None, "no success");
    }
}
