//! The client: one for each app and process.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use graphql_client::GraphQLQuery;
use resilience::{Breakers, Clock, SharedState, breaker};
use serde::{Deserialize, Serialize};
use shopify_webhook::ShopDomain;
use tokio::sync::Semaphore;

use crate::{
    Call, Endpoint, Error, RetryPolicy,
    attempt::{Answer, Request},
    budget::{Budgets, Cost},
    call_log::Record,
    error::{Kind, Retry},
    graphql::{GraphError, OperationKind, user_errors},
    tokens::{App, Exchange, TokenStore, Tokens},
    transport::Transport,
};

/// What a client is made of.
pub struct Parts {
    /// The app that calls.
    pub app: App,
    /// Where the Admin APIs are.
    pub endpoint: Endpoint,
    /// How requests get there.
    pub transport: Arc<dyn Transport>,
    /// Where the tokens are kept.
    pub tokens: Arc<dyn TokenStore>,
    /// Where processes share budgets and circuits.
    pub state: Arc<dyn SharedState>,
    /// What time it is.
    pub clock: Clock,
    /// Tells this process from others, such as a Lambda's log stream.
    pub process: String,
}

/// How a client behaves.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Attempts and waits.
    pub retry: RetryPolicy,
    /// When circuits open.
    pub breaker: breaker::Settings,
    /// The longest that one attempt may take.
    pub attempt: Duration,
    /// Requests in flight at once, for each shop.
    pub in_flight: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            retry: RetryPolicy::default(),
            breaker: breaker::Settings::default(),
            attempt: Duration::from_secs(20),
            in_flight: 10,
        }
    }
}

/// Shopify's Admin API, for one app. Cheap to clone.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

type Observer = Box<dyn Fn(&Record<'_>) + Send + Sync>;
type Traceparent = Box<dyn Fn() -> Option<String> + Send + Sync>;

pub(crate) struct Inner {
    pub(crate) app: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) tokens: Tokens,
    pub(crate) budgets: Budgets,
    pub(crate) rest_budgets: Budgets,
    pub(crate) breakers: Breakers,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) fell_forward: AtomicBool,
    pub(crate) observer: OnceLock<Observer>,
    pub(crate) traceparent: OnceLock<Traceparent>,
    in_flight: Mutex<HashMap<ShopDomain, Arc<Semaphore>>>,
}

/// What a call brought.
#[derive(Debug, Clone)]
pub struct Reply<T> {
    /// The data, typed.
    pub data: T,
    /// What Shopify left out of it, and why: fields that the token may not read. Empty but for
    /// [`Client::run_partial`].
    pub missing: Vec<GraphError>,
    /// What it cost.
    pub cost: Option<Cost>,
    /// Shopify's request id.
    pub request_id: Option<String>,
    /// The API version that answered. Another one than [`shopify_schema::API_VERSION`] says that this one is retired.
    pub version: Option<String>,
}

impl Client {
    /// A client. Nothing is called yet.
    pub fn new(parts: Parts, settings: Settings) -> Self {
        let Parts { app, endpoint, transport, tokens, state, clock, process } = parts;
        let name = app.name.clone();
        let exchange = Exchange::new(app, endpoint.clone(), Arc::clone(&transport));
        Self(Arc::new(Inner {
            tokens: Tokens::new(tokens, exchange, clock, process),
            budgets: Budgets::new(name.clone(), clock, Arc::clone(&state)),
            rest_budgets: Budgets::of_rest_calls(name.clone(), clock, Arc::clone(&state)),
            breakers: Breakers::new(settings.breaker, clock, state),
            app: name,
            endpoint,
            transport,
            clock,
            settings,
            fell_forward: AtomicBool::new(false),
            observer: OnceLock::new(),
            traceparent: OnceLock::new(),
            in_flight: Mutex::default(),
        }))
    }

    /// Runs a typed operation: its whole data, or an error.
    pub async fn run<Q: GraphQLQuery>(
        &self,
        shop: &ShopDomain,
        variables: Q::Variables,
        call: &Call,
    ) -> Result<Reply<Q::ResponseData>, Error> {
        let (name, document, body) = built::<Q>(variables);
        self.graphql(shop, name, document, body, Wanted::Whole, call).await
    }

    /// Runs a typed operation, and takes what the token may read: what Shopify leaves out is listed in
    /// [`Reply::missing`], and must be optional in the data.
    pub async fn run_partial<Q: GraphQLQuery>(
        &self,
        shop: &ShopDomain,
        variables: Q::Variables,
        call: &Call,
    ) -> Result<Reply<Q::ResponseData>, Error> {
        let (name, document, body) = built::<Q>(variables);
        self.graphql(shop, name, document, body, Wanted::Partial, call).await
    }

