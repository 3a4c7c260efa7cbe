//! A simulated Shopify as a transport: no socket, so that simulated time may be paused.

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, future::BoxFuture, stream};
use shopify_client::transport::{Endpoint, Payload, Pieces, Transport, TransportError};
use shopify_sim::{Reply, Sim};

/// Hands requests to a simulator.
#[derive(Debug, Clone)]
pub struct InProcess(Sim);

impl InProcess {
    /// A way to this simulator.
    pub fn new(sim: Sim) -> Self {
        Self(sim)
    }

    /// What its shops' URLs begin with.
    #[expect(clippy::panic, reason = "the simulator's own address is a good one")]
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::at(self.0.base_url()).unwrap_or_else(|problem| panic!("{problem}"))
    }
}

impl Transport for InProcess {
    fn open(&self, request: http::Request<Payload>) -> BoxFuture<'_, Result<http::Response<Pieces>, TransportError>> {
        Box::pin(async move {
            let (head, payload) = request.into_parts();
            let body = whole(payload).await?;
            match self.0.respond(http::Request::from_parts(head, body)).await {
                Reply::Full(response) => Ok(response.map(|body| stream::iter([Ok(body)]).boxed())),
                Reply::Generated(response, pieces) => Ok(response.map(|()| stream::iter(pieces.map(Ok)).boxed())),
                Reply::Truncated { response, sent } => Ok(response.map(|body| {
                    let part = body.slice(..sent.min(body.len()));
                    stream::iter([Ok(part), Err(broken("it ends early"))]).boxed()
                })),
                Reply::Reset => Err(broken("reset")),
                Reply::Never => std::future::pending().await,
            }
        })
    }
}

async fn whole(payload: Payload) -> Result<Bytes, TransportError> {
    match payload {
        Payload::Whole(bytes) => Ok(bytes),
        Payload::Pieces { mut pieces, .. } => {
            let mut all = BytesMut::new();
            while let Some(piece) = pieces.next().await {
                all.extend_from_slice(&piece.map_err(|error| broken(&error.to_string()))?);
            }
            Ok(all.freeze())
        }
    }
}

fn broken(why: &str) -> TransportError {
    TransportError::Broken(why.to_owned())
}
