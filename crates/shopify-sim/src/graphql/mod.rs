//! One GraphQL request from its text to its response.

mod check;
mod schema;
mod variables;

use std::sync::Mutex;

use apollo_compiler::{
    ExecutableDocument,
    executable::Operation,
    resolvers::Execution,
    response::{GraphQLError, JsonMap, JsonValue},
    validation::Valid,
};
use serde_json::{Map, Value, json};

use crate::{
    UnixMillis,
    context::{Cx, Object, root},
    cost::Pricing,
    graphql_error::GraphqlError,
    plan::MAX_QUERY_COST,
    store::Shop,
};

pub(crate) use check::document;
pub use schema::{AdminSchema, SchemaError};
pub(crate) use variables::too_long_problem;

/// What a request came to.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// In the order of the query.
    pub(crate) body: JsonMap,
    pub(crate) requested: Option<u32>,
    pub(crate) actual: Option<u32>,
    pub(crate) throttled: bool,
    pub(crate) executed: bool,
}

impl Answer {
    fn errors(problems: &[GraphqlError]) -> Self {
        let errors: Vec<Value> = problems.iter().map(GraphqlError::json).collect();
        let body = [("errors".into(), Value::from(errors).into())].into_iter().collect();
        Self { body, ..Self::default() }
    }
}

/// The text, variables and operation name of a request's body; `None` if it is no such body.
pub(crate) struct Asked {
    pub(crate) query: String,
    pub(crate) variables: Map<String, Value>,
    pub(crate) operation: Option<String>,
}

impl Asked {
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        Some(Self {
            query: body["query"].as_str()?.to_owned(),
            variables: body["variables"].as_object().cloned().unwrap_or_default(),
            operation: body["operationName"].as_str().map(str::to_owned),
        })
    }

    /// The operation's name, else that of its first root field, else `anonymous`: for records and scripts.
    pub(crate) fn name(&self) -> String {
        if let Some(name) = self.operation.as_deref().filter(|name| !name.is_empty()) {
            return name.to_owned();
        }
        let Ok(document) = apollo_compiler::ast::Document::parse(&self.query, "query.graphql") else {
            return "anonymous".to_owned();
        };
        let operation = document.definitions.iter().find_map(|definition| definition.as_operation_definition());
        let named = operation.and_then(|operation| {
            let first = operation.selection_set.iter().find_map(|selection| selection.as_field());
            operation.name.as_ref().or_else(|| first.map(|field| &field.name))
        });
        named.map_or_else(|| "anonymous".to_owned(), ToString::to_string)
    }
}

/// Runs a request against a shop: checks, charges, executes, refunds.
pub(crate) fn answer(schema: &AdminSchema, cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let document = match document(&schema.sdl, &asked.query) {
        Ok(document) => document,
        Err(problems) => return Answer::errors(&problems),
    };
    let operation = match document.operations.get(asked.operation.as_deref()) {
        Ok(operation) => operation,
        Err(problem) => {
            let message = match &asked.operation {
                Some(name) => format!("No operation named \"{name}\""),
                None => problem.message().to_string(),
            };
            return Answer::errors(&[GraphqlError::new(message, Value::Null)]);
        }
    };
    let variables = match variables::check(&schema.sdl, operation, &document.sources, &asked.variables) {
        Ok(variables) => variables,
        Err(problems) => return Answer::errors(&problems),
    };
    if let Some(problem) = too_long(&document, operation, &asked.variables) {
        return Answer::errors(&[problem]);
    }
    let pricing = Pricing { document: &document, variables: &variables };
    let requested = pricing.requested(operation);
    if requested > MAX_QUERY_COST {
        let refused = Answer::errors(&[GraphqlError::too_dear(requested, MAX_QUERY_COST)]);
        return Answer { requested: Some(requested), ..refused };
    }
    if !take(cx.shop, requested, cx.now) {
        let mut refused = Answer::errors(&[GraphqlError::throttled()]);
        refused.body.insert("extensions", json!({ "cost": cost(cx.shop, cx.now, requested, None) }).into());
        return Answer { requested: Some(requested), throttled: true, ..refused };
    }
    let (errors, data) = execute(schema, cx, &document, operation, &variables);
    let actual = pricing.actual(operation, data.as_ref(), requested);
    refund(cx.shop, requested - actual);
    let mut body = JsonMap::new();
    if !errors.is_empty() {
        body.insert("errors", Value::from(errors).into());
    }
    body.insert("data", data.map_or(JsonValue::Null, JsonValue::Object));
    body.insert("extensions", json!({ "cost": cost(cx.shop, cx.now, requested, Some(actual)) }).into());
    Answer { body, requested: Some(requested), actual: Some(actual), throttled: false, executed: true }
}

