//! The simulator on a socket: replies mapped onto a real connection, failures included.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Limited};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::{Reply, Sim, bulk::Synthetic};

/// What a request's body may have: an upload's most and a little.
const LARGEST: usize = (100 << 20) + (1 << 20);

/// A simulator that listens; it stops when this is dropped, open connections included.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Serving {
    /// `http://127.0.0.1:4577`: a shop's URLs begin with this, a slash and its domain.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The socket can't be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its address is unknown.
    #[error("could not tell which address the socket has: {0}")]
    Address(#[from] io::Error),
    /// It can be reached from other machines.
    #[error("{0} can be reached from other machines")]
    Remote(SocketAddr),
}

impl Sim {
    /// Serves a listener on loopback.
    ///
    /// # Errors
    /// If it is bound to any other address.
    pub async fn serve(&self, listener: TcpListener) -> Result<Serving, ServeError> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            return Err(ServeError::Remote(address));
        }
        self.serve_anywhere(listener).await
    }

    /// Serves a listener whatever it is bound to: whoever reaches it may do everything.
    ///
    /// # Errors
    /// If its address can't be told.
    #[expect(clippy::unused_async, reason = "needs a runtime to spawn on, and says so")]
    pub async fn serve_anywhere(&self, listener: TcpListener) -> Result<Serving, ServeError> {
        let address = listener.local_addr()?;
        self.served_at(format!("http://{address}"));
        Ok(Serving { address, task: tokio::spawn(accept(self.clone(), listener)) })
    }
}

async fn accept(sim: Sim, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(sim.clone(), stream));
            }
            // Out of descriptors, most likely: some come back when a connection ends.
            Err(_) => {
                connections.join_next().await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(sim: Sim, stream: TcpStream) {
    let reset = Arc::new(AtomicBool::new(false));
    let socket = Socket { stream, reset: Arc::clone(&reset) };
    let service = service_fn(move |request| answer(sim.clone(), Arc::clone(&reset), request));
    let served = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service);
    // A client that went away, or a failure that was asked for: neither is news.
    drop(served.await);
}

async fn answer(sim: Sim, reset: Arc<AtomicBool>, request: Request<Incoming>) -> Result<Response<Sent>, Cut> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, LARGEST).collect().await.map_err(|_too_large| Cut)?.to_bytes();
    match sim.respond(Request::from_parts(parts, body)).await {
        Reply::Full(response) => Ok(response.map(|body| Sent::Whole(Some(body)))),
        Reply::Generated(response, lines) => Ok(response.map(|()| Sent::Generated(lines))),
        Reply::Truncated { mut response, sent } => {
            let whole = response.body().len();
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(whole));
            Ok(response.map(|body| Sent::Cut(Some(body.slice(..sent.min(whole))), whole)))
        }
        Reply::Reset => {
            reset.store(true, Ordering::Relaxed);
            Err(Cut)
        }
        Reply::Never => std::future::pending().await,
    }
}

/// The end of a connection before its time.
#[derive(Debug, thiserror::Error)]
#[error("cut off on purpose")]
struct Cut;

enum Sent {
    Whole(Option<Bytes>),
    Generated(Synthetic),
    /// The part that is sent, and how long it says it is.
    Cut(Option<Bytes>, usize),
    /// Sent, and on its way out of this process.
    Flushing(usize),
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let sent = self.get_mut();
        Poll::Ready(match sent {
            Self::Whole(body) => body.take().map(|body| Ok(Frame::data(body))),
            Self::Generated(lines) => lines.next().map(|lines| Ok(Frame::data(lines))),
            Self::Cut(body, whole) => match body.take() {
                Some(body) => Some(Ok(Frame::data(body))),
                // hyper throws away what it has not written when a body fails: it writes while the body is pending.
                None => {
                    *sent = Self::Flushing(*whole);
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            },
            Self::Flushing(_) => Some(Err(Cut)),
        })
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64)),
            Self::Generated(_) => SizeHint::default(),
            Self::Cut(_, whole) | Self::Flushing(whole) => SizeHint::with_exact(*whole as u64),
        }
    }
}

/// A socket that can end with a reset in place of a goodbye.
struct Socket {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            // Without it the client sees an orderly end without an answer: a failure as well.
            drop(self.stream.set_zero_linger());
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let socket = self.get_mut();
        if socket.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut socket.stream).poll_shutdown(cx)
    }
}
