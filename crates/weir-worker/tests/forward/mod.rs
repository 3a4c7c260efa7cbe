//! What the service behind `ForwardUrl` gets, and how it tells weir from a stranger.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use crate::support::{World, body, call_error, envelope, run};
use base64::{Engine, engine::general_purpose::STANDARD};
use resilience::{Clock, MemoryState, UnixMillis};
use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use weir_aws::{ErrorClass, SdkConfig, SecretTextError};
use weir_consumer::{HandlerContext, router::Router};
use weir_core::{Failure, ledger::State};
use weir_worker::handlers::forward::{self, KeySource, Signer};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_KEY: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY";
const NOW: i64 = 1_795_755_600_000;

/// A secret that says what it is told to.
#[derive(Clone)]
struct Secret(Arc<Mutex<Result<String, (&'static str, ErrorClass)>>>);

impl Secret {
    fn of(text: &str) -> Self {
        Self(Arc::new(Mutex::new(Ok(text.to_owned()))))
    }
}

impl KeySource for Secret {
    async fn read(&self) -> Result<SecretString, SecretTextError> {
        match self.0.lock().unwrap().clone() {
            Ok(text) => Ok(text.into()),
            Err((code, class)) => Err(call_error("GetSecretValue", code, class).into()),
        }
    }
}

struct Post {
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Post {
    /// The verification that the specification describes, by another implementation of HMAC than weir's.
    fn is_signed_by(&self, key: &str) -> bool {
        let header = |name: &str| self.headers[name].as_str();
        let key = STANDARD.decode(key.trim_start_matches("whsec_")).unwrap();
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
        let mut signed = format!("{}.{}.", header("webhook-id"), header("webhook-timestamp")).into_bytes();
        signed.extend_from_slice(&self.body);
        header("webhook-signature").split(' ').any(|signature| {
            let (version, signature) = signature.split_once(',').unwrap();
            version == "v1" && ring::hmac::verify(&key, &signed, &STANDARD.decode(signature).unwrap()).is_ok()
        })
    }
}

/// An HTTP service that takes everything.
async fn service() -> (String, Arc<Mutex<Vec<Post>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let posts: Arc<Mutex<Vec<Post>>> = Arc::default();
    let taken = posts.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let post = answer(stream).await;
            taken.lock().unwrap().push(post);
        }
    });
    (url, posts)
}

async fn answer(mut stream: TcpStream) -> Post {
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut piece).await.unwrap();
        request.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let headers: HashMap<String, String> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length: usize = headers["content-length"].parse().unwrap();
        let body = request[head.len() + 4..].to_vec();
        if body.len() == length {
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await.unwrap();
            return Post { headers, body };
        }
    }
}

fn router(url: &str, secret: &Secret) -> Router {
    let (clock, url) = (Clock::starting_at(UnixMillis(NOW)), url.to_owned());
    let environment = move |name: &str| (name == "WEIR_FORWARD_URL").then(|| url.clone());
    let aws = SdkConfig::builder().build();
    let context = HandlerContext::new(environment, aws, clock, Arc::new(MemoryState::default()));
    let router = forward::router_with(&context, Signer::new(secret.clone(), clock));
    context.finish().unwrap();
    router
}

#[tokio::test]
async fn forwarded_event_is_signed_by_each_key_of_the_secret_and_by_no_other() {
    let (url, posts) = service().await;
    let world = World::default();
    let worker = world.worker(router(&url, &Secret::of(&format!("{KEY} {OLD_KEY}"))));
    assert!(run(&worker, &[envelope("1", &body(1))]).await.is_empty());
    let posts = posts.lock().unwrap();
    let [post] = &posts[..] else { panic!("{} posts", posts.len()) };
    assert!(post.is_signed_by(KEY) && post.is_signed_by(OLD_KEY));
    assert!(!post.is_signed_by("QUJDREVGR0hJSktMTU5PUFFSU1RVVldZ"), "another's key");
    assert_eq!(post.headers["webhook-id"], "1");
    let sent: i64 = post.headers["webhook-timestamp"].parse().unwrap();
    assert!((NOW / 1000..NOW / 1000 + 600).contains(&sent), "in seconds, of the attempt: {sent}");
    let event: serde_json::Value = serde_json::from_slice(&post.body).unwrap();
    assert_eq!(event["id"], "1");
}

#[tokio::test]
async fn event_is_held_while_nothing_can_sign_it_and_leaves_by_no_other_way() {
    let (url, posts) = service().await;
    for (answer, is_misconfigured) in [
        (Err(("AccessDeniedException", ErrorClass::Misconfigured)), true),
        (Err(("InternalServiceError", ErrorClass::Unavailable)), false),
        (Ok("not a key"), true),
    ] {
        let secret = Secret(Arc::new(Mutex::new(answer.map(str::to_owned))));
        let world = World::default();
        assert!(run(&world.worker(router(&url, &secret)), &[envelope("1", &body(1))]).await.is_empty());
        let record = world.record("1");
        assert!(matches!(record.state, State::Parked { .. }), "{record:?}");
        let reason = record.last_error.unwrap();
        assert_eq!(reason.starts_with(weir_core::MISCONFIGURED), is_misconfigured, "{reason}");
        assert!(!reason.contains("not a key"), "{reason}");
    }
    assert!(posts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn repeat_of_a_forwarded_event_has_its_id_and_a_signature_of_its_own() {
    let (url, posts) = service().await;
    let world = World::default();
    let worker = world.worker(router(&url, &Secret::of(KEY)));
    assert!(run(&worker, &[envelope("1", &body(1)), envelope("2", &body(2))]).await.is_empty());
    *world.bus_refuses.lock().unwrap() = Some(Failure::transient("no"));
    assert_eq!(run(&worker, &[envelope("3", &body(3))]).await, ["m0"]);
    // A fresh message of the same event, as a redelivery by Shopify: what passed is not known.
    assert_eq!(run(&worker, &[envelope("3", &body(3))]).await, ["m0"]);
    let posts = posts.lock().unwrap();
    assert!(posts.iter().all(|post| post.is_signed_by(KEY)));
    let mut ids: Vec<&str> = posts.iter().map(|post| post.headers["webhook-id"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["1", "2", "3", "3"]);
}
