//! Starting and cancelling bulk operations, and the uploads that they read.

use apollo_compiler::{ExecutableDocument, Schema, executable::SelectionSet, validation::Valid};
use serde_json::{Value, json};

use super::{done, refused, user_error};
use crate::{
    graphql,
    resolve::Cx,
    store::{BulkJob, BulkKind, Gid},
};

const SUBJECT: &str = "bulkOperation";
/// So many of a type run at once, for one app in one shop.
const AT_ONCE: usize = 5;
const DEEPEST: usize = 2;
const MOST_CONNECTIONS: usize = 5;

pub(super) fn run_query(cx: &Cx<'_>, schema: &Valid<Schema>, input: &Value) -> Value {
    let text = input["query"].as_str().unwrap_or_default();
    let refuse = |message: &str| refused(SUBJECT, vec![user_error(json!(["query"]), message, Some("INVALID"))]);
    let document = match graphql::document(schema, text) {
        Ok(document) => document,
        Err(problems) => {
            let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            return refuse(&format!("Invalid bulk query: {first}"));
        }
    };
    let Ok(operation) = document.operations.get(None) else {
        return refuse("Invalid bulk query: exactly one operation is expected");
    };
    if operation.is_mutation() {
        return refuse("Invalid bulk query: mutations are not allowed");
    }
    let (count, depth) = connections(&document, &operation.selection_set, 0);
    if count == 0 {
        return refuse("Bulk queries must contain at least one connection.");
    }
    if count > MOST_CONNECTIONS {
        return refuse("Bulk queries cannot contain more than 5 connections.");
    }
    if depth > DEEPEST {
        return refuse("Bulk queries cannot contain connections with a nesting depth greater than 2.");
    }
    let grouped = input["groupObjects"].as_bool().unwrap_or(false);
    start(cx, BulkKind::Query { text: text.to_owned(), grouped })
}

pub(super) fn run_mutation(cx: &Cx<'_>, schema: &Valid<Schema>, input: &Value) -> Value {
    let text = input["mutation"].as_str().unwrap_or_default();
    let refuse = |message: &str, code| refused(SUBJECT, vec![user_error(Value::Null, message, Some(code))]);
    match graphql::document(schema, text) {
        Err(problems) => {
            let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            return refuse(&format!("Failed to parse the mutation - {first}"), "INVALID_MUTATION");
        }
        Ok(document) if !document.operations.get(None).is_ok_and(|operation| operation.is_mutation()) => {
            return refuse("Invalid operation type. Only `mutation` operations are supported.", "INVALID_MUTATION");
        }
        Ok(_) => {}
    }
    let path = input["stagedUploadPath"].as_str().unwrap_or_default();
    let upload = cx.hold().uploads.keys().find(|key| path.ends_with(key.as_str())).cloned();
    let Some(upload) = upload else {
        let message = "The JSONL file could not be found. Try uploading the file again, and check that you've entered \
                       the URL correctly for the stagedUploadPath mutation argument.";
        return refuse(message, "NO_SUCH_FILE");
    };
    start(cx, BulkKind::Mutation { text: text.to_owned(), upload })
}

fn start(cx: &Cx<'_>, kind: BulkKind) -> Value {
    let mut shop = cx.hold();
    let query = matches!(kind, BulkKind::Query { .. });
    let running: Vec<String> = (shop.bulks.iter())
        .filter(|(_, job)| job.running() && job.is_query() == query && job.app == cx.app)
        .map(|(id, _)| Gid::print("BulkOperation", *id))
        .collect();
    if running.len() >= AT_ONCE {
        let what = if query { "query" } else { "mutation" };
        let ids = running.join(", ");
        let message = format!("A bulk {what} operation for this app and shop is already in progress: {ids}.");
        return refused(SUBJECT, vec![user_error(Value::Null, &message, Some("OPERATION_IN_PROGRESS"))]);
    }
    let id = shop.new_id();
    let job = BulkJob {
        kind,
        app: cx.app.to_owned(),
        status: "CREATED",
        error: None,
        created: cx.now,
        completed: None,
        objects: 0,
        roots: 0,
        result: None,
        partial: false,
    };
    shop.bulks.insert(id, job);
    cx.started(id);
    done(SUBJECT, json!({ "$gid": Gid::print("BulkOperation", id) }))
}

pub(super) fn cancel(cx: &Cx<'_>, input: &Value) -> Value {
    let id = input["id"].as_str().and_then(|id| Gid::of("BulkOperation", id));
    let mut shop = cx.hold();
    let Some(job) = id.and_then(|id| shop.bulks.get_mut(&id)) else {
        return refused(SUBJECT, vec![user_error(json!(["id"]), "Bulk operation does not exist", None)]);
    };
    if !job.running() {
        let message = format!("A bulk operation cannot be canceled when it is {}", job.status.to_lowercase());
        let errors = vec![user_error(Value::Null, &message, None)];
        return json!({ SUBJECT: { "$gid": input["id"] }, "userErrors": errors });
    }
    job.status = "CANCELING";
    done(SUBJECT, json!({ "$gid": input["id"] }))
}

pub(super) fn staged(cx: &Cx<'_>, input: &Value) -> Value {
    let mut targets = Vec::new();
    let mut shop = cx.hold();
    for one in input["input"].as_array().into_iter().flatten() {
        let name = one["filename"].as_str().unwrap_or("file").replace(['/', '?', '#', '%'], "_");
        let number = shop.new_id();
        let key = format!("tmp/{}/bulk/{number}/{name}", shop.id);
        let post = one["httpMethod"] == "POST";
        let url = if post { format!("{}/upload", cx.base) } else { format!("{}/upload/{key}", cx.base) };
        let kind = json!({ "name": "Content-Type", "value": one["mimeType"] });
        let parameters = match post {
            true => vec![json!({ "name": "key", "value": key }), kind],
            false => vec![kind],
        };
        targets
            .push(json!({ "url": url, "resourceUrl": format!("{}/upload/{key}", cx.base), "parameters": parameters }));
    }
    done("stagedTargets", targets.into())
}

/// How many connections a selection has, and how deep they are nested.
fn connections(document: &ExecutableDocument, set: &SelectionSet, depth: usize) -> (usize, usize) {
    let (mut count, mut deepest) = (0, depth);
    for field in set.root_fields(document) {
        let connection = field.ty().inner_named_type().ends_with("Connection");
        let inside = connections(document, &field.selection_set, depth + usize::from(connection));
        count += inside.0 + usize::from(connection);
        deepest = deepest.max(inside.1);
    }
    (count, deepest)
}
