//! A relay on this machine, between the workers and a person's own server: it passes each request on and tells the answer.
//!
//! The workers see what they would see without it: the server's status and its `Retry-After`. A server that gives no answer
//! is a 502 to them, as behind any proxy, so that the event waits for it as for every destination that is down.

use std::{collections::HashMap, convert::Infallible, net::Ipv4Addr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, Response, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use reqwest::{Client, Url};
use serde::Deserialize;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{
        Mutex,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    task::{JoinHandle, JoinSet},
    time::{Instant, timeout},
};

/// How long the server may take: a worker waits no longer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// More than any event that the bus takes.
const MAX_BODY: usize = 4 << 20;

/// Headers of one connection, and those that the client writes itself.
const NOT_PASSED_ON: [&str; 5] = ["connection", "content-length", "host", "keep-alive", "transfer-encoding"];

/// What was posted to the server, and what it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// `{shop}#{id}`, as the ledger names the event; `None` of what is no event.
    pub event: Option<String>,
    /// Its topic.
    pub topic: Option<String>,
    /// Zero; more of an event that was sent again.
    pub generation: u32,
    /// How often this generation was posted, with this time.
    pub attempt: u32,
    /// What the server said.
    pub answer: Answer,
    /// How long it took.
    pub took: Duration,
}

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP status.
    Status(u16),
    /// Nothing, and why.
    None(String),
}

/// It passes requests on as long as this value is there.
#[derive(Debug)]
pub struct Relay {
    /// Where workers post to.
    pub url: String,
    /// Each post, once it is answered.
    pub posts: UnboundedReceiver<Post>,
    task: JoinHandle<()>,
}

/// The part of a CloudEvent that tells which one it is.
#[derive(Deserialize)]
struct Event {
    id: String,
    source: String,
    topic: Option<String>,
    dedupekey: Option<String>,
    #[serde(default)]
    generation: u32,
}

#[derive(Debug)]
struct Target {
    client: Client,
    url: Url,
    attempts: Mutex<HashMap<(String, u32), u32>>,
    posts: UnboundedSender<Post>,
}

impl Relay {
    /// Listens on a free port of 127.0.0.1, and passes what comes on to `url` by `client`.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn start(client: Client, url: Url) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (sender, posts) = unbounded_channel();
        let target = Arc::new(Target { client, url, attempts: Mutex::default(), posts: sender });
        Ok(Self { url: format!("http://{address}/"), posts, task: tokio::spawn(accept(listener, target)) })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: Arc<Target>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(connections.spawn(connection(stream, Arc::clone(&target)))),
            // Out of descriptors, most likely: some come back when a connection ends.
            Err(_) => drop(connections.join_next().await),
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, target: Arc<Target>) {
    let service = service_fn(|request| {
        let target = Arc::clone(&target);
        // In a task of its own: a worker that does not wait any longer must not hide the post from a person.
        async move { Ok::<_, Infallible>(tokio::spawn(target.pass_on(request)).await.unwrap_or_else(|_| bad_gateway())) }
    });
    let served = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    // A worker that went away is no news.
    drop(served.await);
}

impl Target {
    async fn pass_on(self: Arc<Self>, request: Request<Incoming>) -> Response<Empty<Bytes>> {
        let (parts, body) = request.into_parts();
        let Ok(body) = Limited::new(body, MAX_BODY).collect().await else { return bad_gateway() };
        let body = body.to_bytes();
        let event: Option<Event> = serde_json::from_slice(&body).ok();
        let mut headers = parts.headers;
        for name in NOT_PASSED_ON {
            headers.remove(name);
        }
        let began = Instant::now();
        let sent = self.client.request(parts.method, self.url.clone()).headers(headers).body(body).send();
        let (answer, response) = match timeout(ANSWER_TIMEOUT, sent).await {
            Ok(Ok(answered)) => (Answer::Status(answered.status().as_u16()), passed_back(&answered)),
            // Without the URL, which may hold a token.
            Ok(Err(error)) => (Answer::None(innermost(&error.without_url())), bad_gateway()),
            Err(_) => (Answer::None(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs())), bad_gateway()),
        };
        self.tell(event, answer, began.elapsed()).await;
        response
    }

    async fn tell(&self, event: Option<Event>, answer: Answer, took: Duration) {
        let name =
            event.as_ref().map(|event| format!("{}#{}", event.source, event.dedupekey.as_deref().unwrap_or(&event.id)));
        let generation = event.as_ref().map_or(0, |event| event.generation);
        let attempt = match &name {
            Some(name) => {
                let mut attempts = self.attempts.lock().await;
                let attempt = attempts.entry((name.clone(), generation)).or_default();
                *attempt += 1;
                *attempt
            }
            None => 1,
        };
        let topic = event.and_then(|event| event.topic);
        // Nobody listens any more when the stack ends.
        drop(self.posts.send(Post { event: name, topic, generation, attempt, answer, took }));
    }
}

/// The status and the wait that the server asked for: workers read no more.
fn passed_back(answered: &reqwest::Response) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = answered.status();
    if let Some(wait) = answered.headers().get(header::RETRY_AFTER) {
        response.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    response
}

fn bad_gateway() -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}

/// `Connection refused (os error 111)`: what stands around it says nothing more.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests;
