//! Where workers forward events to: takes everything, and remembers when each came and went.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use lambda_emulator::Loopback;
use serde::Deserialize;

use crate::audit::Arrival;

/// How long it takes to act on an event: long enough for two to meet.
const ACTS_FOR: Duration = Duration::from_millis(5);

/// The server; it stops when this is dropped.
pub(crate) struct Destination {
    pub(crate) server: Loopback,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    clock: AtomicU64,
    arrivals: Mutex<Vec<Arrival>>,
}

/// The part of a CloudEvent that is of use here.
#[derive(Deserialize)]
struct CloudEvent {
    id: String,
    source: String,
}

impl Destination {
    pub(crate) async fn start() -> std::io::Result<Self> {
        let kept = Arc::new(Kept::default());
        let keeping = Arc::clone(&kept);
        let server = Loopback::serve(move |request| take(Arc::clone(&keeping), request)).await?;
        Ok(Self { server, kept })
    }

    /// What came so far, in the order that it came.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        let mut arrivals = self.kept.arrivals.lock().unwrap_or_else(PoisonError::into_inner).clone();
        arrivals.sort_by_key(|arrival| arrival.begin);
        arrivals
    }
}

async fn take(kept: Arc<Kept>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let header_id = request.headers().get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    // Cut off on the way: it did not come.
    let Ok(body) = request.into_body().collect().await else { return status(StatusCode::BAD_REQUEST) };
    let Ok(event) = serde_json::from_slice::<CloudEvent>(&body.to_bytes()) else {
        return status(StatusCode::BAD_REQUEST);
    };
    let begin = kept.clock.fetch_add(1, SeqCst);
    // Of its own, so that it is seen to the end though the sender dies.
    let acting = tokio::spawn(async move {
        tokio::time::sleep(ACTS_FOR).await;
        let end = kept.clock.fetch_add(1, SeqCst);
        let key = format!("{}#{}", event.source, event.id);
        kept.arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(Arrival { key, header_id, begin, end });
    });
    match acting.await {
        Ok(()) => status(StatusCode::OK),
        Err(_panicked) => status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}
