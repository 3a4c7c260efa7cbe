//! What a storage gets to see of an upload.

use std::{
    io::{BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use shopify_client::{
    Call, Endpoint,
    bulk::{Upload, start_mutation},
};

use crate::{client, head, shop};

/// A piece of the file, and how many.
const PIECE: usize = 64 * 1024;
const PIECES: usize = 160;

#[tokio::test]
async fn an_upload_says_its_length_and_sends_no_token() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (seen, uploads) = mpsc::channel();
    let storage = format!("{base}/storage");
    std::thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap(), &storage, &seen)));

    let client = client(Endpoint::at(&base).unwrap());
    let call = Call::background(Duration::from_secs(60));
    let piece = Bytes::from(vec![b'~'; PIECE]);
    let upload =
        Upload::stream((PIECE * PIECES) as u64, move || stream::repeat(piece.clone()).take(PIECES).map(Ok).boxed());
    let id = start_mutation(&client, &shop(), "mutation M { x }", &upload, None, &call).await.unwrap();
    assert_eq!(id, "gid://shopify/BulkOperation/1");

    let (head, body) = uploads.recv().unwrap();
    assert!(head[""].starts_with("POST /storage "), "{}", head[""]);
    // Storages that check a signed policy refuse chunks.
    assert!(!head.contains_key("transfer-encoding"));
    assert!(!head.keys().any(|name| name.starts_with("x-shopify")), "{head:?}");
    assert_eq!(body.iter().filter(|byte| **byte == b'~').count(), PIECE * PIECES);
}

type Seen = (std::collections::HashMap<String, String>, Vec<u8>);

/// Answers one request, as Shopify or as the storage.
fn serve(mut stream: TcpStream, storage: &str, seen: &mpsc::Sender<Seen>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let head = head(&mut reader);
    let mut body = vec![0; head["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let reply = if head[""].contains("/storage") {
        seen.send((head, body)).unwrap();
        String::new()
    } else if String::from_utf8_lossy(&body).contains("\"StagedUploadsCreate\"") {
        let parameters = r#"[{"name":"key","value":"tmp/1"},{"name":"x-signature","value":"secret"}]"#;
        let target = format!(r#"{{"url":"{storage}","resourceUrl":null,"parameters":{parameters}}}"#);
        format!(r#"{{"data":{{"stagedUploadsCreate":{{"stagedTargets":[{target}],"userErrors":[]}}}}}}"#)
    } else {
        let operation = r#"{"id":"gid://shopify/BulkOperation/1","status":"CREATED"}"#;
        format!(r#"{{"data":{{"bulkOperationRunMutation":{{"bulkOperation":{operation},"userErrors":[]}}}}}}"#)
    };
    let length = reply.len();
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{reply}").unwrap();
}
