//! What DynamoDB leaves out of an answer, over its own protocol: the emulator never leaves anything out.

#![cfg(feature = "client")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_sdk_dynamodb::config::Credentials;
use resilience::UnixMillis;
use shopify_client::cache::CacheStore;
use weir_aws::config::{self, Patience};
use weir_shops::cache::DynamoCache;

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);
const TTL: Duration = Duration::from_secs(300);

/// Leaves the key `b` out of the first `times` answers. Returns where it listens, and counts what it is asked.
fn dynamodb(times: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(&stream);
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let asked = String::from_utf8(body).unwrap();
            let is_scarce = counted.fetch_add(1, Ordering::SeqCst) < times;
            let item = |key: &str| {
                let fetched = NOW.0;
                format!(r#"{{"pk":{{"S":"{key}"}},"json":{{"S":"\"{key}\""}},"fetched_at_ms":{{"N":"{fetched}"}}}}"#)
            };
            let has = |key: &str| asked.contains(&format!(r#"{{"S":"{key}"}}"#));
            let found: Vec<String> =
                ["a", "b"].into_iter().filter(|key| has(key) && !(is_scarce && *key == "b")).map(item).collect();
            let left = if is_scarce { r#"{"cache":{"Keys":[{"pk":{"S":"b"}}],"ConsistentRead":true}}"# } else { "{}" };
            let reply = format!(r#"{{"Responses":{{"cache":[{}]}},"UnprocessedKeys":{left}}}"#, found.join(","));
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", reply.len());
            stream.write_all((head + &reply).as_bytes()).unwrap();
        }
    });
    (url, calls)
}

async fn read(times: usize) -> (Vec<Option<String>>, usize) {
    let (url, calls) = dynamodb(times);
    let credentials = Credentials::new("test", "test", None, None, "test");
    let aws = config::at(url, "us-east-1".into(), credentials, Patience::BACKGROUND);
    let cache = DynamoCache::new(&aws, "cache".into());
    let found = cache.get(&["a".into(), "b".into()], NOW, TTL).await.unwrap();
    (found.into_iter().map(|entry| entry.map(|entry| entry.value)).collect(), calls.load(Ordering::SeqCst))
}

#[tokio::test]
async fn unprocessed_keys_are_requested_again() {
    assert_eq!(read(2).await, (vec![Some("\"a\"".into()), Some("\"b\"".into())], 3));
}

#[tokio::test]
async fn keys_left_out_repeatedly_are_not_cached() {
    assert_eq!(read(usize::MAX).await, (vec![Some("\"a\"".into()), None], 4));
}
