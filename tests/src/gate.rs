//! A gate between one function and AWS that keeps to the function's role, as IAM does and the emulator does not.
//!
//! Each request is one action on one resource or several. What the role does not cover is answered as AWS answers it, and
//! noted. A request that the gate does not understand is noted as denied, so that nothing passes unseen.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    http as client,
    iam::{Need, Statement, arn, arn_of_secret},
};

/// What passed and what did not.
#[derive(Default)]
struct Seen {
    passed: Vec<Need>,
    denied: Vec<Need>,
}

/// A gate; it closes when it is dropped.
pub struct Gate {
    url: String,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Guard {
    role: Vec<Statement>,
    endpoint: String,
    client: reqwest::Client,
    seen: Arc<Mutex<Seen>>,
}

impl Gate {
    /// To the emulator at `endpoint`, for a function of this role.
    ///
    /// # Panics
    /// If no port is free.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn open(endpoint: &str, role: Vec<Statement>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let seen = Arc::new(Mutex::new(Seen::default()));
        let guard = Guard { role, endpoint: endpoint.to_owned(), client: client(), seen: Arc::clone(&seen) };
        Self { url, seen, task: tokio::spawn(accept(Arc::new(guard), listener)) }
    }

    /// What the function is to take for AWS.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the function asked for and was allowed, each once.
    pub fn passed(&self) -> Vec<Need> {
        each_once(&self.seen.lock().unwrap_or_else(PoisonError::into_inner).passed)
    }

    /// What it was denied, each once.
    pub fn denied(&self) -> Vec<Need> {
        each_once(&self.seen.lock().unwrap_or_else(PoisonError::into_inner).denied)
    }
}

fn each_once(needs: &[Need]) -> Vec<Need> {
    let mut needs = needs.to_vec();
    needs.sort();
    needs.dedup();
    needs
}

async fn accept(guard: Arc<Guard>, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let guard = Arc::clone(&guard);
        let service = service_fn(move |request| {
            let guard = Arc::clone(&guard);
            async move { Ok::<_, Infallible>(guard.answer(request).await) }
        });
        // A function that goes away in the middle is no matter of the gate.
        tokio::spawn(async move { drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await) });
    }
}

impl Guard {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
            return plain(StatusCode::BAD_REQUEST, String::new());
        };
        let needs = needs(&parts, &body);
        let is_covered = |need: &Need| self.role.iter().any(|statement| statement.allows(need));
        let denied: Vec<Need> = needs.iter().filter(|need| !is_covered(need)).cloned().collect();
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.passed.extend(needs.into_iter().filter(|need| !denied.contains(need)));
            seen.denied.extend(denied.iter().cloned());
        }
        if let Some(need) = denied.first() {
            return refusal(need);
        }
        self.pass_on(&parts, body).await
    }

    async fn pass_on(&self, parts: &http::request::Parts, body: Bytes) -> Response<Full<Bytes>> {
        let place = parts.uri.path_and_query().map_or("/", |place| place.as_str());
        let request = self.client.request(parts.method.clone(), format!("{}{place}", self.endpoint));
        let mut headers = parts.headers.clone();
        headers.remove(http::header::TRANSFER_ENCODING);
        headers.remove(http::header::EXPECT);
        let Ok(answer) = request.headers(headers).body(body).send().await else {
            return plain(StatusCode::BAD_GATEWAY, String::new());
        };
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        let Ok(body) = answer.bytes().await else { return plain(StatusCode::BAD_GATEWAY, String::new()) };
        headers.remove(http::header::TRANSFER_ENCODING);
        headers.remove(http::header::CONTENT_LENGTH);
        let mut response = Response::new(Full::new(body));
        (*response.status_mut(), *response.headers_mut()) = (status, headers);
        response
    }
}

fn refusal(need: &Need) -> Response<Full<Bytes>> {
    let message = format!("not authorized to perform: {need}");
    if need.action.starts_with("s3:") {
        let xml = format!("<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>");
        return plain(StatusCode::FORBIDDEN, xml);
    }
    let body = json!({ "__type": "AccessDeniedException", "message": message });
    plain(StatusCode::BAD_REQUEST, body.to_string())
}

fn plain(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
}

/// What a request needs.
fn needs(parts: &http::request::Parts, body: &[u8]) -> Vec<Need> {
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let Some((service, operation)) = target.and_then(|target| target.split_once('.')) else {
        return vec![of_s3(parts)];
    };
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let need = |action: &str, resource: String| Need { action: action.to_owned(), resource };
    match service {
        "DynamoDB_20120810" => {
            let action = format!("dynamodb:{operation}");
            let several = body["RequestItems"].as_object().into_iter().flatten().map(|(table, _)| table.clone());
            let index = body["IndexName"].as_str().map_or_else(String::new, |index| format!("/index/{index}"));
            let one = body["TableName"].as_str().map(|table| format!("{table}{index}"));
            several.chain(one).map(|table| need(&action, arn("dynamodb", &format!("table/{table}")))).collect()
        }
        "AmazonSQS" => {
            let action = format!("sqs:{}", operation.strip_suffix("Batch").unwrap_or(operation));
            vec![need(&action, arn("sqs", text("QueueUrl").rsplit('/').next().unwrap_or_default()))]
        }
        "AWSEvents" => {
            let entries = body["Entries"].as_array().into_iter().flatten();
            let buses = entries.map(|entry| entry["EventBusName"].as_str().unwrap_or_default());
            let resource = |bus: &str| {
                if bus.starts_with("arn:") { bus.to_owned() } else { arn("events", &format!("event-bus/{bus}")) }
            };
            buses.map(|bus| need(&format!("events:{operation}"), resource(bus))).collect()
        }
        "AmazonSSM" => vec![need(&format!("ssm:{operation}"), arn("ssm", &format!("parameter{}", text("Name"))))],
        "secretsmanager" => {
            // A secret may be asked for by its name.
            let resource = arn_of_secret(&text("SecretId"));
            vec![need(&format!("secretsmanager:{operation}"), resource)]
        }
        other => vec![need(&format!("{other}:{operation}"), "unknown".to_owned())],
    }
}

fn of_s3(parts: &http::request::Parts) -> Need {
    let path = parts.uri.path().trim_start_matches('/');
    let action = match (&parts.method, path.contains('/')) {
        (&Method::PUT, true) => "s3:PutObject",
        (&Method::GET | &Method::HEAD, true) => "s3:GetObject",
        (&Method::GET | &Method::HEAD, false) => "s3:ListBucket",
        _ => "s3:unknown",
    };
    Need { action: action.to_owned(), resource: format!("arn:aws:s3:::{path}") }
}
