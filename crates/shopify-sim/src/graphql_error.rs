//! Errors in the shape of the Admin API.

use serde_json::{Value, json};

/// One entry of `errors`.
#[derive(Debug, Clone)]
pub(crate) struct GraphqlError {
    pub(crate) message: String,
    /// Line and column, from 1.
    pub(crate) locations: Vec<(usize, usize)>,
    pub(crate) path: Option<Value>,
    pub(crate) extensions: Value,
}

impl GraphqlError {
    pub(crate) fn new(message: impl Into<String>, extensions: Value) -> Self {
        Self { message: message.into(), locations: Vec::new(), path: None, extensions }
    }

    pub(crate) fn code(message: impl Into<String>, code: &str) -> Self {
        Self::new(message, json!({ "code": code }))
    }

    pub(crate) fn at(mut self, location: Option<(usize, usize)>) -> Self {
        self.locations.extend(location);
        self
    }

    pub(crate) fn on(mut self, path: Vec<Value>) -> Self {
        self.path = Some(Value::Array(path));
        self
    }

    pub(crate) fn json(&self) -> Value {
        let mut map = serde_json::Map::new();
        map.insert("message".to_owned(), self.message.clone().into());
        if !self.locations.is_empty() {
            let locations: Vec<_> =
                self.locations.iter().map(|(line, column)| json!({ "line": line, "column": column })).collect();
            map.insert("locations".to_owned(), locations.into());
        }
        if let Some(path) = &self.path {
            map.insert("path".to_owned(), path.clone());
        }
        if !self.extensions.is_null() {
            map.insert("extensions".to_owned(), self.extensions.clone());
        }
        map.into()
    }

    /// A shop's app lacks a scope.
    pub(crate) fn denied(field: &str, scope: &str) -> Self {
        let access = format!("`{scope}` access scope.");
        Self::new(
            format!("Access denied for {field} field. Required access: {access}"),
            json!({
                "code": "ACCESS_DENIED",
                "documentation": "https://shopify.dev/api/usage/access-scopes",
                "requiredAccess": access,
            }),
        )
    }

    pub(crate) fn throttled() -> Self {
        Self::new(
            "Throttled",
            json!({ "code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/limits#rate-limits" }),
        )
    }

    pub(crate) fn too_dear(cost: u32, most: u32) -> Self {
        Self::new(
            format!(
                "Query cost is {cost}, which exceeds the single query max cost limit ({most}).\n\nSee \
                 https://shopify.dev/concepts/about-apis/rate-limits for more information on how the\ncost of a query \
                 is calculated.\n\nTo query larger amounts of data with fewer limits, bulk operations should be used \
                 instead.\nSee https://shopify.dev/tutorials/perform-bulk-operations-with-admin-api for usage \
                 details.\n"
            ),
            json!({
                "code": "MAX_COST_EXCEEDED",
                "cost": cost,
                "maxCost": most,
                "documentation": "https://shopify.dev/api/usage/limits#rate-limits",
            }),
        )
    }
}
