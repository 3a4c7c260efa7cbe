//! AWS as far as a test says: answers of the documented shape, over the SDK's own HTTP.

use std::sync::{Arc, Mutex};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        behavior_version::BehaviorVersion,
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
    },
    http::StatusCode,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig};
use serde_json::{Value, json};
use weir_aws::SdkConfig;

/// What came.
#[derive(Debug, Clone)]
pub(super) struct Request {
    uri: String,
    target: String,
    body: String,
}

/// What goes back.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    status: u16,
    body: Vec<u8>,
    /// What a protocol's answers are known by.
    protocol: Option<&'static str>,
}

type Answers = dyn Fn(&Request) -> Answer + Send + Sync;

#[derive(Clone)]
pub(super) struct Replay {
    answer: Arc<Answers>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Replay")
    }
}

impl Replay {
    pub(super) fn new(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), requests: Arc::default() }
    }

    pub(super) fn config(&self) -> SdkConfig {
        let connector = self.clone();
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("a", "b", None, None, "test")))
            .retry_config(RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(connector.clone())))
            .build()
    }

    /// What came so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Request {
    /// The operation of a JSON protocol.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    pub(super) fn path(&self) -> &str {
        &self.uri
    }

    /// The body as it came: a form of the query protocol.
    pub(super) fn form(&self) -> &str {
        &self.body
    }
}

impl Answer {
    pub(super) fn json(body: Value) -> Self {
        Self::text(200, body.to_string())
    }

    pub(super) fn xml(body: impl Into<String>) -> Self {
        Self::text(200, body.into())
    }

    /// An error of a JSON protocol.
    pub(super) fn error(status: u16, code: &str) -> Self {
        Self::text(status, json!({ "__type": code, "message": format!("{code}: as a test says") }).to_string())
    }

    /// An error of the query protocol.
    pub(super) fn xml_error(status: u16, code: &str) -> Self {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>as a test says</Message></Error>\
             <RequestId>1</RequestId></ErrorResponse>"
        );
        Self::text(status, body)
    }

    /// An answer of CloudWatch's protocol.
    pub(super) fn cbor(body: Vec<u8>) -> Self {
        Self { status: 200, body, protocol: Some("rpc-v2-cbor") }
    }

    fn text(status: u16, body: String) -> Self {
        Self { status, body: body.into_bytes(), protocol: None }
    }
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let request = Request {
            uri: request.uri().to_string(),
            target: request.headers().get("x-amz-target").unwrap_or_default().to_owned(),
            body: String::from_utf8_lossy(body).into_owned(),
        };
        let Answer { status, body, protocol } = (self.answer)(&request);
        self.requests.lock().unwrap().push(request);
        let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
        if let Some(protocol) = protocol {
            response.headers_mut().insert("smithy-protocol", protocol);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}
