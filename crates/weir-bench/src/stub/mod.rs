//! AWS as far as the functions call it: SQS, DynamoDB, EventBridge, Secrets Manager and SSM on one port of loopback, over
//! HTTP or TLS, as far away as a measurement wants.
//!
//! It answers at once and stores nothing, so that what is measured is the function. It counts requests and connections.

mod answers;
mod delay;
mod seen;
mod server;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub(crate) use answers::CLIENT_SECRET;
pub use seen::Seen;

use crate::authority::Authority;

/// What the paths of lanes' queues have before the lane's name, below the stub's URL.
pub(crate) const QUEUE_PREFIX: &str = "/000000000000/bench-";
/// Where the one queue is, below the stub's URL.
pub(crate) const QUEUE_PATH: &str = "/000000000000/bench-standard";
/// Its ARN.
pub(crate) const QUEUE_ARN: &str = "arn:aws:sqs:us-east-1:000000000000:bench-standard";

/// How far away AWS is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Distance {
    /// There and back: a request takes one, a new connection two more (TCP and TLS 1.3).
    pub round_trip: Duration,
    /// What DynamoDB takes beside that for each request.
    pub table: Duration,
    /// An answer waits while another connection is being made, so that as many are made each time as the client asked
    /// for: otherwise it is chance whether a second request waits for its own or gets the first one's.
    pub is_steady: bool,
}

/// The stub; it stops when this is dropped, open connections included.
#[derive(Debug)]
pub struct Aws {
    address: SocketAddr,
    is_secure: bool,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    distance: Mutex<Distance>,
    delays: delay::Delays,
    seen: seen::Record,
    /// Connections that are being made.
    connecting: watch::Sender<usize>,
}

/// No answer waits for longer: a client may have forgotten the connection that it began.
const STEADY_WITHIN: Duration = Duration::from_millis(400);

impl Shared {
    /// Counts a connection that is being made, until what this returns is dropped.
    fn connecting(&self) -> Connecting<'_> {
        self.connecting.send_modify(|count| *count += 1);
        Connecting(self)
    }

    async fn steady(&self) {
        if self.distance().is_steady {
            let mut connecting = self.connecting.subscribe();
            drop(tokio::time::timeout(STEADY_WITHIN, connecting.wait_for(|count| *count == 0)).await);
        }
    }

    fn distance(&self) -> Distance {
        *self.distance.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Connecting<'a>(&'a Shared);

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.0.connecting.send_modify(|count| *count -= 1);
    }
}

impl Aws {
    /// Listens on a free port of loopback; over TLS with that authority's certificate, if one is given.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(authority: Option<&Authority>, distance: Distance) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            distance: Mutex::new(distance),
            delays: delay::Delays::start(),
            seen: seen::Record::default(),
            connecting: watch::Sender::new(0),
        });
        let tls = authority.map(|authority| tokio_rustls::TlsAcceptor::from(Arc::clone(&authority.server)));
        let task = tokio::spawn(server::accept(listener, tls, Arc::clone(&shared)));
        Ok(Self { address, is_secure: authority.is_some(), shared, task })
    }

    /// What functions are to take for AWS.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.address.port())
    }

    /// From the next request on.
    pub fn move_to(&self, distance: Distance) {
        *self.shared.distance.lock().unwrap_or_else(PoisonError::into_inner) = distance;
    }

    /// What came so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.shared.seen.change(|seen| seen.clone())
    }

    /// What came so far; from now on it counts anew.
    pub fn take(&self) -> Seen {
        self.shared.seen.change(std::mem::take)
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        self.task.abort();
    }
}
