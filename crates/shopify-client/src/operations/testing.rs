//! A client whose requests a test answers.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use resilience::{Clock, MemoryState, UnixMillis};
use serde_json::Value;
use shopify_webhook::ShopDomain;

use crate::{
    Client, Endpoint, Parts, Settings,
    tokens::{App, Held, MemoryTokens, Renewal, StoredToken},
    transport::{Payload, Pieces, Transport, TransportError},
};

/// The shop that tests call.
pub(crate) fn shop() -> ShopDomain {
    ShopDomain::parse("north.myshopify.com").unwrap()
}

/// A client with a token for [`shop`].
pub(crate) fn client(transport: Arc<dyn Transport>) -> Client {
    let tokens = MemoryTokens::default();
    let token = StoredToken { access: "token".into(), expires_at: None, renewal: Renewal::Never, version: 1 };
    tokens.put(&shop(), Held::Token(token));
    let parts = Parts {
        app: App { name: "app".into(), client_id: "id".into(), client_secret: "secret".into() },
        endpoint: Endpoint::Shopify,
        transport,
        tokens: Arc::new(tokens),
        state: Arc::new(MemoryState::default()),
        clock: Clock::starting_at(UnixMillis(1_800_000_000_000)),
        process: "test".into(),
    };
    Client::new(parts, Settings::default())
}

/// Answers GraphQL: operation name and variables to the whole reply.
pub(crate) trait Answers: Send + Sync + 'static {
    /// The reply's JSON, or the failure to send it.
    fn answer(&self, operation: &str, variables: &Value) -> Result<Value, TransportError>;
}

/// [`Answers`] as a transport.
pub(crate) struct Graph<A>(pub(crate) Arc<A>);

impl<A: Answers> Transport for Graph<A> {
    fn open(&self, request: http::Request<Payload>) -> BoxFuture<'_, Result<http::Response<Pieces>, TransportError>> {
        async move {
            let Payload::Whole(body) = request.into_body() else { panic!("GraphQL comes whole") };
            let body: Value = serde_json::from_slice(&body).unwrap();
            let reply = self.0.answer(body["operationName"].as_str().unwrap(), &body["variables"])?;
            Ok(whole(200, Bytes::from(reply.to_string())))
        }
        .boxed()
    }
}

/// A response whose body comes at once.
pub(crate) fn whole(status: u16, body: Bytes) -> http::Response<Pieces> {
    let mut response = http::Response::new(stream::iter([Ok(body)]).boxed());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    response
}