/// Runs a checked operation: its errors in Shopify's shape, and its data.
pub(crate) fn execute(
    schema: &AdminSchema,
    cx: &mut Cx<'_>,
    document: &Valid<ExecutableDocument>,
    operation: &Operation,
    variables: &JsonMap,
) -> (Vec<Value>, Option<JsonMap>) {
    cx.variables = variables.clone();
    let object = if operation.is_mutation() { Object::Mutation } else { Object::Query };
    let cx: &Cx<'_> = cx;
    let root = root(cx, object);
    let execution = Execution::new(&schema.sdl, document)
        .operation(operation)
        .implementers_map(&schema.implementers)
        .enable_schema_introspection(true)
        .raw_variable_values(variables);
    match execution.execute_sync(&root) {
        Ok(response) => (response.errors.iter().map(|error| told(cx, error)).collect(), response.data),
        Err(error) => {
            let error = error.to_graphql_error(&document.sources);
            (vec![GraphqlError::code(error.message, "INVALID_VARIABLE").json()], None)
        }
    }
}

fn told(cx: &Cx<'_>, error: &GraphQLError) -> Value {
    let mut problem = cx.problem(&error.message);
    let mut locations: Vec<_> = error.locations.iter().map(|place| (place.line, place.column)).collect();
    locations.append(&mut problem.locations);
    problem.locations = locations;
    if problem.path.is_none() {
        problem.path = serde_json::to_value(&error.path).ok();
    }
    problem.json()
}

/// `serde_json`'s own map of apollo-compiler's.
pub(crate) fn plain(map: JsonMap) -> Value {
    serde_json::to_value(map).unwrap_or_default()
}

fn too_long(
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &Map<String, Value>,
) -> Option<GraphqlError> {
    for field in operation.root_fields(document) {
        for argument in &field.arguments {
            let value = variables::written_out(&argument.value, variables);
            let mut path = vec![json!(field.response_key().as_str()), json!(argument.name.as_str())];
            if let Some((path, length)) = variables::too_long(&value, &mut path) {
                let at =
                    field.name.line_column_range(&document.sources).map(|range| (range.start.line, range.start.column));
                return Some(too_long_problem(length, path, at));
            }
        }
    }
    None
}

fn take(shop: &Mutex<Shop>, cost: u32, now: UnixMillis) -> bool {
    let mut shop = hold(shop);
    let plan = shop.plan;
    shop.bucket.take(cost, plan.bucket(), plan.restore_rate(), now)
}

fn refund(shop: &Mutex<Shop>, cost: u32) {
    let mut shop = hold(shop);
    let size = shop.plan.bucket();
    shop.bucket.refund(cost, size);
}

fn cost(shop: &Mutex<Shop>, now: UnixMillis, requested: u32, actual: Option<u32>) -> Value {
    let mut shop = hold(shop);
    let plan = shop.plan;
    #[expect(clippy::cast_possible_truncation, reason = "a bucket's level is far below 2^53")]
    let level = shop.bucket.level(plan.bucket(), plan.restore_rate(), now).floor() as i64;
    json!({
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": {
            "maximumAvailable": f64::from(plan.bucket()),
            "currentlyAvailable": level,
            "restoreRate": f64::from(plan.restore_rate()),
        },
    })
}

fn hold(shop: &Mutex<Shop>) -> std::sync::MutexGuard<'_, Shop> {
    shop.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
