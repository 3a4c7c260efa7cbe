//! `weir shops check` against a simulated Shopify over a socket, and tables that live in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shopify_sim::{Clock, Installed, Options, Rule, Serving, ShopSeed, Sim};
use shopify_webhook::ShopDomain;
use tokio::runtime::Runtime;

use crate::server::{Request, Server};
use crate::{Ended, checkout, checkout_with, run, weir};

const SHOP: &str = "north.myshopify.com";
const APP: &str = r#"{"client_id":"shopify-sim-client","client_secrets":["shopify-sim-secret"]}"#;

/// A stack with one registered shop.
struct World {
    sim: Sim,
    installed: Installed,
    aws: Server,
    folder: tempfile::TempDir,
    _serving: Serving,
    _runtime: Runtime,
}

impl World {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (sim, installed, serving) = runtime.block_on(async {
            let sim = Sim::new(Clock::new(1_795_755_600_000, 1.0), Options::default());
            let installed = sim.install(ShopSeed::new(ShopDomain::parse(SHOP).unwrap()));
            let serving = sim.serve(tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap()).await.unwrap();
            (sim, installed, serving)
        });
        let aws = tables(APP);
        let folder = checkout_with(&aws.url(), Some(&serving.url()));
        let world = Self { sim, installed, aws, folder, _serving: serving, _runtime: runtime };
        let added = world.weir(&["add", SHOP, "--token-env", "TOKEN"]);
        assert_eq!(added.status, 0, "{}", added.stderr);
        world
    }

    fn weir(&self, arguments: &[&str]) -> Ended {
        let token = self.installed.access_token.expose_secret();
        let state = self.folder.path().join("state");
        let mut command = weir(&["shops"]);
        command.args(arguments).current_dir(self.folder.path()).env("TOKEN", token).env("XDG_STATE_HOME", state);
        let ended = run(&mut command);
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(token), "the token is shown");
        ended
    }

    fn check(&self) -> Ended {
        self.weir(&["check", SHOP])
    }

    fn state(&self) -> String {
        let shown: Value = serde_json::from_str(&self.weir(&["show", SHOP, "--json"]).stdout).unwrap();
        shown["state"].as_str().unwrap().to_owned()
    }

    /// The first so many calls of an operation come to this.
    fn script(&self, act: &Value, count: u32) {
        let rule = json!({ "operation": "ShopInfo", "act": act, "count": count });
        self.sim.script(serde_json::from_value::<Rule>(rule).unwrap());
    }
}

/// Tables that keep what is put into them, and the secrets. Of updates it follows the shop's state.
fn tables(app: &'static str) -> Server {
    let items: Arc<Mutex<HashMap<String, Value>>> = Arc::default();
    Server::start(move |request: &Request| {
        let mut items = items.lock().unwrap();
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let of = |key: &Value| format!("{} {} {}", asked["TableName"], key["pk"]["S"], key["sk"]["S"]);
        let reply = match request.headers.get("x-amz-target").map(String::as_str) {
            Some("secretsmanager.GetSecretValue") if asked["SecretId"] == "weir-dev/apps/default" => {
                json!({"ARN": "a", "Name": "app", "SecretString": app})
            }
            Some("secretsmanager.GetSecretValue") if asked["VersionStage"] == "AWSCURRENT" => {
                json!({"ARN": "a", "Name": "token-key", "SecretString": "k".repeat(64)})
            }
            Some("secretsmanager.GetSecretValue") => {
                return (400, json!({"__type": "ResourceNotFoundException", "Message": "none"}).to_string());
            }
            Some("DynamoDB_20120810.PutItem") => {
                items.insert(of(&asked["Item"]), asked["Item"].clone());
                json!({})
            }
            Some("DynamoDB_20120810.GetItem") => match items.get(&of(&asked["Key"])) {
                Some(item) => json!({"Item": item}),
                None => json!({}),
            },
            Some("DynamoDB_20120810.UpdateItem") => {
                let state = asked["ExpressionAttributeValues"][":state"].clone();
                if let Some(item) = items.get_mut(&of(&asked["Key"])).filter(|_| !state.is_null()) {
                    item["state"] = state;
                }
                json!({})
            }
            other => panic!("{other:?}"),
        };
        (200, reply.to_string())
    })
}

