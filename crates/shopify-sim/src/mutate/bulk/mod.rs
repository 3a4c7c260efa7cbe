//! Starting and cancelling bulk operations, and the uploads that they read.

mod mutation;
mod query;

use apollo_compiler::{Schema, validation::Valid};
use serde_json::{Value, json};

use super::{done, refused, user_error};
use crate::{
    context::Cx,
    store::{BulkJob, BulkKind, Gid},
};

const SUBJECT: &str = "bulkOperation";
/// So many of a type run at once, for one app in one shop.
const AT_ONCE: usize = 5;
/// The most bytes of a document that is kept with its operation.
const MOST_DOCUMENT_BYTES: usize = 65_535;
/// The most bytes of an input file.
const MOST_FILE_BYTES: usize = 100 << 20;

pub(super) fn run_query(cx: &Cx<'_>, schema: &Valid<Schema>, input: &Value) -> Value {
    let text = input["query"].as_str().unwrap_or_default();
    let mut faults = query::faults(schema, text);
    if faults.is_empty() && text.len() > MOST_DOCUMENT_BYTES {
        faults.push(format!("Query is too large ({} bytes; maximum is {MOST_DOCUMENT_BYTES} bytes)", text.len()));
    }
    if !faults.is_empty() {
        let errors = faults.iter().map(|message| user_error(json!(["query"]), message, Some("INVALID")));
        return refused(SUBJECT, errors.collect());
    }
    let grouped = input["groupObjects"].as_bool().unwrap_or(false);
    start(cx, BulkKind::Query { text: text.to_owned(), grouped })
}

pub(super) fn run_mutation(cx: &Cx<'_>, schema: &Valid<Schema>, input: &Value) -> Value {
    let text = input["mutation"].as_str().unwrap_or_default();
    let refuse = |field: Value, message: &str, code| refused(SUBJECT, vec![user_error(field, message, code)]);
    if let Some(fault) = mutation::fault(schema, text) {
        return match fault {
            // What can't be read at all has a code, and no field; what is read and not allowed has it the other way.
            mutation::Fault::Unreadable(message) => refuse(Value::Null, &message, Some("INVALID_MUTATION")),
            mutation::Fault::Forbidden(message) => refuse(json!(["mutation"]), message, None),
        };
    }
    if text.len() > MOST_DOCUMENT_BYTES {
        let message = format!("is too large ({} bytes; maximum is {MOST_DOCUMENT_BYTES} bytes)", text.len());
        return refuse(json!(["query"]), &message, Some("INVALID_MUTATION"));
    }
    let length = input["clientIdentifier"].as_str().map(|identifier| identifier.chars().count());
    let wrong = match length {
        Some(..10) => Some("is too short (minimum is 10 characters)"),
        Some(256..) => Some("is too long (maximum is 255 characters)"),
        _ => None,
    };
    if let Some(message) = wrong {
        return refuse(json!(["clientIdentifier"]), message, Some("INVALID_MUTATION"));
    }
    let path = input["stagedUploadPath"].as_str().unwrap_or_default();
    let upload = {
        let shop = cx.hold();
        let found = shop.uploads.iter().find(|(key, _)| path.ends_with(key.as_str()));
        found.map(|(key, file)| (key.clone(), file.len()))
    };
    match upload {
        None => {
            let message = "The JSONL file could not be found. Try uploading the file again, and check that you've \
                           entered the URL correctly for the stagedUploadPath mutation argument.";
            refuse(Value::Null, message, Some("NO_SUCH_FILE"))
        }
        Some((_, 0)) => refuse(Value::Null, "The input file is empty.", Some("INVALID_STAGED_UPLOAD_FILE")),
        Some((_, bytes)) if bytes > MOST_FILE_BYTES => {
            let message = "The input file size exceeds the maximum allowed size of 100 MB.";
            refuse(Value::Null, message, Some("INVALID_STAGED_UPLOAD_FILE"))
        }
        Some((upload, _)) => start(cx, BulkKind::Mutation { text: text.to_owned(), upload }),
    }
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
        let parameters = parameters(post, &key, one["mimeType"].as_str().unwrap_or_default());
        targets
            .push(json!({ "url": url, "resourceUrl": format!("{}/upload/{key}", cx.base), "parameters": parameters }));
    }
    done("stagedTargets", targets.into())
}

/// What goes along with an upload, as Google's storage wants it. Nothing here looks at the signature.
fn parameters(post: bool, key: &str, mime_type: &str) -> Vec<Value> {
    let form = [
        ("Content-Type", mime_type),
        ("success_action_status", "201"),
        ("acl", "private"),
        ("key", key),
        ("x-goog-date", "20260101T000000Z"),
        ("x-goog-credential", "shopify-sim/20260101/auto/storage/goog4_request"),
        ("x-goog-algorithm", "GOOG4-RSA-SHA256"),
        ("x-goog-signature", "0000"),
        ("policy", "e30="),
    ];
    let headers = [("content_type", mime_type), ("acl", "private")];
    let all: &[(&str, &str)] = if post { &form } else { &headers };
    all.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}
