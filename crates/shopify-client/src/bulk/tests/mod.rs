//! Against a Shopify and a storage that fail on purpose.

mod download;
mod operation;
mod records;
mod upload;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::{
    Call, Client,
    operations::testing::{client, whole},
    transport::{Payload, Pieces, Transport, TransportError},
};

const ID: &str = "gid://shopify/BulkOperation/1";
/// The address of the file, with a signature that must be shown nowhere.
const FILE: &str = "https://files.example.com/1?signature=secret";

/// Shopify and the storage, told what to answer.
#[derive(Default)]
struct World {
    /// GraphQL replies, in their order; the last one stays.
    replies: Mutex<VecDeque<Value>>,
    /// What the storage does, in its order; afterwards it just gives the file.
    storage: Mutex<VecDeque<Storage>>,
    file: Mutex<Bytes>,
    /// Names of the operations that were called, methods and ranges of what the storage was asked.
    seen: Mutex<Vec<String>>,
    /// Variables of the last operation.
    variables: Mutex<Value>,
    /// What was uploaded last.
    uploaded: Mutex<(String, Vec<u8>)>,
}

/// One answer of the storage.
#[derive(Clone, Copy)]
enum Storage {
    /// This many bytes, then the connection breaks.
    BreakAfter(usize),
    /// This many bytes, then an end as if it were all.
    EndAfter(usize),
    /// The file from its beginning, whatever range was asked for.
    IgnoreRange,
    /// Another version of the file.
    OtherVersion,
    Status(u16),
    Unreachable,
}

impl World {
    fn new(lines: &str) -> Arc<Self> {
        let world = Self::default();
        *world.file.lock().unwrap() = Bytes::from(lines.to_owned());
        Arc::new(world)
    }

    fn reply(self: &Arc<Self>, replies: impl IntoIterator<Item = Value>) -> Arc<Self> {
        self.replies.lock().unwrap().extend(replies);
        Arc::clone(self)
    }

    fn storage(self: &Arc<Self>, storage: impl IntoIterator<Item = Storage>) -> Arc<Self> {
        self.storage.lock().unwrap().extend(storage);
        Arc::clone(self)
    }

    fn client(self: &Arc<Self>) -> Client {
        client(Arc::new(Way(Arc::clone(self))))
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn file(&self, bytes: Option<u64>, objects: Option<u64>) -> ResultFile {
        ResultFile { operation: ID.into(), url: FILE.to_owned().into(), bytes, objects }
    }

    /// The file with its size.
    fn sized(&self) -> ResultFile {
        self.file(Some(self.file.lock().unwrap().len() as u64), None)
    }

    fn graphql(&self, body: &[u8]) -> Value {
        let mut body: Value = serde_json::from_slice(body).unwrap();
        self.seen.lock().unwrap().push(body["operationName"].as_str().unwrap().to_owned());
        *self.variables.lock().unwrap() = body["variables"].take();
        let mut replies = self.replies.lock().unwrap();
        let reply = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
        reply.expect("a reply")
    }

    fn get(&self, request: &Request<Payload>) -> Result<Response<Pieces>, TransportError> {
        let range = request.headers().get("range").map(|range| range.to_str().unwrap().to_owned());
        self.seen.lock().unwrap().push(format!("GET {}", range.as_deref().unwrap_or("all")));
        let mut start = range.map_or(0, |range| range[6..range.len() - 1].parse().unwrap());
        let file = self.file.lock().unwrap().clone();
        let storage = self.storage.lock().unwrap().pop_front();
        let (mut end, mut breaks, mut etag) = (file.len(), false, "\"1\"");
        match storage {
            None => {}
            Some(Storage::BreakAfter(count)) => (end, breaks) = (file.len().min(start + count), true),
            Some(Storage::EndAfter(count)) => end = file.len().min(start + count),
            Some(Storage::IgnoreRange) => start = 0,
            Some(Storage::OtherVersion) => (start, etag) = (0, "\"2\""),
            Some(Storage::Status(status)) => return Ok(whole(status, Bytes::new())),
            Some(Storage::Unreachable) => return Err(TransportError::Connect("refused".into())),
        }
        if start > 0 && start == file.len() {
            return Ok(whole(416, Bytes::new()));
        }
        // Small pieces, so that lines are torn.
        let pieces: Vec<_> = file[start..end].chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let broken = breaks.then(|| Err(TransportError::Broken("reset".into())));
        let mut response = Response::new(stream::iter(pieces.into_iter().chain(broken)).boxed());
        response.headers_mut().insert("etag", etag.parse().unwrap());
        if start > 0 {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range = format!("bytes {start}-{}/{}", file.len() - 1, file.len());
            response.headers_mut().insert("content-range", range.parse().unwrap());
        }
        Ok(response)
    }
}

struct Way(Arc<World>);

impl Transport for Way {
    fn open(&self, request: Request<Payload>) -> BoxFuture<'_, Result<Response<Pieces>, TransportError>> {
        async move {
            if request.method() == Method::GET {
                return self.0.get(&request);
            }
            let (head, body) = request.into_parts();
            match body {
                Payload::Whole(body) => Ok(whole(200, Bytes::from(self.0.graphql(&body).to_string()))),
                Payload::Pieces { length, pieces } => {
                    self.0.seen.lock().unwrap().push("POST".to_owned());
                    let pieces: Vec<Bytes> = pieces.map(Result::unwrap).collect().await;
                    let body = pieces.concat();
                    assert_eq!(body.len() as u64, length);
                    let kind = head.headers["content-type"].to_str().unwrap().to_owned();
                    *self.0.uploaded.lock().unwrap() = (kind, body);
                    match self.0.storage.lock().unwrap().pop_front() {
                        Some(Storage::Status(status)) => Ok(whole(status, Bytes::new())),
                        Some(_) => Err(TransportError::Broken("reset".into())),
                        None => Ok(whole(201, Bytes::new())),
                    }
                }
            }
        }
        .boxed()
    }
}

fn call() -> Call {
    Call::background(Duration::from_secs(300))
}

/// `bulkOperation` as GraphQL tells it.
fn operation(status: &str, url: Option<&str>, partial: Option<&str>) -> Value {
    json!({"data": {"bulkOperation": {
        "id": ID, "type": "QUERY", "status": status, "errorCode": null, "createdAt": "2026-11-01T10:00:00Z",
        "completedAt": null, "objectCount": "2", "rootObjectCount": "1", "fileSize": null, "url": url,
        "partialDataUrl": partial}}})
}

/// A payload of `mutation` that refuses with a code.
fn refusal(mutation: &str, code: &str) -> Value {
    json!({"data": {mutation: {"bulkOperation": null, "userErrors": [{"code": code, "field": null, "message": "No."}]}}})
}

/// A payload of `mutation` that starts the operation.
fn started(mutation: &str) -> Value {
    json!({"data": {mutation: {"bulkOperation": {"id": ID, "status": "CREATED"}, "userErrors": []}}})
}
