//! Processes that share a store of tokens and one Shopify, on paused time.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{
    StreamExt,
    future::{BoxFuture, join_all},
    stream,
};
use resilience::{Clock, UnixMillis};
use secrecy::ExposeSecret;
use shopify_webhook::ShopDomain;
use tokio::time::Instant;

use super::{App, Exchange, Held, Lock, MemoryTokens, Renewal, StoredToken, TokenError, TokenStore, Tokens};
use crate::transport::{Endpoint, Payload, Pieces, Transport, TransportError};

const START: UnixMillis = UnixMillis(1_800_000_000_000);
const HOUR: Duration = Duration::from_secs(3_600);

/// Gives tokens, each after a second: `new-1`, `new-2`, … with refresh tokens of the same number.
#[derive(Default)]
struct Shopify {
    given: AtomicUsize,
    asked_with: Mutex<Vec<String>>,
    refuses: bool,
    /// A whole reply, in place of a good one.
    says: Option<&'static str>,
}

impl Transport for Shopify {
    fn open(&self, request: http::Request<Payload>) -> BoxFuture<'_, Result<http::Response<Pieces>, TransportError>> {
        Box::pin(async move {
            let Payload::Whole(body) = request.into_body() else { panic!("a form is sent whole") };
            self.asked_with.lock().unwrap().push(String::from_utf8(body.to_vec()).unwrap());
            tokio::time::sleep(Duration::from_secs(1)).await;
            let number = self.given.fetch_add(1, Ordering::SeqCst) + 1;
            let (status, json) = if let Some(json) = self.says {
                (200, json.to_owned())
            } else if self.refuses {
                (400, r#"{"error":"invalid_grant"}"#.to_owned())
            } else {
                let refresh = format!(r#""refresh_token":"refresh-{number}","refresh_token_expires_in":7776000"#);
                (200, format!(r#"{{"access_token":"new-{number}","expires_in":3600,{refresh}}}"#))
            };
            let pieces: Pieces = stream::iter([Ok(Bytes::from(json))]).boxed();
            Ok(http::Response::builder().status(status).body(pieces).unwrap())
        })
    }
}

struct World {
    store: Arc<MemoryTokens>,
    shopify: Arc<Shopify>,
    clock: Clock,
    shop: ShopDomain,
}

impl World {
    /// A shop whose token ends after so long.
    fn new(ends_after: Duration, renewal: Renewal) -> Self {
        let shop = ShopDomain::parse("a.myshopify.com").unwrap();
        let store = Arc::new(MemoryTokens::default());
        let token = StoredToken { access: "old".into(), expires_at: Some(START + ends_after), renewal, version: 1 };
        store.put(&shop, Held::Token(token));
        Self { store, shopify: Arc::default(), clock: Clock::starting_at(START), shop }
    }

    fn process(&self, name: &str) -> Tokens {
        let app = App { name: "default".into(), client_id: "id".into(), client_secret: "secret".into() };
        let exchange = Exchange::new(app, Endpoint::Shopify, self.shopify.clone());
        Tokens::new(self.store.clone(), exchange, self.clock, name.to_owned())
    }

    fn given(&self) -> usize {
        self.shopify.given.load(Ordering::SeqCst)
    }

    async fn get(&self, process: &Tokens) -> Result<String, TokenError> {
        let token = process.get(&self.shop, Instant::now() + Duration::from_secs(60)).await?;
        Ok(token.access.expose_secret().to_owned())
    }
}

fn refresh() -> Renewal {
    Renewal::Refresh { token: "refresh-0".into(), expires_at: None }
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_is_read_once_and_used_until_it_is_due() {
    let world = World::new(HOUR, refresh());
    let process = world.process("one");
    assert_eq!(world.get(&process).await.unwrap(), "old");
    tokio::time::advance(HOUR - Duration::from_secs(610)).await;
    assert_eq!((world.get(&process).await.unwrap().as_str(), world.given()), ("old", 0));
    tokio::time::advance(Duration::from_secs(20)).await;
    assert_eq!((world.get(&process).await.unwrap().as_str(), world.given()), ("new-1", 1));
}

#[tokio::test(start_paused = true)]
async fn while_one_renews_others_go_on_with_a_token_that_is_still_good() {
    let world = World::new(Duration::from_secs(300), refresh());
    let processes: Vec<_> = (0..8).map(|number| world.process(&number.to_string())).collect();
    let mut got =
        join_all(processes.iter().map(|process| world.get(process))).await.into_iter().flatten().collect::<Vec<_>>();
    got.sort();
    assert_eq!(got.iter().filter(|token| *token == "old").count(), 7, "{got:?}");
    assert_eq!((got[0].as_str(), world.given()), ("new-1", 1));
}

#[tokio::test(start_paused = true)]
async fn while_one_renews_others_wait_for_a_token_that_ended() {
    let world = World::new(Duration::ZERO, refresh());
    let processes: Vec<_> = (0..40).map(|number| world.process(&number.to_string())).collect();
    let got = join_all(processes.iter().map(|process| world.get(process))).await;
    assert!(got.iter().all(|token| token.as_deref().is_ok_and(|token| token == "new-1")), "{got:?}");
    assert_eq!(world.given(), 1);
}

#[tokio::test(start_paused = true)]
async fn many_calls_of_one_process_renew_once() {
    let world = World::new(Duration::ZERO, refresh());
    let process = world.process("one");
    let got = join_all((0..20).map(|_| world.get(&process))).await;
    assert!(got.iter().all(|token| token.as_deref().is_ok_and(|token| token == "new-1")), "{got:?}");
    assert_eq!(world.given(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_died_while_renewing_is_followed_by_another_with_the_same_refresh_token() {
    let world = World::new(Duration::ZERO, refresh());
    let now = world.clock.now();
    let lock = world.store.lock(&world.shop, 1, "dead", now, now + Duration::from_secs(30)).await.unwrap();
    assert!(matches!(lock, Lock::Granted));
    let began = Instant::now();
    assert_eq!(world.get(&world.process("next")).await.unwrap(), "new-1");
    assert!(began.elapsed() >= Duration::from_secs(30), "its right had to run out: {:?}", began.elapsed());
    assert!(world.shopify.asked_with.lock().unwrap()[0].contains("refresh_token=refresh-0"));
}

#[tokio::test(start_paused = true)]
async fn late_token_does_not_replace_a_newer_one() {
    let world = World::new(Duration::ZERO, refresh());
    let now = world.clock.now();
    world.store.lock(&world.shop, 1, "slow", now, now).await.unwrap();
    assert_eq!(world.get(&world.process("next")).await.unwrap(), "new-1");
    let late = StoredToken { access: "late".into(), expires_at: None, renewal: refresh(), version: 2 };
    assert!(!world.store.store(&world.shop, 1, "slow", &late).await.unwrap());
    assert_eq!(world.get(&world.process("third")).await.unwrap(), "new-1");
}

#[tokio::test(start_paused = true)]
async fn the_next_renewal_uses_the_refresh_token_that_came_with_the_last() {
    let world = World::new(Duration::ZERO, refresh());
    let process = world.process("one");
    world.get(&process).await.unwrap();
    tokio::time::advance(HOUR).await;
    assert_eq!(world.get(&process).await.unwrap(), "new-2");
    assert!(world.shopify.asked_with.lock().unwrap()[1].contains("refresh_token=refresh-1"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_renewal_gives_its_right_back_at_once() {
    let mut world = World::new(Duration::ZERO, refresh());
    world.shopify = Arc::new(Shopify { refuses: true, ..Shopify::default() });
    let error = world.get(&world.process("one")).await.unwrap_err();
    assert!(!error.may_pass() && error.to_string().contains("could not be renewed"), "{error}");
    let began = Instant::now();
    world.get(&world.process("two")).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(5), "it did not wait for the lock: {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_token_of_a_few_minutes_is_used_and_not_renewed_for_ever() {
    let mut world = World::new(Duration::ZERO, Renewal::ClientCredentials);
    world.shopify = Arc::new(Shopify { says: Some(r#"{"access_token":"a","expires_in":300}"#), ..Shopify::default() });
    assert_eq!((world.get(&world.process("one")).await.unwrap().as_str(), world.given()), ("a", 1));
}

#[tokio::test(start_paused = true)]
async fn unusable_token_replaces_no_usable_one() {
    for json in [
        r#"{"access_token":"a","expires_in":0}"#,
        r#"{"access_token":"a","expires_in":30}"#,
        r#"{"access_token":""}"#,
        r#"{"access_token":"a\nb"}"#,
        r#"{"access_token":"a","refresh_token":""}"#,
        "{}",
    ] {
        let mut world = World::new(Duration::ZERO, Renewal::ClientCredentials);
        world.shopify = Arc::new(Shopify { says: Some(json), ..Shopify::default() });
        let error = world.get(&world.process("one")).await.unwrap_err();
        assert!(error.may_pass() && world.given() == 1, "{json}: {error}");
        let Held::Token(token) = world.store.load(&world.shop).await.unwrap() else { panic!("{json}") };
        assert_eq!(token.version, 1, "{json}");
    }
}

#[tokio::test(start_paused = true)]
async fn client_credentials_are_asked_for_anew() {
    let world = World::new(Duration::ZERO, Renewal::ClientCredentials);
    assert_eq!(world.get(&world.process("one")).await.unwrap(), "new-1");
    assert!(world.shopify.asked_with.lock().unwrap()[0].contains("grant_type=client_credentials"));
}

#[tokio::test(start_paused = true)]
async fn an_ended_token_that_nothing_renews_is_an_error() {
    let world = World::new(Duration::ZERO, Renewal::Never);
    assert!(matches!(world.get(&world.process("one")).await, Err(TokenError::Expired)));
    assert_eq!(world.given(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_token_is_shown() {
    let world = World::new(HOUR, Renewal::Refresh { token: "s3cret-refresh".into(), expires_at: None });
    let held = world.store.load(&world.shop).await.unwrap();
    assert!(!format!("{held:?} {:?}", world.store).contains("s3cret"));
    assert!(!format!("{held:?}").contains("old"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_is_told_also_where_the_old_token_still_serves() {
    let world = World::new(HOUR / 12, Renewal::Refresh { token: "refresh-0".into(), expires_at: None });
    let world = World { shopify: Arc::new(Shopify { refuses: true, ..Shopify::default() }), ..world };
    let (process, failed) = (world.process("a"), Arc::new(AtomicUsize::new(0)));
    let counter = failed.clone();
    process.observe_failures(move |_shop| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    process.get(&world.shop, Instant::now() + Duration::from_secs(60)).await.unwrap();
    assert_eq!(failed.load(Ordering::SeqCst), 1);
}
