//! Over a real connection: what a client sees of an answer, and of the failures.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shopify_sim::{Act, Options, Rule, ServeError, Serving};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::Bench;

async fn serve(bench: &Bench) -> Serving {
    bench.sim.serve(TcpListener::bind("127.0.0.1:0").await.unwrap()).await.unwrap()
}

/// Sends a request and reads until the end of the connection.
async fn raw(serving: &Serving, method: &str, path: &str, token: &str, body: &str) -> (std::io::Result<usize>, String) {
    let mut stream = TcpStream::connect(serving.url().trim_start_matches("http://")).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\nx-shopify-access-token: {token}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await.unwrap();
    (read, String::from_utf8_lossy(&answer).into_owned())
}

async fn shop(bench: &Bench, serving: &Serving) -> (std::io::Result<usize>, String) {
    let path = format!("/{}/admin/api/2026-10/graphql.json", bench.shop);
    let body = json!({ "query": "query Shop { shop { name myshopifyDomain } }" }).to_string();
    raw(serving, "POST", &path, bench.installed.access_token.expose_secret(), &body).await
}

#[tokio::test]
async fn an_answer_arrives_whole() {
    let bench = Bench::new();
    let serving = serve(&bench).await;
    let (read, answer) = shop(&bench, &serving).await;
    read.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["data"]["shop"]["name"], "north");
}

#[tokio::test]
async fn a_truncated_answer_promises_more_than_comes() {
    let bench = Bench::new();
    let serving = serve(&bench).await;
    bench.sim.script(Rule::new(Act::Truncate).on("Shop"));
    let (_, answer) = shop(&bench, &serving).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let promised: usize = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    assert!(body.len() < promised, "{} of {promised}", body.len());
}

#[tokio::test]
async fn a_reset_is_an_error_on_the_socket_and_not_an_answer() {
    let bench = Bench::new();
    let serving = serve(&bench).await;
    bench.sim.script(Rule::new(Act::ResetAfter).on("Shop"));
    let (read, answer) = shop(&bench, &serving).await;
    assert!(answer.is_empty(), "{answer}");
    assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(bench.sim.executions_of("Shop"), 1);
}

#[tokio::test]
async fn a_hang_ends_with_the_clients_patience() {
    let bench = Bench::new();
    let serving = serve(&bench).await;
    bench.sim.script(Rule::new(Act::Hang).on("Shop"));
    let waited = tokio::time::timeout(Duration::from_millis(300), shop(&bench, &serving)).await;
    assert!(waited.is_err());
}

#[tokio::test]
async fn a_huge_result_streams() {
    let bench = Bench::new();
    let serving = serve(&bench).await;
    let path = format!("/{}/bulk/synthetic.jsonl?bytes=3000000", bench.shop);
    let (read, answer) = raw(&serving, "GET", &path, "", "").await;
    assert!(read.unwrap() > 3_000_000);
    assert!(answer.contains("__parentId"));
}

#[tokio::test]
async fn webhooks_go_over_http_to_loopback() {
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/webhooks/app", receiver.local_addr().unwrap());
    let declared = vec![("products/update".to_owned(), uri)];
    let bench = Bench::with(Options { declared, ..Options::default() });
    bench.sim.update_product(&bench.shop, bench.sim.products(&bench.shop)[0], "New");
    let (mut stream, _) = receiver.accept().await.unwrap();
    let mut head = Vec::new();
    while !String::from_utf8_lossy(&head).contains("\r\n\r\n") {
        let mut chunk = [0; 4_096];
        let count = stream.read(&mut chunk).await.unwrap();
        head.extend_from_slice(&chunk[..count]);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    assert!(head.starts_with("post /webhooks/app http/1.1"), "{head}");
    for name in
        ["x-shopify-hmac-sha256", "x-shopify-topic: products/update", "x-shopify-webhook-id", "x-shopify-triggered-at"]
    {
        assert!(head.contains(name), "{name}: {head}");
    }
}

#[tokio::test]
async fn only_loopback_is_served_unless_it_is_asked_for() {
    let bench = Bench::new();
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let problem = bench.sim.serve(listener).await.unwrap_err();
    assert!(matches!(problem, ServeError::Remote(_)), "{problem}");
}

#[tokio::test]
async fn the_control_api_installs_and_places_orders() {
    let bench = Bench::new();
    let serving = serve(&bench).await;
    let (_, answer) =
        raw(&serving, "POST", "/_sim/install", "", r#"{"shop":"south.myshopify.com","products":5}"#).await;
    assert!(answer.contains("access_token"), "{answer}");
    let (_, answer) = raw(&serving, "POST", "/_sim/orders", "", r#"{"shop":"south.myshopify.com","count":3}"#).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, answer) = raw(&serving, "GET", "/_sim/status", "", "").await;
    assert!(answer.contains("south.myshopify.com"), "{answer}");
    let (_, answer) = raw(&serving, "POST", "/_sim/orders", "", r#"{"shop":"west.myshopify.com"}"#).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("install it first"), "{answer}");
}
