//! Shopify's Admin API, as the client meets it: told what to answer, without a socket.

pub mod answer;
pub mod oracle;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures_util::{StreamExt, future::BoxFuture, stream};
use resilience::{Clock, SharedState, UnixMillis};
use shopify_client::{
    Client, Endpoint, Parts, Settings,
    tokens::{App, Held, MemoryTokens, Renewal, StoredToken},
    transport::{Payload, Pieces, Transport, TransportError},
};
use shopify_webhook::ShopDomain;

use self::answer::{Answer, End};

/// What nobody may read in an error: the shop's token, the tokens that follow it, and the app's secret.
pub const TOKEN: &str = "shpat_T0ken";
/// See [`TOKEN`].
pub const REFRESH: &str = "shprt_Refr3sh";
/// See [`TOKEN`].
pub const CLIENT_SECRET: &str = "shpss_S3cret";
/// Stands in variables, and in what answers quote of them.
pub const PRIVATE: &str = "Pr1vate";

/// More requests than this for one call, and it hammers Shopify.
const MOST_REQUESTS: usize = 40;

/// A Shopify that was told what to answer. Clones share it.
#[derive(Clone, Default)]
pub struct Shopify(Arc<Mutex<Told>>);

/// What it was told, and what it saw.
#[derive(Default)]
pub struct Told {
    /// To calls; afterwards it answers well.
    pub calls: VecDeque<Answer>,
    /// To who asks for a token; afterwards it gives one.
    pub grants: VecDeque<Answer>,
    /// What calls got, in their order, and the token that they came with.
    pub served: Vec<(String, Answer)>,
    /// How often a token was asked for.
    pub asked: usize,
}

impl Told {
    /// Another call begins.
    pub fn begin(&mut self) {
        self.served.clear();
        self.asked = 0;
    }
}

impl Shopify {
    /// What it was told and saw.
    pub fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client of it. `is_due`: its token has to be renewed first.
    pub fn client(&self, shop: &ShopDomain, state: Arc<dyn SharedState>, is_due: bool) -> Client {
        let now = UnixMillis(1_795_755_600_000);
        let (expires_at, renewal) = match is_due {
            true => (Some(now), Renewal::Refresh { token: REFRESH.into(), expires_at: None }),
            false => (None, Renewal::Never),
        };
        let tokens = MemoryTokens::default();
        tokens.put(shop, Held::Token(StoredToken { access: TOKEN.into(), expires_at, renewal, version: 1 }));
        let parts = Parts {
            app: App { name: "default".into(), client_id: "id".into(), client_secret: CLIENT_SECRET.into() },
            endpoint: Endpoint::Shopify,
            transport: Arc::new(self.clone()),
            tokens: Arc::new(tokens),
            state,
            clock: Clock::starting_at(now),
            process: "fuzz".into(),
        };
        Client::new(parts, Settings::default())
    }

    fn answer(&self, request: &http::Request<Payload>) -> Answer {
        let mut told = self.told();
        if request.uri().path() == "/admin/oauth/access_token" {
            told.asked += 1;
            assert!(told.asked <= MOST_REQUESTS, "asked for a token {} times", told.asked);
            return told.grants.pop_front().unwrap_or_else(Answer::grant);
        }
        let token = request.headers().get("x-shopify-access-token").and_then(|token| token.to_str().ok());
        let token = token.expect("every call has a token").to_owned();
        let answer = told.calls.pop_front().unwrap_or_else(Answer::good);
        told.served.push((token, answer.clone()));
        assert!(told.served.len() <= MOST_REQUESTS, "called {} times", told.served.len());
        answer
    }
}

impl Transport for Shopify {
    fn open(&self, request: http::Request<Payload>) -> BoxFuture<'_, Result<http::Response<Pieces>, TransportError>> {
        let answer = self.answer(&request);
        Box::pin(async move {
            let broken = || TransportError::Broken("reset".to_owned());
            let (body, breaks) = match answer.end {
                End::Whole => (answer.body.clone(), false),
                End::Cut(at) => (answer.body.slice(..answer.body.len().min(at.into())), false),
                End::Breaks(at) => (answer.body.slice(..answer.body.len().min(at.into())), true),
                End::NoConnection => return Err(TransportError::Connect("refused".to_owned())),
                End::Reset => return Err(broken()),
                End::Never => std::future::pending().await,
            };
            let half = body.len() / 2;
            let pieces = [Ok(body.slice(..half)), Ok(body.slice(half..))].into_iter();
            let mut response = http::Response::new(stream::iter(pieces.chain(breaks.then(|| Err(broken())))).boxed());
            *response.status_mut() = answer.status;
            for (name, value) in &answer.headers {
                if let Ok(value) = http::HeaderValue::from_bytes(value.as_bytes()) {
                    response.headers_mut().insert(*name, value);
                }
            }
            Ok(response)
        })
    }
}

impl Answer {
    /// What a call gets once all that was told is used up.
    fn good() -> Self {
        Self::of(200, Bytes::from_static(br#"{"data":{}}"#))
    }

    /// A token as Shopify gives them.
    fn grant() -> Self {
        let json = br#"{"access_token":"shpat_T0ken2","expires_in":3600,"refresh_token":"shprt_Refr3sh2"}"#;
        Self::of(200, Bytes::from_static(json))
    }
}
