//! The stack beside a simulated Shopify whose webhooks come in by its own sender: what happens in a shop comes out on
//! the bus, and decides whether the shop is called.

use std::{sync::Arc, time::Duration};

use resilience::Clock;
use serde_json::Value;
use shopify_client::{
    Call, Client, Endpoint, Kind, Settings,
    operations::{ShopInfo, shop_info},
    tokens::TokenError,
    transport::Https,
};
use shopify_sim::{Installed, Options, Serving, ShopSeed, Sim, TokenStyle};
use tokio::net::TcpListener;
use weir_core::UnixMillis;
use weir_shops::{DynamoState, DynamoTokens, registry::NewToken};
use weir_testkit::shopify::Shared;
use weir_tests::{World, eventually};

use super::{APP, add, keys, new_shop, registry, shop};

/// A simulated Shopify on a socket, with the shop `north`, whose webhooks go to the stack.
async fn shopify(world: &World) -> (Sim, Serving, Installed) {
    let url = &world.deployed.webhook_url;
    let options = Options {
        client_secret: world.deployed.client_secret.clone(),
        tokens: TokenStyle::Expiring,
        declared: ["app/uninstalled", "orders/create", "orders/paid"].map(|topic| (topic.into(), url.clone())).into(),
        ..Options::default()
    };
    let sim = Sim::new(shopify_sim::Clock::new(UnixMillis::now().0, 1.0), options);
    let installed = sim.install(ShopSeed::new(shop("north")));
    let serving = sim.serve(TcpListener::bind("127.0.0.1:0").await.unwrap()).await.unwrap();
    (sim, serving, installed)
}

/// Registers the shop with its token, which lasts an hour.
async fn register(world: &World, installed: &Installed) {
    let token = NewToken::Expiring {
        access: installed.access_token.clone(),
        expires_at: UnixMillis::now() + Duration::from_secs(3_600),
        refresh: installed.refresh_token.clone().unwrap(),
        refresh_expires_at: None,
    };
    add(world, new_shop(&installed.shop, Some(token))).await;
}

/// A client as one process has it.
async fn client(world: &World, serving: &Serving, installed: &Installed) -> Client {
    let tokens = DynamoTokens::new(&world.aws, world.deployed.shops_table.clone(), APP.to_owned(), keys(world).await);
    let shared = Shared {
        state: Arc::new(DynamoState::new(&world.aws, world.deployed.state_table.clone(), Clock::Wall)),
        tokens: Arc::new(tokens),
        clock: Clock::Wall,
        endpoint: Endpoint::at(&serving.url()).unwrap(),
        transport: Arc::new(Https::new().unwrap()),
    };
    shared.client(installed, "a test", Settings::default())
}

#[tokio::test]
async fn orders_that_are_placed_and_paid_in_a_shop_come_out_on_the_bus_once_each() {
    let world = World::new("orders-of-a-shop").await;
    let (sim, _serving, installed) = shopify(&world).await;
    let orders = sim.place_orders(&installed.shop, 2);
    // Every other order is paid.
    let mut came: Vec<(String, u64)> = world.events(3).await.iter().map(about).collect();
    came.sort();
    let mut expected = vec![
        ("com.shopify.orders.create".to_owned(), orders[0]),
        ("com.shopify.orders.create".to_owned(), orders[1]),
        ("com.shopify.orders.paid".to_owned(), orders[1]),
    ];
    expected.sort();
    assert_eq!(came, expected);
    world.end().await;
}

fn about(event: &Value) -> (String, u64) {
    (event["type"].as_str().unwrap().to_owned(), event["data"]["id"].as_u64().unwrap())
}

#[tokio::test]
async fn a_shop_that_uninstalls_the_app_is_not_called_any_more() {
    let world = World::new("uninstalls").await;
    let (sim, serving, installed) = shopify(&world).await;
    register(&world, &installed).await;
    sim.uninstall(&installed.shop);
    let is_wiped = async || {
        let known = registry(&world).get(&installed.shop, APP).await.unwrap().unwrap();
        known.token.is_none().then_some(())
    };
    eventually("the webhook to wipe the token", is_wiped).await;
    let client = client(&world, &serving, &installed).await;
    let call = Call::foreground(Duration::from_secs(60));
    let error = client.run::<ShopInfo>(&installed.shop, shop_info::Variables, &call).await.unwrap_err();
    assert!(matches!(error.kind, Kind::Token(TokenError::Uninstalled)), "{error}");
    assert_eq!(sim.calls_of("ShopInfo"), 0);
    world.end().await;
}
