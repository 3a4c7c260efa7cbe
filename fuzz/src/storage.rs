//! Results of bulk operations, and a storage that hands them out badly.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arbitrary::Arbitrary;
use bytes::Bytes;
use futures_util::{StreamExt, future::BoxFuture, stream};
use http::StatusCode;
use resilience::{Clock, MemoryState, UnixMillis};
use serde::de::DeserializeOwned;
use shopify_client::{
    Call, Client, Endpoint, Parts, Settings,
    bulk::{BulkError, Groups, Line, Lines, ResultFile},
    tokens::{App, MemoryTokens},
    transport::{Payload, Pieces, Transport, TransportError},
};
use shopify_webhook::ShopDomain;
use tokio::runtime::Builder;

/// What the storage does to one request.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub enum Behaviour {
    /// So many bytes, then the connection breaks.
    Breaks(u16),
    /// So many bytes, as if they were all.
    Ends(u16),
    /// The file from its beginning, whatever was asked for.
    IgnoresRange,
    /// HTTP 503.
    Fails,
    /// Nobody is reached.
    IsAway,
}

/// One fewer than the attempts that the client makes: none of them keeps it from the whole file.
const MOST_BEHAVIOURS: usize = 4;

/// The recipe of a file and its way.
#[derive(Debug, Arbitrary)]
pub struct Draft<'a> {
    /// Bytes that come at once.
    pub piece: u8,
    behaviours: Vec<Behaviour>,
    lines: Vec<(Content<'a>, End)>,
}

#[derive(Debug, Arbitrary)]
enum Content<'a> {
    Product { number: u8, title: &'a str },
    Variant { number: u8, of: u8 },
    Metafield { of: u8 },
    Other { id: &'a str, parent: Option<&'a str> },
    Text(&'a str),
    Bytes(&'a [u8]),
    Long(u16),
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum End {
    Unix,
    Windows,
    Missing,
    Blank,
}

impl Draft<'_> {
    /// The file.
    pub fn file(&self) -> Vec<u8> {
        let mut file = Vec::new();
        for (content, end) in &self.lines {
            content.write(&mut file);
            file.extend_from_slice(match end {
                End::Unix => b"\n",
                End::Windows => b"\r\n",
                End::Missing => b"",
                End::Blank => b"\n \t\n\n",
            });
        }
        file
    }

    /// What the storage does.
    pub fn behaviours(&self) -> Vec<Behaviour> {
        self.behaviours.iter().take(MOST_BEHAVIOURS).copied().collect()
    }
}

impl Content<'_> {
    fn write(&self, file: &mut Vec<u8>) {
        let gid = |kind, number: u8| format!("gid://shopify/{kind}/{}", number % 4);
        let json = match self {
            Self::Product { number, title } => serde_json::json!({"id": gid("Product", *number), "title": title}),
            Self::Variant { number, of } => serde_json::json!({
                "id": gid("ProductVariant", *number), "sku": null, "__parentId": gid("Product", *of),
            }),
            Self::Metafield { of } => {
                serde_json::json!({"id": gid("Metafield", 1), "__parentId": gid("ProductVariant", *of)})
            }
            Self::Other { id, parent } => serde_json::json!({"id": id, "__parentId": parent}),
            Self::Text(text) => serde_json::json!({"title": text, "id": null}),
            Self::Bytes(bytes) => return file.extend_from_slice(bytes),
            Self::Long(length) => serde_json::json!({"title": "x".repeat(usize::from(*length))}),
        };
        file.extend_from_slice(json.to_string().as_bytes());
    }
}

/// Reads one file, in pieces.
pub struct Reader {
    file: Bytes,
    piece: usize,
    behaviours: Vec<Behaviour>,
}

/// A part of a group: its root, the part's number, its children's lines and parents, whether it is the last.
pub type Part<R> = (R, u64, Vec<(u64, String)>, bool);

impl Reader {
    /// All in one piece.
    pub fn whole(file: &[u8]) -> Self {
        Self { file: Bytes::copy_from_slice(file), piece: usize::MAX, behaviours: Vec::new() }
    }

    /// In pieces of `piece` bytes, and as the storage behaves.
    pub fn torn(file: &[u8], piece: usize, behaviours: &[Behaviour]) -> Self {
        Self { piece: piece.max(1), behaviours: behaviours.to_vec(), ..Self::whole(file) }
    }

    /// All lines; after a line that can't be read it goes on.
    pub fn lines<T: DeserializeOwned>(&self) -> Vec<Result<Line<T>, BulkError>> {
        self.run(async |client, shop, file, call| {
            let (mut lines, mut read) = (Lines::new(client, shop, file, call), Vec::new());
            while let Some(line) = lines.next().await.transpose() {
                let is_over = matches!(&line, Err(error) if !matches!(error, BulkError::Line(_)));
                read.push(line);
                if is_over {
                    break;
                }
            }
            read
        })
    }

    /// All groups, with at most `most` children in a part.
    pub fn groups<R, C>(&self, most: usize) -> Vec<Result<Part<R>, BulkError>>
    where
        R: DeserializeOwned + Clone,
        C: DeserializeOwned,
    {
        self.run(async |client, shop, file, call| {
            let (mut groups, mut read) = (Groups::<R, C>::new(client, shop, file, most, call), Vec::new());
            loop {
                match groups.next().await {
                    Ok(None) => return read,
                    Ok(Some(group)) => {
                        let children = group.children.into_iter().map(|child| (child.number, child.parent)).collect();
                        read.push(Ok((group.root.clone(), group.part, children, group.is_last)));
                    }
                    Err(error) => {
                        let is_over = !matches!(error, BulkError::Line(_));
                        read.push(Err(error));
                        if is_over {
                            return read;
                        }
                    }
                }
            }
        })
    }

    fn run<T>(&self, read: impl AsyncFnOnce(&Client, &ShopDomain, &ResultFile, &Call) -> T) -> T {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime starts");
        runtime.block_on(async {
            let parts = Parts {
                app: App { name: "default".into(), client_id: "id".into(), client_secret: "secret".into() },
                endpoint: Endpoint::Shopify,
                transport: Arc::new(Storage {
                    file: self.file.clone(),
                    piece: self.piece,
                    behaviours: Mutex::new(self.behaviours.clone().into()),
                }),
                tokens: Arc::new(MemoryTokens::default()),
                state: Arc::new(MemoryState::default()),
                clock: Clock::starting_at(UnixMillis(1_795_755_600_000)),
                process: "fuzz".into(),
            };
            let client = Client::new(parts, Settings::default());
            let shop = ShopDomain::parse("north.myshopify.com").expect("a good domain");
            let file = ResultFile {
                operation: "gid://shopify/BulkOperation/1".to_owned(),
                url: "https://files.example.com/1?signature=S3cret".to_owned().into(),
                bytes: Some(self.file.len() as u64),
                objects: None,
            };
            read(&client, &shop, &file, &Call::background(Duration::from_secs(3600))).await
        })
    }
}

struct Storage {
    file: Bytes,
    piece: usize,
    behaviours: Mutex<VecDeque<Behaviour>>,
}

impl Transport for Storage {
    fn open(&self, request: http::Request<Payload>) -> BoxFuture<'_, Result<http::Response<Pieces>, TransportError>> {
        let response = self.respond(&request);
        Box::pin(std::future::ready(response))
    }
}