#[test]
fn check_shows_the_shop_as_shopify_knows_it() {
    let world = World::start();
    let ended = world.check();
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    for said in ["name            north", "plan            Basic", "read_orders", "of 2000 points", "0 made through"] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    let checked: Value = serde_json::from_str(&world.weir(&["check", SHOP, "--json"]).stdout).unwrap();
    assert_eq!((&checked["bucket"]["max"], &checked["api_version"]["fell_forward"]), (&2_000.0.into(), &false.into()));
    assert_eq!((&checked["state"], &checked["was"]), (&"installed".into(), &Value::Null));
}

#[test]
fn a_shop_that_does_not_pay_is_marked_frozen_until_a_call_succeeds() {
    let world = World::start();
    world.sim.freeze(&world.installed.shop);
    let ended = world.check();
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("is frozen (HTTP 402)") && ended.stderr.contains("\nhint: "), "{}", ended.stderr);
    assert_eq!(world.state(), "frozen");
    world.sim.reopen(&world.installed.shop);
    let ended = world.check();
    assert!(ended.status == 0 && ended.stdout.contains("installed, was frozen"), "{}", ended.stderr);
    assert_eq!(world.state(), "installed");
}

#[test]
fn a_revoked_token_is_told_with_its_remedy_and_says_nothing_of_the_account() {
    let world = World::start();
    world.sim.revoke(&world.installed.shop);
    let ended = world.check();
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("HTTP 401"), "{}", ended.stderr);
    let remedy = format!("`weir shops add {SHOP} --app default --replace`");
    assert!(ended.stderr.lines().last().unwrap().contains(&remedy), "{}", ended.stderr);
    assert_eq!((world.state().as_str(), world.sim.calls_of("ShopInfo")), ("installed", 1));
}

#[test]
fn a_version_that_is_retired_is_told() {
    let world = World::start();
    world.script(&json!({ "version": "2027-01" }), 1);
    let ended = world.check();
    assert!(ended.stdout.contains("2027-01 answers in place of"), "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn an_outage_is_told_within_seconds_and_with_when_to_come_back() {
    let world = World::start();
    world.script(&json!({ "status": { "status": 503 } }), 3);
    let ended = world.check();
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("HTTP 503") && ended.stderr.contains("hint: it may pass"), "{}", ended.stderr);
    assert_eq!(world.sim.calls_of("ShopInfo"), 3);
}

#[test]
fn a_shop_that_nobody_registered_is_not_asked_about() {
    let world = World::start();
    let ended = world.weir(&["check", "nobody.myshopify.com"]);
    assert!(ended.status == 1 && ended.stderr.contains("is not registered for app default"), "{}", ended.stderr);
    assert!(world.sim.calls().is_empty());
}

#[test]
fn a_shopify_that_is_gone_is_told_with_how_to_get_it_back() {
    let world = World::start();
    let folder = checkout_with(&world.aws.url(), Some("http://127.0.0.1:1"));
    let ended = run(weir(&["shops", "check", SHOP]).current_dir(folder.path()));
    assert_eq!(ended.status, 1);
    assert!(
        ended.stderr.contains("no connection") && ended.stderr.contains("does `cargo dev` still run?"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_local_stack_without_a_shopify_asks_no_other() {
    let world = World::start();
    let ended = run(weir(&["shops", "check", SHOP]).current_dir(checkout(&world.aws.url()).path()));
    assert!(ended.status == 1 && ended.stderr.contains("the local stack has no Shopify"), "{}", ended.stderr);
}

#[test]
fn an_app_without_a_client_id_is_told_where_to_put_it() {
    let world = World::start();
    let aws = tables(r#"{"client_secrets":["shopify-sim-secret"]}"#);
    let folder = checkout_with(&aws.url(), Some("http://127.0.0.1:1"));
    let token = world.installed.access_token.expose_secret();
    run(weir(&["shops", "add", SHOP, "--token-env", "TOKEN"]).current_dir(folder.path()).env("TOKEN", token));
    let ended = run(weir(&["shops", "check", SHOP]).current_dir(folder.path()));
    assert!(ended.status == 1 && ended.stderr.contains("weir-dev/apps/default has no client id"), "{}", ended.stderr);
}

#[test]
fn calls_of_the_command_are_logged_for_the_audit() {
    let world = World::start();
    assert_eq!(world.check().status, 0);
    let lines = std::fs::read_to_string(world.folder.path().join("state/weir/calls/weir-dev.log")).unwrap();
    let call: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&call["message"], &call["shop"]), (&"Called Shopify".into(), &SHOP.into()), "{call}");
}
