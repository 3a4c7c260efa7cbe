//! The Runtime API of one process: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};

use crate::{Function, Loopback, StartError};

/// How an invocation ended, as the function says.
pub(crate) type Answer = Result<Bytes, String>;

/// An invocation that waits for the process to ask for it.
struct Waiting {
    id: String,
    event: Bytes,
    answer: oneshot::Sender<Answer>,
}

/// What the handlers of requests share.
struct Shared {
    arn: String,
    timeout: Duration,
    waiting: AsyncMutex<mpsc::Receiver<Waiting>>,
    /// The invocation that the process has now.
    current: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
    asked: watch::Sender<bool>,
    /// Who asks, once it runs.
    process: OnceLock<Pid>,
}

impl Shared {
    /// The next invocation. The process is frozen until there is one.
    async fn wait(&self) -> Option<Waiting> {
        let mut waiting = self.waiting.lock().await;
        if let Ok(next) = waiting.try_recv() {
            return Some(next);
        }
        self.signal(Signal::STOP);
        let next = waiting.recv().await;
        self.signal(Signal::CONT);
        next
    }

    /// A signal fails only if the process is gone, and `Environment::invoke` notices that.
    fn signal(&self, signal: Signal) {
        if let Some(process) = self.process.get() {
            let _ = kill_process(*process, signal);
        }
    }
}

/// The server, and the invocations that go through it.
pub(crate) struct RuntimeApi {
    pub(crate) server: Loopback,
    shared: Arc<Shared>,
    invocations: mpsc::Sender<Waiting>,
    asked: watch::Receiver<bool>,
}

impl RuntimeApi {
    pub(crate) async fn start(function: &Function) -> Result<Self, StartError> {
        let (invocations, waiting) = mpsc::channel(1);
        let (asked, is_asked) = watch::channel(false);
        let shared = Arc::new(Shared {
            arn: format!("arn:aws:lambda:us-east-1:000000000000:function:{}", function.name),
            timeout: function.timeout,
            waiting: AsyncMutex::new(waiting),
            current: Mutex::new(None),
            asked,
            process: OnceLock::new(),
        });
        let answers = Arc::clone(&shared);
        let server = Loopback::serve(move |request| answer(Arc::clone(&answers), request));
        Ok(Self { server: server.await.map_err(StartError::NoPort)?, shared, invocations, asked: is_asked })
    }

    /// Names the process that asks. From then on it is frozen between invocations, as on Lambda: nothing of it runs, its clock
    /// jumps, and it does not notice that a connection was closed. If this process is killed, the kernel ends a frozen one.
    pub(crate) fn freezes(&self, process: Option<Pid>) {
        if let Some(process) = process {
            let _ = self.shared.process.set(process);
        }
    }

    /// Lets the process run on, for good: a frozen one would not hear that it should end.
    pub(crate) fn thaw(&self) {
        self.shared.signal(Signal::CONT);
    }

    /// Returns once the process has asked for its first invocation: its start-up is over.
    pub(crate) async fn asked(&mut self) {
        // The sender lives as long as the server.
        let _ = self.asked.wait_for(|asked| *asked).await;
    }

    /// Hands over an event, when the process asks; the receiver then has the answer.
    pub(crate) async fn invoke(&self, id: String, event: Bytes) -> oneshot::Receiver<Answer> {
        let (answer, answered) = oneshot::channel();
        // Should the server be gone, the receiver says so.
        let _ = self.invocations.send(Waiting { id, event, answer }).await;
        answered
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let Some(path) = path.strip_prefix("/2018-06-01/runtime/") else { return status(StatusCode::NOT_FOUND) };
    let segments: Vec<_> = path.split('/').collect();
    match (request.method(), &segments[..]) {
        (&Method::GET, ["invocation", "next"]) => next(&shared).await,
        (&Method::POST, ["invocation", id, "response"]) => settle(&shared, id, request, Ok).await,
        (&Method::POST, ["invocation", id, "error"]) => settle(&shared, id, request, |body| Err(kind(&body))).await,
        // The process ends by itself now, and that is noticed.
        (&Method::POST, ["init", "error"]) => status(StatusCode::ACCEPTED),
        _ => status(StatusCode::NOT_FOUND),
    }
}

async fn next(shared: &Shared) -> Response<Full<Bytes>> {
    shared.asked.send_replace(true);
    let Some(Waiting { id, event, answer }) = shared.wait().await else { return status(StatusCode::GONE) };
    let timeout = i64::try_from(shared.timeout.as_millis()).unwrap_or(i64::MAX);
    let deadline = jiff::Timestamp::now().as_millisecond().saturating_add(timeout);
    let response = Response::builder()
        .header("Lambda-Runtime-Aws-Request-Id", &id)
        .header("Lambda-Runtime-Deadline-Ms", deadline)
        .header("Lambda-Runtime-Invoked-Function-Arn", &shared.arn)
        .header("Content-Type", "application/json")
        .body(Full::new(event));
    *shared.current.lock().unwrap_or_else(PoisonError::into_inner) = Some((id, answer));
    response.unwrap_or_else(|_bad_header| status(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Only the invocation that the process has now may be settled, and once.
async fn settle(
    shared: &Shared,
    id: &str,
    request: Request<Incoming>,
    read: impl FnOnce(Bytes) -> Answer,
) -> Response<Full<Bytes>> {
    // A process that dies while it answers has not answered.
    let Ok(body) = request.into_body().collect().await else { return status(StatusCode::BAD_REQUEST) };
    let current = {
        let mut current = shared.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.take_if(|(known, _)| known == id)
    };
    let Some((_, answer)) = current else { return status(StatusCode::BAD_REQUEST) };
    // Nobody waits any more for one that took too long.
    let _ = answer.send(read(body.to_bytes()));
    status(StatusCode::ACCEPTED)
}

/// The error's type; not its message, which may quote the event.
fn kind(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Diagnostic {
        error_type: String,
    }
    serde_json::from_slice::<Diagnostic>(body).map_or_else(|_| "unknown".to_owned(), |read| read.error_type)
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"{}")));
    *response.status_mut() = status;
    response
}
