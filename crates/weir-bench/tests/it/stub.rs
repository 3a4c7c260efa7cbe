//! What is measured against must itself be right: what it counts, and how far away it is.

use std::time::{Duration, Instant};

use weir_bench::{
    authority::Authority,
    stub::{Aws, Distance},
};

fn client(authority: Option<&Authority>) -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    let trusted = authority.map(|authority| reqwest::Certificate::from_pem(authority.bundle.as_bytes()).unwrap());
    reqwest::Client::builder().no_proxy().tls_certs_only(trusted).build().unwrap()
}

async fn call(http: &reqwest::Client, aws: &Aws, target: &str, body: &'static str) -> (u16, String) {
    let reply = http.post(aws.url()).header("X-Amz-Target", target).body(body).send().await.unwrap();
    (reply.status().as_u16(), reply.text().await.unwrap())
}

#[tokio::test]
async fn it_answers_over_tls_those_who_trust_its_authority_and_no_others() {
    let authority = Authority::new().unwrap();
    let aws = Aws::start(Some(&authority), Distance::default()).await.unwrap();
    let (status, body) = call(&client(Some(&authority)), &aws, "AWSEvents.PutEvents", r#"{"Entries":[{}]}"#).await;
    assert_eq!(status, 200);
    assert!(body.contains("\"FailedEntryCount\":0"), "{body}");
    let refused = client(None).post(aws.url()).send().await;
    assert!(refused.unwrap_err().is_connect());
    assert_eq!(aws.seen().handshakes.len(), 1, "a handshake that failed is no connection");
}

#[tokio::test]
async fn it_counts_requests_writes_and_connections() {
    let aws = Aws::start(None, Distance::default()).await.unwrap();
    let http = client(None);
    for target in ["DynamoDB_20120810.UpdateItem", "DynamoDB_20120810.PutItem", "DynamoDB_20120810.GetItem"] {
        assert_eq!(call(&http, &aws, target, "{}").await.0, 200);
    }
    let seen = aws.take();
    assert_eq!((seen.writes(), seen.count("GetItem"), seen.handshakes.len()), (2, 1, 1));
    let later = Instant::now();
    assert_eq!(seen.handshakes_since(later), 0);
    call(&client(None), &aws, "DynamoDB_20120810.GetItem", "{}").await;
    let seen = aws.seen();
    assert_eq!((seen.count("GetItem"), seen.writes(), seen.handshakes_since(later)), (1, 0, 1), "it counted anew");
}

#[tokio::test]
async fn unknown_request_to_the_stub_is_an_error() {
    let aws = Aws::start(None, Distance::default()).await.unwrap();
    assert_eq!(call(&client(None), &aws, "AmazonSQS.PurgeQueue", "{}").await.0, 400);
    assert_eq!(aws.seen().unknown, ["AmazonSQS.PurgeQueue"]);
}

/// Lower bounds only: a busy machine makes nothing faster.
#[tokio::test]
async fn it_is_as_far_away_as_it_is_told() {
    let far = Duration::from_millis(40);
    let aws = Aws::start(None, Distance { table: far, ..Distance::default() }).await.unwrap();
    let http = client(None);
    let began = Instant::now();
    call(&http, &aws, "DynamoDB_20120810.GetItem", "{}").await;
    assert!(began.elapsed() >= far);
    let inside = aws.take().inside;
    assert!(inside >= far, "{inside:?}");
    aws.move_to(Distance { round_trip: far, ..Distance::default() });
    let began = Instant::now();
    call(&http, &aws, "AWSEvents.PutEvents", r#"{"Entries":[]}"#).await;
    assert!(began.elapsed() >= far);
    let began = Instant::now();
    call(&client(None), &aws, "AWSEvents.PutEvents", r#"{"Entries":[]}"#).await;
    assert!(began.elapsed() >= far * 2, "a new connection takes a round trip of its own");
}

/// A connection that nobody finishes stands before the other one, so the answer there waits until patience ends.
#[tokio::test]
async fn where_it_is_steady_an_answer_waits_for_connections_that_are_being_made() {
    let authority = Authority::new().unwrap();
    let aws = Aws::start(Some(&authority), Distance { is_steady: true, ..Distance::default() }).await.unwrap();
    let address = aws.url().replace("https://localhost", "127.0.0.1");
    let silent = tokio::net::TcpStream::connect(&address).await.unwrap();
    let began = Instant::now();
    let http = client(Some(&authority));
    let answer = call(&http, &aws, "AWSEvents.PutEvents", r#"{"Entries":[]}"#).await;
    assert_eq!(answer.0, 200);
    assert!(began.elapsed() >= Duration::from_millis(400));
    drop(silent);
}
