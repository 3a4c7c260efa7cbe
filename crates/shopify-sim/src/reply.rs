//! What the simulator does with a request: answer it, or fail as a network would.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::bulk::Synthetic;

/// The end of a request. A harness acts on it itself; [`crate::Sim::serve`] maps it onto a connection.
#[derive(Debug)]
pub enum Reply {
    /// A whole response.
    Full(Response<Bytes>),
    /// A response whose body is made while it is sent.
    Generated(Response<()>, Synthetic),
    /// Headers that promise the whole body, `sent` bytes of it, then the end of the connection.
    Truncated {
        /// What would have been sent.
        response: Response<Bytes>,
        /// How many bytes of its body arrive.
        sent: usize,
    },
    /// The connection is reset without an answer.
    Reset,
    /// Nothing, ever: the caller's time-out has to end it.
    Never,
}

impl Reply {
    /// The response, if the whole of it arrives.
    #[must_use]
    pub fn full(self) -> Option<Response<Bytes>> {
        match self {
            Self::Full(response) => Some(response),
            _ => None,
        }
    }

    /// The status, if there is one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Full(response) | Self::Truncated { response, .. } => Some(response.status()),
            Self::Generated(response, _) => Some(response.status()),
            Self::Reset | Self::Never => None,
        }
    }
}

pub(crate) fn json(status: u16, body: &impl Serialize) -> Response<Bytes> {
    let kind = "application/json; charset=utf-8";
    match serde_json::to_vec(body) {
        Ok(body) => with_type(status, body.into(), kind),
        // JSON values always print.
        Err(_) => with_type(500, Bytes::new(), kind),
    }
}

/// `{"errors": …}` as Shopify has it for a status.
pub(crate) fn errors(status: u16, message: &str) -> Response<Bytes> {
    json(status, &serde_json::json!({ "errors": message }))
}

pub(crate) fn with_type(status: u16, body: Bytes, kind: &'static str) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

pub(crate) fn header(response: &mut Response<Bytes>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
