//! A process of its own that needs a token: this test binary again, with one test that nobody else runs.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use aws_sdk_dynamodb::config::Credentials;
use resilience::Clock;
use secrecy::ExposeSecret;
use shopify_client::{
    Endpoint,
    tokens::{App, Exchange, Tokens},
    transport::Https,
};
use weir_aws::config::{self, Patience};
use weir_core::UnixMillis;
use weir_shops::{DynamoTokens, seal::KeyRing};
use weir_tests::World;

use super::{APP, shop};

const TEST: &str = "child::asks_for_a_token_in_a_process_of_its_own";
const READY: &str = "ready";
const TOKEN: &str = "token ";

/// A process that is ready to ask.
pub(crate) struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it and waits until it has read its keys.
    pub(crate) fn start(world: &World, token_endpoint: &str, shop: &str, owner: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", TEST, "--ignored", "--nocapture"])
            .envs(environment(world, token_endpoint, shop, owner))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut process = Self { child, stdin, stdout };
        process.until(READY);
        process
    }

    pub(crate) fn go(&mut self) {
        writeln!(self.stdin, "go").unwrap();
    }

    /// The token that it got.
    pub(crate) fn token(mut self) -> String {
        let token = self.until(TOKEN);
        self.child.wait().unwrap();
        token
    }

    /// As the machine ends it: without a word.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn until(&mut self, begin: &str) -> String {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "the process ended: {seen}");
            // The test harness has begun a line of its own.
            if let Some((_, rest)) = line.split_once(begin) {
                return rest.trim().to_owned();
            }
            seen.push_str(&line);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A process's way to tokens.
pub(crate) async fn tokens(of: impl Fn(&str) -> String, clock: Clock) -> Tokens {
    let credentials = Credentials::new("test", "test", None, None, "local stack");
    let aws = config::at(of("CHILD_AWS"), of("CHILD_REGION"), credentials, Patience::BACKGROUND);
    let keys = Arc::new(KeyRing::load(&aws, of("CHILD_KEY")).await.unwrap());
    let store = DynamoTokens::new(&aws, of("CHILD_TABLE"), APP.to_owned(), keys);
    let app = App { name: APP.into(), client_id: "id".into(), client_secret: "secret".into() };
    let exchange = Exchange::new(app, Endpoint::at(&of("CHILD_SHOPIFY")).unwrap(), Arc::new(Https::new().unwrap()));
    Tokens::new(Arc::new(store), exchange, clock, of("CHILD_OWNER"))
}

/// Gets a token, and says which.
pub(crate) async fn get(tokens: &Tokens, name: &str) -> String {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    tokens.get(&shop(name), deadline).await.unwrap().access.expose_secret().to_owned()
}

/// What a process of this world reads of its environment.
pub(crate) fn environment(world: &World, token_endpoint: &str, shop: &str, owner: &str) -> [(&'static str, String); 7] {
    [
        ("CHILD_AWS", world.deployed.endpoint.clone()),
        ("CHILD_REGION", world.deployed.region.clone()),
        ("CHILD_TABLE", world.deployed.shops_table.clone()),
        ("CHILD_KEY", world.deployed.token_key_id.clone()),
        ("CHILD_SHOPIFY", token_endpoint.to_owned()),
        ("CHILD_SHOP", shop.to_owned()),
        ("CHILD_OWNER", owner.to_owned()),
    ]
}

/// A clock that is ahead of the wall's.
pub(crate) fn ahead(by: Duration) -> Clock {
    Clock::starting_at(UnixMillis::now() + by)
}

#[tokio::test]
#[ignore = "only as a process of its own, started by another test"]
async fn asks_for_a_token_in_a_process_of_its_own() {
    let tokens = tokens(|name| std::env::var(name).unwrap(), Clock::Wall).await;
    println!("\n{READY}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let token = get(&tokens, &std::env::var("CHILD_SHOP").unwrap()).await;
    println!("\n{TOKEN}{token}");
}
