//! How requests reach Shopify: over HTTPS, or straight into a simulated Shopify in the same process, so that a minute
//! of simulated time needs no socket.

mod endpoint;
mod https;

use std::{fmt, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, future::BoxFuture, stream::BoxStream};

pub use endpoint::{Endpoint, NotAnEndpoint};
pub use https::Https;

/// A body to send.
pub enum Payload {
    /// All of it.
    Whole(Bytes),
    /// A long one, piece by piece.
    Pieces {
        /// Bytes in all.
        length: u64,
        /// The pieces.
        pieces: BoxStream<'static, Result<Bytes, std::io::Error>>,
    },
}

impl fmt::Debug for Payload {
    /// Its size: what is in it is nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Pieces { length, .. } => write!(f, "{length} bytes in pieces"),
        }
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(bytes)
    }
}

/// A body as it comes.
pub type Pieces = BoxStream<'static, Result<Bytes, TransportError>>;

/// No whole reply came. Shows no URL: these may be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nobody was reached, so nothing was sent.
    #[error("no connection: {0}")]
    Connect(String),
    /// Nothing came in time.
    #[error("no reply within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The connection broke, before the reply or in the middle of it.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The reply is longer than any that was asked for.
    #[error("the reply is longer than {0} bytes")]
    TooLarge(usize),
}

/// A way to Shopify.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request; the reply's body is still to come.
    fn open(&self, request: http::Request<Payload>) -> BoxFuture<'_, Result<http::Response<Pieces>, TransportError>>;
}

/// The longest reply of the Admin API that is read into memory.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Sends a request and reads the whole reply, all within `limit`.
pub async fn exchange(
    transport: &dyn Transport,
    request: http::Request<Payload>,
    limit: Duration,
) -> Result<http::Response<Bytes>, TransportError> {
    let whole = async {
        let (head, mut pieces) = transport.open(request).await?.into_parts();
        let mut body = BytesMut::new();
        while let Some(piece) = pieces.next().await {
            body.extend_from_slice(&piece?);
            if body.len() > MOST_BYTES {
                return Err(TransportError::TooLarge(MOST_BYTES));
            }
        }
        Ok(http::Response::from_parts(head, body.freeze()))
    };
    tokio::time::timeout(limit, whole).await.unwrap_or(Err(TransportError::TimedOut(limit)))
}
