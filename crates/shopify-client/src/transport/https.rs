//! HTTPS, by reqwest.

use std::time::Duration;

use futures_util::{StreamExt, future::BoxFuture};

use super::{Payload, Pieces, Transport, TransportError};

/// To connect, TLS included.
const CONNECT: Duration = Duration::from_secs(3);
/// Between two pieces of a reply.
const READ: Duration = Duration::from_secs(30);

/// Requests over HTTPS; plain HTTP for an endpoint that says so. Follows no redirect: a token goes where it was sent.
#[derive(Debug, Clone)]
pub struct Https {
    client: reqwest::Client,
}

impl Https {
    /// Connections that are kept and shared. TLS is rustls with ring, by the roots that the system trusts.
    pub fn new() -> Result<Self, TransportError> {
        // Already installed by another client of this process: the same one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(READ)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| TransportError::Connect(reason(error)))?;
        Ok(Self { client })
    }
}

impl Transport for Https {
    fn open(&self, request: http::Request<Payload>) -> BoxFuture<'_, Result<http::Response<Pieces>, TransportError>> {
        Box::pin(async move {
            let request = outgoing(request)?;
            let reply = self.client.execute(request).await.map_err(classify)?;
            let mut response = http::Response::builder().status(reply.status());
            if let Some(headers) = response.headers_mut() {
                *headers = reply.headers().clone();
            }
            let pieces: Pieces = reply.bytes_stream().map(|piece| piece.map_err(classify)).boxed();
            response.body(pieces).map_err(|error| TransportError::Broken(error.to_string()))
        })
    }
}

fn outgoing(request: http::Request<Payload>) -> Result<reqwest::Request, TransportError> {
    let (head, payload) = request.into_parts();
    let (length, body) = match payload {
        Payload::Whole(bytes) => (None, reqwest::Body::from(bytes)),
        Payload::Pieces { length, pieces } => (Some(length), reqwest::Body::wrap_stream(pieces)),
    };
    let mut request = http::Request::from_parts(head, body);
    if let Some(length) = length {
        request.headers_mut().insert(http::header::CONTENT_LENGTH, length.into());
    }
    reqwest::Request::try_from(request).map_err(|error| TransportError::Connect(reason(error)))
}

fn classify(error: reqwest::Error) -> TransportError {
    if error.is_connect() {
        TransportError::Connect(reason(error))
    } else if error.is_timeout() {
        TransportError::TimedOut(READ)
    } else {
        TransportError::Broken(reason(error))
    }
}

/// The innermost cause says most, and holds no URL.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
