//! A wire between functions and AWS that counts what goes over it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
};

/// The header that names the operation. S3 has none: no body here is that large.
const TARGET: &[u8] = b"\r\nx-amz-target: ";

/// Stands once in each entry of `PutEvents`; within a `Detail`, quotes are escaped.
const ENTRY: &[u8] = b"\"DetailType\":";

/// What one connection brought from the functions.
type Brought = Arc<Mutex<Vec<u8>>>;

pub(super) struct Wire {
    url: String,
    connections: Arc<Mutex<Vec<Brought>>>,
}

impl Wire {
    /// Forwards to this endpoint until the test's runtime ends.
    pub(super) async fn start(endpoint: &str) -> Self {
        let target = endpoint.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(Mutex::new(Vec::new()));
        let kept = connections.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let bytes = Brought::default();
                kept.lock().unwrap().push(bytes.clone());
                tokio::spawn(forward(socket, target.clone(), bytes));
            }
        });
        Self { url, connections }
    }

    pub(super) fn url(&self) -> String {
        self.url.clone()
    }

    /// How often each operation was asked for until now, and how many entries went to the bus.
    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for bytes in self.connections.lock().unwrap().iter() {
            let bytes = bytes.lock().unwrap();
            for at in places(&bytes, TARGET) {
                let rest = &bytes[at + TARGET.len()..];
                let end = rest.iter().position(|byte| *byte == b'\r').unwrap_or(rest.len());
                *counts.entry(named(&String::from_utf8_lossy(&rest[..end]))).or_default() += 1;
            }
            let entries = places(&bytes, ENTRY).count() as u64;
            if entries > 0 {
                *counts.entry("events:PutEvents entries".to_owned()).or_default() += entries;
            }
        }
        counts
    }
}

fn places<'a>(bytes: &'a [u8], what: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let alike = |window: &[u8]| window.eq_ignore_ascii_case(what);
    bytes.windows(what.len()).enumerate().filter(move |(_, window)| alike(window)).map(|(at, _)| at)
}

/// `dynamodb:UpdateItem` of `DynamoDB_20120810.UpdateItem`, as policies name it.
fn named(target: &str) -> String {
    let (service, operation) = target.split_once('.').unwrap_or(("unknown", target));
    let service = match service {
        "AmazonSQS" => "sqs",
        "AmazonSSM" => "ssm",
        "AWSEvents" => "events",
        "DynamoDB_20120810" => "dynamodb",
        other => other,
    };
    format!("{service}:{operation}")
}

async fn forward(mut socket: TcpStream, target: String, bytes: Brought) {
    let mut aws = TcpStream::connect(target).await.unwrap();
    let (mut from, mut to) = socket.split();
    let (mut from_aws, mut to_aws) = aws.split();
    let there = async {
        let mut buffer = vec![0; 65_536];
        while let Ok(read) = from.read(&mut buffer).await {
            if read == 0 {
                break;
            }
            bytes.lock().unwrap().extend_from_slice(&buffer[..read]);
            if to_aws.write_all(&buffer[..read]).await.is_err() {
                break;
            }
        }
    };
    // Whichever side ends first ends both.
    tokio::select! {
        () = there => {}
        _ = copy(&mut from_aws, &mut to) => {}
    }
}
