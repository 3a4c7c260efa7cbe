//! The storage beside the API: results of bulk operations, uploads. It speaks like Google's, where Shopify keeps them.

use std::sync::Mutex;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use shopify_webhook::ShopDomain;

use super::{Sim, call::content_type, hold};
use crate::{
    bulk::Synthetic,
    reply::{Reply, with_type},
    store::Shop,
};

/// Bytes that an upload may have: a little more than an operation takes, which is the one to refuse it.
const LARGEST_UPLOAD: usize = 101 << 20;

impl Sim {
    /// `bulk/{id}.jsonl`, `bulk/synthetic.jsonl?bytes=N`, `upload`, `upload/{key}`; `None` for any other path.
    pub(super) fn file(
        &self,
        domain: &ShopDomain,
        cell: &Mutex<Shop>,
        rest: &str,
        request: &Request<Bytes>,
    ) -> Option<Reply> {
        if let Some(name) = rest.strip_prefix("bulk/") {
            return Some(self.result(cell, name, request));
        }
        let key = rest.strip_prefix("upload")?;
        let (key, body) = match (request.method(), key.strip_prefix('/')) {
            (&Method::PUT, Some(key)) => (key.to_owned(), request.body().clone()),
            (&Method::POST, None) => match form(request) {
                Some(parts) => parts,
                None => return Some(Reply::Full(xml(400, "MalformedPOSTRequest"))),
            },
            _ => return Some(Reply::Full(xml(405, "MethodNotAllowed"))),
        };
        if body.len() > LARGEST_UPLOAD {
            return Some(Reply::Full(xml(400, "EntityTooLarge")));
        }
        let location = format!("{}/{domain}/upload/{key}", self.base_url());
        hold(cell).uploads.insert(key.clone(), body);
        let body = format!("<PostResponse><Location>{location}</Location><Key>{key}</Key></PostResponse>");
        Some(Reply::Full(with_type(201, body.into(), "application/xml")))
    }

    fn result(&self, cell: &Mutex<Shop>, name: &str, request: &Request<Bytes>) -> Reply {
        let query = request.uri().query().unwrap_or_default();
        let number = |name: &str| {
            query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse::<i64>().ok())
        };
        if name == "synthetic.jsonl" {
            let bytes = number("bytes").and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(1 << 20);
            let mut response = Response::new(());
            response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/jsonl"));
            return Reply::Generated(response, Synthetic::of(bytes));
        }
        let id = name.strip_suffix(".jsonl").and_then(|id| id.parse::<u64>().ok());
        let shop = hold(cell);
        let Some(job) = id.and_then(|id| shop.bulks.get(&id)) else { return Reply::Full(xml(404, "NoSuchKey")) };
        let now = self.clock().now();
        if now > job.result_expires() {
            return Reply::Full(xml(403, "AccessDenied"));
        }
        match &job.result {
            Some(result) => Reply::Full(with_type(200, result.clone(), "application/jsonl")),
            None => Reply::Full(xml(404, "NoSuchKey")),
        }
    }
}

fn xml(status: u16, code: &str) -> Response<Bytes> {
    let body =
        format!("<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{code}</Message></Error>");
    with_type(status, body.into(), "application/xml; charset=UTF-8")
}

/// The key and the file of a multipart form.
fn form(request: &Request<Bytes>) -> Option<(String, Bytes)> {
    let kind = content_type(request);
    let boundary = kind.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?.trim_matches('"');
    let mark = format!("--{boundary}").into_bytes();
    let body = request.body();
    let (mut key, mut file) = (None, None);
    let mut at = find(body, &mark, 0)?;
    loop {
        let from = at + mark.len();
        let Some(next) = find(body, &mark, from) else { break };
        let part = body.slice(from..next);
        if let Some(split) = find(&part, b"\r\n\r\n", 0) {
            let head = String::from_utf8_lossy(&part[..split]).into_owned();
            let content = part.slice(split + 4..part.len().saturating_sub(2).max(split + 4));
            if head.contains("name=\"key\"") {
                key = String::from_utf8(content.to_vec()).ok();
            } else if head.contains("name=\"file\"") {
                file = Some(content);
            }
        }
        at = next;
    }
    Some((key?, file?))
}

fn find(text: &[u8], mark: &[u8], from: usize) -> Option<usize> {
    text.get(from..)?.windows(mark.len()).position(|window| window == mark).map(|at| at + from)
}
