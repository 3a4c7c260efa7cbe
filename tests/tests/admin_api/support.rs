//! One simulated Shopify with one shop, and clients for it.

use std::{sync::Arc, time::Duration};

use resilience::{Backoff, Clock, MemoryState, SharedState, breaker};
use shopify_client::{
    Call, Client, Endpoint, Error, Reply, RetryPolicy, Settings,
    operations::{ShopInfo, TagsAdd, shop_info, tags_add},
    transport::Https,
};
use shopify_sim::{Installed, Options, Rule, Serving, ShopSeed, Sim};
use shopify_webhook::ShopDomain;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use weir_testkit::shopify::{Shared, clock_of, tokens_of};

pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) installed: Installed,
    pub(crate) shared: Shared,
    pub(crate) state: Arc<MemoryState>,
    pub(crate) settings: Settings,
    _serving: Option<Serving>,
}

/// Waits are short here: what is asked for is that they are made, not how long they are.
pub(crate) fn settings() -> Settings {
    Settings {
        retry: RetryPolicy {
            attempts: 5,
            backoff: Backoff { base: Duration::from_millis(5), cap: Duration::from_millis(20) },
        },
        // So that it stays closed, but where a test is about it.
        breaker: breaker::Settings { least_calls: 1_000, ..breaker::Settings::default() },
        // A server that answers does so in time, however busy the machine.
        attempt: Duration::from_secs(60),
        ..Settings::default()
    }
}

pub(crate) fn shop() -> ShopDomain {
    ShopDomain::parse("north.myshopify.com").expect("it is a shop")
}

/// For a server that never answers.
pub(crate) fn impatient() -> Settings {
    Settings { attempt: Duration::from_millis(700), ..settings() }
}

pub(crate) fn call() -> Call {
    Call::foreground(Duration::from_secs(300))
}

impl World {
    /// Over a socket.
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let sim = Sim::new(shopify_sim::Clock::new(1_795_000_000_000, 1.0), options);
        let installed = sim.install(ShopSeed::new(shop()));
        let serving = sim
            .serve(TcpListener::bind("127.0.0.1:0").await.expect("a port is free"))
            .await
            .expect("loopback is served");
        let state = Arc::new(MemoryState::default());
        let shared = Shared {
            state: Arc::<MemoryState>::clone(&state) as Arc<dyn SharedState>,
            tokens: tokens_of(&installed),
            clock: clock_of(&sim),
            endpoint: Endpoint::at(&serving.url()).expect("loopback is an endpoint"),
            transport: Arc::new(Https::new().expect("a client can be made")),
        };
        Self { sim, installed, shared, state, settings: settings(), _serving: Some(serving) }
    }

    pub(crate) fn client(&self) -> Client {
        self.shared.client(&self.installed, "a test", self.settings)
    }

    pub(crate) fn script(&self, rule: Rule) {
        self.sim.script(rule);
    }

    /// A read.
    pub(crate) async fn read(&self) -> Result<Reply<shop_info::ResponseData>, Error> {
        self.client().run::<ShopInfo>(&shop(), shop_info::Variables, &call()).await
    }

    /// A mutation that has no `@idempotent`.
    pub(crate) async fn tag(&self) -> Result<Reply<tags_add::ResponseData>, Error> {
        let id = format!("gid://shopify/Product/{}", self.sim.products(&shop())[0]);
        let variables = tags_add::Variables { id, tags: vec!["seen".to_owned()] };
        self.client().run::<TagsAdd>(&shop(), variables, &call()).await
    }
}

/// A server that answers each connection's first request with these bytes, and a client for it.
pub(crate) async fn scripted(answer: impl Into<Vec<u8>>) -> (Client, tokio::task::JoinHandle<()>) {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let endpoint = Endpoint::at(&format!("http://{}", listener.local_addr().expect("it is bound")))
        .expect("loopback is an endpoint");
    let served = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 16 * 1024];
            // The request is small and comes in one or two pieces; its body ends with a brace.
            let mut length = 0;
            while !request[..length].ends_with(b"}") {
                match socket.read(&mut request[length..]).await {
                    Ok(0) | Err(_) => break,
                    Ok(more) => length += more,
                }
            }
            drop(socket.write_all(&answer).await);
        }
    });
    let sim = Sim::new(shopify_sim::Clock::new(1_795_000_000_000, 1.0), Options::default());
    let installed = sim.install(ShopSeed::new(shop()));
    let shared = Shared {
        state: Arc::new(MemoryState::default()),
        tokens: tokens_of(&installed),
        clock: Clock::Wall,
        endpoint,
        transport: Arc::new(Https::new().expect("a client can be made")),
    };
    (shared.client(&installed, "a test", settings()), served)
}

/// Bytes of an answer with this JSON.
pub(crate) fn answer(json: &str) -> Vec<u8> {
    let length = json.len();
    format!("HTTP/1.1 200 OK\r\nx-request-id: r-1\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{json}")
        .into()
}

/// What the command prints of an error: its text and what to do.
pub(crate) fn said(error: &shopify_client::Error) -> String {
    let hint = weir_cli::input::hint(error).map(|hint| format!("\nhint: {hint}"));
    format!("{error}{}", hint.unwrap_or_default())
}