impl Storage {
    fn respond(&self, request: &http::Request<Payload>) -> Result<http::Response<Pieces>, TransportError> {
        assert_eq!(request.method(), http::Method::GET, "nothing but the file is asked for");
        let range = request.headers().get("range").and_then(|range| range.to_str().ok());
        let asked = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()).unwrap_or(0);
        let length = self.file.len();
        let (mut start, mut end, mut breaks) = (asked, length, false);
        match self.behaviours.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
            None => {}
            Some(Behaviour::Breaks(count)) => (end, breaks) = (length.min(start + usize::from(count)), true),
            Some(Behaviour::Ends(count)) => end = length.min(start + usize::from(count)),
            Some(Behaviour::IgnoresRange) => start = 0,
            Some(Behaviour::Fails) => return Ok(answer(StatusCode::SERVICE_UNAVAILABLE, stream::empty().boxed())),
            Some(Behaviour::IsAway) => return Err(TransportError::Connect("refused".to_owned())),
        }
        if start > 0 && start >= length {
            return Ok(answer(StatusCode::RANGE_NOT_SATISFIABLE, stream::empty().boxed()));
        }
        let part = self.file.slice(start..end);
        let piece = self.piece.min(part.len().max(1));
        let count = part.len().div_ceil(piece);
        let pieces = (0..count).map(move |at| Ok(part.slice(at * piece..part.len().min((at + 1) * piece))));
        let broken = breaks.then(|| Err(TransportError::Broken("reset".to_owned())));
        let mut response = answer(StatusCode::OK, stream::iter(pieces.chain(broken)).boxed());
        if start > 0 {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range = format!("bytes {start}-{}/{length}", length - 1);
            let range = range.parse().expect("a header value");
            response.headers_mut().insert("content-range", range);
        }
        Ok(response)
    }
}

fn answer(status: StatusCode, pieces: Pieces) -> http::Response<Pieces> {
    let mut response = http::Response::new(pieces);
    *response.status_mut() = status;
    response
}
