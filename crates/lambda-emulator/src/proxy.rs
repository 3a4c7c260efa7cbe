//! A TCP proxy on loopback that breaks connections by seeded chance.
//!
//! It reads no HTTP. A client that waits for the reply before its next request (HTTP/1.1 without pipelining, as SDKs
//! speak it) makes exchanges: bytes from the client, then bytes from the server. Each exchange draws its fault.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

/// How likely each fault is, in one exchange: from 0 to 1, and 1 at most together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Faults {
    /// The connection is cut before the server sees the request.
    pub cut_request: f64,
    /// The connection is cut once the server replies, before or within what the client sees of the reply: what the
    /// request did, is done.
    pub cut_reply: f64,
    /// The request waits.
    pub delay: f64,
    /// At most so long.
    pub longest_delay: Duration,
}

impl Faults {
    /// None at all.
    pub const NONE: Self = Self { cut_request: 0.0, cut_reply: 0.0, delay: 0.0, longest_delay: Duration::ZERO };

    fn draw(&self, rng: &mut fastrand::Rng) -> Fault {
        // Always as many draws, so that one exchange's fault does not move those of the next.
        let (which, how_much) = (rng.f64(), rng.f64());
        let at = [self.cut_request, self.cut_reply, self.delay];
        if which < at[0] {
            Fault::CutRequest
        } else if which < at[0] + at[1] {
            // Half of the replies are lost whole.
            Fault::CutReply { after: (256.0 * (how_much * 2.0 - 1.0).max(0.0)) as usize }
        } else if which < at.iter().sum() {
            Fault::Delay(self.longest_delay.mul_f64(how_much))
        } else {
            Fault::None
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    CutRequest,
    /// After so many bytes of the reply.
    CutReply {
        after: usize,
    },
    Delay(Duration),
}

/// What a proxy did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// Exchanges, broken ones included.
    pub exchanges: u64,
    /// Connections cut before the server saw the request.
    pub cut_requests: u64,
    /// Connections cut after the server replied.
    pub cut_replies: u64,
    /// Requests that had to wait.
    pub delays: u64,
}

impl std::iter::Sum for FaultCounts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |a, b| Self {
            exchanges: a.exchanges + b.exchanges,
            cut_requests: a.cut_requests + b.cut_requests,
            cut_replies: a.cut_replies + b.cut_replies,
            delays: a.delays + b.delays,
        })
    }
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    chance: Mutex<Chance>,
}

#[derive(Debug)]
struct Chance {
    faults: Faults,
    rng: fastrand::Rng,
    counts: FaultCounts,
}

/// The proxy; it stops when this is dropped, open connections included.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// Listens on a free port of loopback and forwards to `target`. The same seed draws the same faults in the same
    /// order; which exchange meets which depends on the order that exchanges come in.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(target: SocketAddr, faults: Faults, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let chance = Chance { faults, rng: fastrand::Rng::with_seed(seed), counts: FaultCounts::default() };
        let shared = Arc::new(Shared { target, chance: Mutex::new(chance) });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the next exchange on, these faults.
    pub fn set(&self, faults: Faults) {
        self.shared.chance().faults = faults;
    }

    /// What it did so far.
    #[must_use]
    pub fn counts(&self) -> FaultCounts {
        self.shared.chance().counts
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                let shared = Arc::clone(&shared);
                // An end that went away is no news, and one that we cut off neither.
                connections.spawn(async move { drop(connection(client, &shared).await) });
            }
            // Out of descriptors, most likely: some come back when a connection ends.
            Err(_) => {
                connections.join_next().await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut server = TcpStream::connect(shared.target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut request, mut reply) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    // Before the first request it is as after a reply.
    let (mut fault, mut replied) = (Fault::None, true);
    loop {
        tokio::select! {
            read = client.read(&mut request) => match read? {
                0 => return Ok(()),
                length => {
                    if std::mem::take(&mut replied) {
                        fault = shared.next();
                        match fault {
                            Fault::CutRequest => return cut(&client),
                            Fault::Delay(time) => sleep(time).await,
                            Fault::None | Fault::CutReply { .. } => {}
                        }
                    }
                    server.write_all(&request[..length]).await?;
                }
            },
            read = server.read(&mut reply) => match read? {
                0 => return Ok(()),
                length => {
                    if let Fault::CutReply { after } = fault {
                        client.write_all(&reply[..after.min(length)]).await?;
                        return cut(&client);
                    }
                    replied = true;
                    client.write_all(&reply[..length]).await?;
                }
            },
        }
    }
}

/// With a reset, as from a host that went away.
fn cut(client: &TcpStream) -> io::Result<()> {
    client.set_zero_linger()
}

impl Shared {
    fn next(&self) -> Fault {
        let mut chance = self.chance();
        let Chance { faults, rng, counts } = &mut *chance;
        let fault = faults.draw(rng);
        counts.exchanges += 1;
        match fault {
            Fault::None => {}
            Fault::CutRequest => counts.cut_requests += 1,
            Fault::CutReply { .. } => counts.cut_replies += 1,
            Fault::Delay(_) => counts.delays += 1,
        }
        fault
    }

    fn chance(&self) -> MutexGuard<'_, Chance> {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
