//! A whole stack and a simulated Shopify: what it sends comes out on the bus, and it is called with tokens that expire.

use std::{sync::Arc, time::Duration};

use resilience::Clock;
use secrecy::ExposeSecret;
use shopify_client::{
    Call, Client, Endpoint, Parts, Settings,
    operations::{ShopInfo, shop_info},
    tokens::App,
    transport::Https,
};
use shopify_sim::{Options, ShopSeed, Sim, TokenStyle};
use weir_aws::AppSecrets;
use weir_core::UnixMillis;
use weir_shops::{DynamoState, DynamoTokens, registry::NewToken};
use weir_tests::World;

use super::{APP, add, keys, new_shop, registry, shop};

#[tokio::test]
async fn an_order_of_the_simulated_shopify_is_on_the_bus_and_its_token_is_renewed_once() {
    let world = World::new("simulated").await;
    let north = shop("north");
    let options = Options {
        client_secret: world.deployed.client_secret.clone(),
        tokens: TokenStyle::Expiring,
        declared: vec![("orders/create".to_owned(), world.deployed.webhook_url.clone())],
        ..Options::default()
    };
    let client_id = options.client_id.clone();
    let sim = Sim::new(shopify_sim::Clock::new(UnixMillis::now().0, 1.0), options);
    let serving = sim.serve(tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap()).await.unwrap();
    let installed = sim.install(ShopSeed::new(north.clone()));

    let order = sim.place_orders(&north, 1)[0];
    let event = &world.events(1).await[0];
    assert_eq!((&event["type"], &event["data"]["id"]), (&"com.shopify.orders.create".into(), &order.into()));

    let secret =
        serde_json::json!({ "client_id": client_id, "client_secrets": [installed.client_secret.expose_secret()] });
    let secrets = aws_sdk_secretsmanager::Client::new(&world.aws);
    let name = format!("{}/{APP}", world.deployed.secret_prefix);
    secrets.put_secret_value().secret_id(name).secret_string(secret.to_string()).send().await.unwrap();
    sim.expire_tokens(&north);
    let token = NewToken::Expiring {
        access: installed.access_token,
        expires_at: UnixMillis::now(),
        refresh: installed.refresh_token.unwrap(),
        refresh_expires_at: None,
    };
    add(&world, new_shop(&north, Some(token))).await;
    let (first, second) =
        (client(&world, &serving.url(), "first").await, client(&world, &serving.url(), "second").await);
    let call = Call::foreground(Duration::from_secs(60));
    let asked = tokio::join!(
        first.run::<ShopInfo>(&north, shop_info::Variables, &call),
        second.run::<ShopInfo>(&north, shop_info::Variables, &call),
    );
    assert_eq!(asked.0.unwrap().data.shop.name, "north");
    assert_eq!(asked.1.unwrap().data.shop.name, "north");
    assert_eq!(sim.refreshes(&north), 1);
    assert_eq!(registry(&world).get(&north, APP).await.unwrap().unwrap().token.unwrap().version, 2);
    world.end().await;
}

/// As the command line makes it.
async fn client(world: &World, shopify: &str, process: &str) -> Client {
    let secrets = AppSecrets::new(&world.aws, world.deployed.secret_prefix.clone());
    let app = secrets.credentials(APP).await.unwrap();
    let tokens = DynamoTokens::new(&world.aws, world.deployed.shops_table.clone(), APP.to_owned(), keys(world).await);
    let parts = Parts {
        app: App { name: APP.to_owned(), client_id: app.client_id, client_secret: app.client_secret },
        endpoint: Endpoint::at(shopify).unwrap(),
        transport: Arc::new(Https::new().unwrap()),
        tokens: Arc::new(tokens),
        state: Arc::new(DynamoState::new(&world.aws, world.deployed.state_table.clone(), Clock::Wall)),
        clock: Clock::Wall,
        process: process.to_owned(),
    };
    Client::new(parts, Settings::default())
}
