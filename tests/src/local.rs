//! A local stack as `weir dev` has it, for the built `weir` to talk to: with a simulated Shopify, whose shop stands in the
//! registry and sends its webhooks to the stack, and with the `dev.json` that commands read.

use std::{path::PathBuf, process::Stdio, time::Duration};

use resilience::UnixMillis;
use secrecy::ExposeSecret;
use shopify_sim::{Clock, Installed, Options, Serving, ShopSeed, Sim, TokenStyle};
use shopify_webhook::ShopDomain;
use tempfile::TempDir;
use tokio::net::TcpListener;
use weir_local::{Checkout, DevFile, PublishedDevFile, shifted_clock};
use weir_shops::{
    Registry,
    registry::{NewShop, NewToken},
    seal::KeyRing,
};

use crate::World;

/// The app, as the stack and as Shopify know it.
const APP: &str = "default";
const CLIENT_ID: &str = "weir-local-client-id";

/// Far more than a command takes, on a machine that is busy with other tests.
const LONGEST_RUN: Duration = Duration::from_secs(300);

/// What the app declares in its TOML.
const DECLARED: [&str; 4] = ["app/uninstalled", "orders/create", "orders/paid", "products/update"];

/// The stack, its Shopify, and a folder in which `weir` takes it for the local one.
pub struct Local {
    /// The stack.
    pub world: World,
    /// Its Shopify.
    pub sim: Sim,
    /// The shop that has the app.
    pub shop: Installed,
    folder: TempDir,
    binary: PathBuf,
    _serving: Serving,
    _dev_file: PublishedDevFile,
}

/// How a run of `weir` ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit status.
    pub status: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said beside that.
    pub stderr: String,
}

impl Local {
    /// Deploys the stack under this name, which no other test may use, and installs the app in `north.myshopify.com`.
    pub async fn new(name: &str) -> Self {
        Self::with(name, &[]).await
    }

    /// The same with parameters of the template set.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn with(name: &str, parameters: &[(&str, &str)]) -> Self {
        let world = World::with(name, parameters).await;
        let deployed = &world.deployed;
        let options = Options {
            client_id: CLIENT_ID.to_owned(),
            client_secret: deployed.client_secret.clone(),
            tokens: TokenStyle::Expiring,
            declared: DECLARED.map(|topic| (topic.to_owned(), deployed.webhook_url.clone())).into(),
            ..Options::default()
        };
        let sim = Sim::new(Clock::new(UnixMillis::now().0, 1.0), options);
        let shop = sim.install(ShopSeed::new(ShopDomain::parse("north.myshopify.com").expect("a domain")));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let serving = sim.serve(listener).await.expect("Shopify is served");

        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("template.yaml"), "").expect("the folder can be written");
        std::fs::create_dir(folder.path().join("crates")).expect("the folder can be written");
        let checkout = Checkout::find(folder.path()).expect("it looks like a checkout");
        let facts = DevFile { shopify_url: Some(serving.url()), ..deployed.dev_file() };
        let dev_file = facts.publish(&checkout).expect("dev.json can be written");

        let binary = world.binaries().join("weir");
        let local = Self { world, sim, shop, folder, binary, _serving: serving, _dev_file: dev_file };
        local.introduce_the_app().await;
        local.register().await;
        local
    }

    /// The folder that `weir` runs in.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Runs `weir` with these arguments, and the shop's tokens in `TOKEN` and `REFRESH`.
    #[expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
    pub async fn weir(&self, arguments: &[impl AsRef<std::ffi::OsStr>]) -> Ended {
        let mut command = tokio::process::Command::new(&self.binary);
        command.args(arguments).env_clear().envs(shifted_clock());
        command.current_dir(self.folder()).stdin(Stdio::null()).kill_on_drop(true);
        command.env("TOKEN", self.shop.access_token.expose_secret());
        if let Some(refresh) = &self.shop.refresh_token {
            command.env("REFRESH", refresh.expose_secret());
        }
        let output = tokio::time::timeout(LONGEST_RUN, command.output()).await;
        let output = output.unwrap_or_else(|_| panic!("{command:?} has not ended within {LONGEST_RUN:?}"));
        let output = output.expect("weir runs");
        let text = |bytes| String::from_utf8(bytes).expect("weir prints UTF-8");
        Ended { status: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The template knows the client secret only; tokens are renewed with the client id as well.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    async fn introduce_the_app(&self) {
        let deployed = &self.world.deployed;
        let secret = deployed.client_secret.expose_secret();
        let secret = serde_json::json!({ "client_id": CLIENT_ID, "client_secrets": [secret] }).to_string();
        let client = aws_sdk_secretsmanager::Client::new(&self.world.aws);
        let put = client.put_secret_value().secret_id(format!("{}/{APP}", deployed.secret_prefix));
        put.secret_string(secret).send().await.expect("the app's secret can be written");
    }

    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    async fn register(&self) {
        let (aws, deployed) = (&self.world.aws, &self.world.deployed);
        let now = UnixMillis::now();
        let access = self.shop.access_token.clone();
        let token = match &self.shop.refresh_token {
            Some(refresh) => NewToken::Expiring {
                access,
                expires_at: now + Duration::from_secs(3_600),
                refresh: refresh.clone(),
                refresh_expires_at: None,
            },
            None => NewToken::Offline(access),
        };
        let domain = self.shop.shop.clone();
        let shop = NewShop { domain, app: APP.to_owned(), plan: None, tier: None, token: Some(token) };
        let keys = KeyRing::load(aws, deployed.token_key_id.clone()).await.expect("the key").keys();
        let registry = Registry::new(aws, deployed.shops_table.clone());
        registry.add(shop, &keys, true, now).await.expect("the shop can be registered");
    }
}