    /// Runs an operation that is text: `name` is that of the operation in it.
    pub async fn raw<T: for<'de> Deserialize<'de>>(
        &self,
        shop: &ShopDomain,
        name: &str,
        document: &str,
        variables: &(impl Serialize + Sync),
        call: &Call,
    ) -> Result<Reply<T>, Error> {
        let body = serde_json::to_vec(&Body { query: document, variables, operation_name: name });
        self.graphql(shop, name, document, body, Wanted::Whole, call).await
    }

    /// Has each attempt told to `observer`, besides the log: metrics and spans are made of it. The first observer stays.
    pub fn observe(&self, observer: impl Fn(&Record<'_>) + Send + Sync + 'static) {
        self.0.observer.get_or_init(|| Box::new(observer));
    }

    /// Has each request carry the W3C `traceparent` that `place` gives for the running task, if any. Shopify does nothing
    /// with it, as far as is known; proxies and simulators do. The first one stays.
    pub fn trace_by(&self, place: impl Fn() -> Option<String> + Send + Sync + 'static) {
        self.0.traceparent.get_or_init(|| Box::new(place));
    }

    /// Has each failed renewal of a token told to `observer`. The first observer stays.
    pub fn observe_failed_renewals(&self, observer: impl Fn(&ShopDomain) + Send + Sync + 'static) {
        self.0.tokens.observe_failures(observer);
    }

    /// Whether Shopify answered with another API version than was asked for: this one is retired.
    pub fn fell_forward(&self) -> bool {
        self.0.fell_forward.load(Ordering::Relaxed)
    }

    async fn graphql<T: for<'de> Deserialize<'de>>(
        &self,
        shop: &ShopDomain,
        name: &str,
        document: &str,
        body: Result<Vec<u8>, serde_json::Error>,
        wanted: Wanted,
        call: &Call,
    ) -> Result<Reply<T>, Error> {
        let body = body.map_err(|_| Error {
            shop: shop.clone(),
            operation: name.to_owned(),
            request_id: None,
            attempts: 0,
            is_unclear: false,
            retry: Retry::Never,
            kind: Kind::Unsendable,
        })?;
        let kind = OperationKind::of(document);
        let request = Request::graphql(name, kind, Bytes::from(body));
        self.send(shop, &request, call, |answer| read(&answer, kind, wanted)).await
    }

    pub(crate) fn in_flight(&self, shop: &ShopDomain) -> Arc<Semaphore> {
        let mut all = self.0.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(Semaphore::new(self.0.settings.in_flight));
        Arc::clone(all.entry(shop.clone()).or_insert_with(make))
    }
}

/// Whether data with holes is welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Whole,
    Partial,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a, V> {
    query: &'a str,
    variables: &'a V,
    operation_name: &'a str,
}

/// A typed operation's name, text and body.
fn built<Q: GraphQLQuery>(variables: Q::Variables) -> (&'static str, &'static str, Result<Vec<u8>, serde_json::Error>) {
    let body = Q::build_query(variables);
    (body.operation_name, body.query, serde_json::to_vec(&body))
}

/// Reads the data of an answer that GraphQL gave.
fn read<T: for<'de> Deserialize<'de>>(
    answer: &Answer<'_>,
    kind: OperationKind,
    wanted: Wanted,
) -> Result<Reply<T>, Kind> {
    let missing = match denied(&answer.errors) {
        None => Vec::new(),
        Some(denied) if wanted == Wanted::Partial && answer.data.is_some() => denied,
        Some(denied) => return Err(Kind::AccessDenied(denied)),
    };
    let Some(data) = answer.data else { return Err(Kind::Malformed("it has no data".to_owned())) };
    if kind != OperationKind::Query {
        let errors =
            user_errors(data).ok_or_else(|| Kind::Malformed("its userErrors have another shape".to_owned()))?;
        if !errors.is_empty() {
            return Err(Kind::UserErrors(errors));
        }
    }
    // Serde's own words quote values: customers' data.
    let data = serde_json::from_str(data.get()).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Kind::Malformed(format!("its data has another shape than the schema says, at line {line}, column {column}"))
    })?;
    Ok(Reply {
        data,
        missing,
        cost: answer.cost,
        request_id: answer.request_id.clone(),
        version: answer.version.clone(),
    })
}

fn denied(errors: &[GraphError]) -> Option<Vec<GraphError>> {
    let denied: Vec<_> = errors.iter().filter(|error| error.code() == "ACCESS_DENIED").cloned().collect();
    (!denied.is_empty()).then_some(denied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{ShopInfo, shop_info};

    /// Handlers run on any thread: this need not run, it must compile.
    #[expect(dead_code, reason = "the compiler reads it")]
    fn calls_can_be_made_from_any_task(client: Client, shop: ShopDomain, call: Call) {
        fn is_send(_: impl Future + Send) {}
        is_send(async move { client.run::<ShopInfo>(&shop, shop_info::Variables, &call).await.map(|_| ()) });
    }
}
