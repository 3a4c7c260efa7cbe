//! A file that comes in pieces, over as many connections as it takes.

use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use http::{HeaderValue, StatusCode, header};
use shopify_webhook::ShopDomain;
use tokio::time::timeout_at;

use super::{
    BulkError, Ended, Progress, ResultFile,
    error::{Exchange, is_passing},
    status,
};
use crate::{
    Call, Client,
    operations::Url,
    transport::{Payload, Pieces, TransportError},
};

/// One file, read once from its beginning to its end.
///
/// A connection that breaks, or ends before the announced end, is taken up by `Range` where it broke. An address that
/// has expired is asked for anew, once.
pub(super) struct Download {
    client: Client,
    shop: ShopDomain,
    call: Call,
    operation: String,
    url: Url,
    size: Option<u64>,
    /// The next byte that the caller gets.
    offset: u64,
    /// The file's version, to notice another one behind the same address.
    etag: Option<HeaderValue>,
    connection: Option<Connection>,
    /// Whether a fresh address was asked for.
    refreshed: bool,
    /// Attempts since the last byte.
    failures: u32,
}

struct Connection {
    pieces: Pieces,
    /// Bytes that came before already: for a server that starts from the beginning.
    skip: u64,
}

/// What opening a connection brought.
enum Opened {
    Connection(Connection),
    /// There is nothing behind the offset.
    AtEnd,
    Expired,
    Failed(Exchange),
}

const TOO_SHORT: &str = "the caller's time is too short to read the result";

impl Download {
    pub(super) fn new(client: Client, shop: ShopDomain, file: &ResultFile, call: Call) -> Self {
        let ResultFile { operation, url, bytes, .. } = file.clone();
        Self {
            client,
            shop,
            call,
            operation,
            url,
            size: bytes,
            offset: 0,
            etag: None,
            connection: None,
            refreshed: false,
            failures: 0,
        }
    }

    /// The next piece, or `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, BulkError> {
        loop {
            let Some(connection) = &mut self.connection else {
                match self.open().await? {
                    Opened::Connection(connection) => self.connection = Some(connection),
                    Opened::AtEnd if self.is_short() => self.failed(Exchange::Early).await?,
                    Opened::AtEnd => return Ok(None),
                    Opened::Expired => self.refresh().await?,
                    Opened::Failed(exchange) => self.failed(exchange).await?,
                }
                continue;
            };
            let piece = timeout_at(self.call.deadline, connection.pieces.next()).await.map_err(|_| too_short())?;
            match piece {
                Some(Ok(mut piece)) => {
                    let known = connection.skip.min(piece.len() as u64);
                    connection.skip -= known;
                    piece.advance(usize::try_from(known).unwrap_or(piece.len()));
                    if !piece.is_empty() {
                        self.failures = 0;
                        self.offset += piece.len() as u64;
                        return Ok(Some(piece));
                    }
                }
                Some(Err(error)) => self.failed(error.into()).await?,
                None if self.is_short() => self.failed(Exchange::Early).await?,
                None => return Ok(None),
            }
        }
    }

    /// Whether less came than was announced.
    fn is_short(&self) -> bool {
        self.size.is_some_and(|size| self.offset < size)
    }

    async fn open(&mut self) -> Result<Opened, BulkError> {
        let mut request = http::Request::get(self.url.as_str());
        if self.offset > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", self.offset));
            if let Some(etag) = &self.etag {
                request = request.header(header::IF_RANGE, etag);
            }
        }
        let Ok(request) = request.body(Payload::Whole(Bytes::new())) else {
            return Ok(Opened::Failed(TransportError::Connect("the address is none".to_owned()).into()));
        };
        let opening = timeout_at(self.call.deadline, self.client.0.transport.open(request)).await;
        let response = match opening.map_err(|_| too_short())? {
            Ok(response) => response,
            Err(error) => return Ok(Opened::Failed(error.into())),
        };
        let (head, pieces) = response.into_parts();
        match head.status {
            StatusCode::OK => {
                let etag = strong(head.headers.get(header::ETAG));
                if self.offset > 0 && self.etag.is_some() && etag != self.etag {
                    return Err(BulkError::Changed);
                }
                self.etag = etag;
                Ok(Opened::Connection(Connection { pieces, skip: self.offset }))
            }
            StatusCode::PARTIAL_CONTENT => match starts_at(head.headers.get(header::CONTENT_RANGE)) {
                Some(start) if start <= self.offset => {
                    Ok(Opened::Connection(Connection { pieces, skip: self.offset - start }))
                }
                _ => Ok(Opened::Failed(Exchange::Status(head.status.as_u16()))),
            },
            StatusCode::RANGE_NOT_SATISFIABLE => Ok(Opened::AtEnd),
            // What storages say of a signature that has run out, or of a file that was removed.
            StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
                Ok(Opened::Expired)
            }
            status => Ok(Opened::Failed(Exchange::Status(status.as_u16()))),
        }
    }

    /// Counts a failed attempt and waits for the next.
    async fn failed(&mut self, exchange: Exchange) -> Result<(), BulkError> {
        self.connection = None;
        self.failures += 1;
        let retry = self.client.0.settings.retry;
        let is_final = matches!(exchange, Exchange::Status(status) if !is_passing(status));
        if is_final || self.failures >= retry.attempts {
            return Err(match (exchange, self.size) {
                (Exchange::Early, Some(expected)) => BulkError::Truncated { got: self.offset, expected, unit: "bytes" },
                (last, _) => BulkError::Download { got: self.offset, last },
            });
        }
        let wait = retry.backoff.delay(self.failures, &mut fastrand::Rng::new());
        if wait >= self.call.left() {
            return Err(too_short());
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// Asks for the operation's address of now.
    async fn refresh(&mut self) -> Result<(), BulkError> {
        if std::mem::replace(&mut self.refreshed, true) {
            return Err(BulkError::Expired);
        }
        match status::status(&self.client, &self.shop, &self.operation, &self.call).await? {
            Progress::Ended(Ended::Complete(Some(file)) | Ended::Partial { file, .. }) => {
                self.url = file.url;
                Ok(())
            }
            _ => Err(BulkError::Expired),
        }
    }
}

fn too_short() -> BulkError {
    BulkError::NotYet { what: TOO_SHORT, after: Duration::from_secs(60) }
}

/// An ETag by which bytes can be compared.
fn strong(etag: Option<&HeaderValue>) -> Option<HeaderValue> {
    etag.filter(|etag| !etag.as_bytes().starts_with(b"W/")).cloned()
}

/// The first byte of `bytes 5-9/10`.
fn starts_at(range: Option<&HeaderValue>) -> Option<u64> {
    range?.to_str().ok()?.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}
