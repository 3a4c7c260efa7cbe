use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const EVENT: &str = r#"{"id":"w1","source":"north.myshopify.com","topic":"orders/create","generation":0,"data":{}}"#;

/// A server that gives these answers, one a connection, and tells what it was sent.
async fn server(answers: &'static [&'static str]) -> (Url, UnboundedReceiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/hook?key=1", listener.local_addr().unwrap());
    let (sender, received) = unbounded_channel();
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}") && stream.read_buf(&mut request).await.unwrap() > 0 {}
            sender.send(String::from_utf8(request).unwrap()).unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url.parse().unwrap(), received)
}

fn client() -> Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder().tls_certs_only([]).no_proxy().build().unwrap()
}

async fn post(relay: &Relay, body: &'static str) -> (u16, Option<String>) {
    let answered = client().post(&relay.url).header("webhook-id", "w1").body(body).send().await.unwrap();
    let wait = answered.headers().get("retry-after").map(|wait| wait.to_str().unwrap().to_owned());
    (answered.status().as_u16(), wait)
}

#[tokio::test]
async fn request_and_answer_pass_unchanged() {
    let (url, mut received) = server(&["HTTP/1.1 503 Down\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n"]).await;
    let mut relay = Relay::start(client(), url).await.unwrap();
    assert_eq!(post(&relay, EVENT).await, (503, Some("7".to_owned())));
    let request = received.recv().await.unwrap();
    assert!(request.starts_with("POST /hook?key=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("webhook-id: w1\r\n") && request.ends_with(EVENT), "{request}");
    let told = relay.posts.recv().await.unwrap();
    assert_eq!(told.event.as_deref(), Some("north.myshopify.com#w1"));
    assert_eq!((told.topic.as_deref(), told.attempt, told.answer), (Some("orders/create"), 1, Answer::Status(503)));
}

#[tokio::test]
async fn server_that_is_down_is_a_bad_gateway_whose_reason_has_no_address() {
    let mut relay = Relay::start(client(), "http://127.0.0.1:1/secret".parse().unwrap()).await.unwrap();
    for attempt in [1, 2] {
        assert_eq!(post(&relay, EVENT).await, (502, None));
        let told = relay.posts.recv().await.unwrap();
        let Answer::None(why) = told.answer else { panic!("{told:?}") };
        assert!(why.contains("refused") && !why.contains("secret"), "{why}");
        assert_eq!(told.attempt, attempt);
    }
}

#[tokio::test(start_paused = true)]
async fn server_that_never_answers_is_told_after_the_time_that_a_worker_waits() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap()).parse().unwrap();
    let mut relay = Relay::start(client(), url).await.unwrap();
    assert_eq!(post(&relay, EVENT).await.0, 502);
    assert_eq!(relay.posts.recv().await.unwrap().answer, Answer::None("no answer within 10 s".to_owned()));
}

#[tokio::test]
async fn generation_counts_its_own_attempts_and_the_dedupe_key_names_the_event() {
    let again = r#"{"id":"w1","source":"north.myshopify.com","dedupekey":"e1~ab","generation":1,"data":{}}"#;
    let (url, _received) = server(&["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"; 3]).await;
    let mut relay = Relay::start(client(), url).await.unwrap();
    let mut told = Vec::new();
    for body in [EVENT, again, "}"] {
        assert_eq!(post(&relay, body).await.0, 200);
        let post = relay.posts.recv().await.unwrap();
        told.push((post.event, post.generation, post.attempt));
    }
    let event = |name: &str| Some(format!("north.myshopify.com#{name}"));
    assert_eq!(told, [(event("w1"), 0, 1), (event("e1~ab"), 1, 1), (None, 0, 1)]);
}
