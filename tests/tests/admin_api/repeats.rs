//! What is sent twice, and what is not.

use std::time::Duration;

use resilience::breaker;
use shopify_client::{
    Call, IdempotencyKey, Kind, Retry, Settings,
    operations::{InventorySetQuantities, ShopInfo, inventory_set_quantities as set, shop_info},
};
use shopify_sim::{Act, Rule};

use crate::support::{World, call, impatient, settings, shop};

#[tokio::test]
async fn a_mutation_without_idempotent_is_never_sent_again_once_it_may_have_run() {
    for act in [Act::Hang, Act::Truncate, Act::ResetAfter, Act::ResetBefore, Act::MalformedJson, Act::Html]
        .into_iter()
        .chain([500, 502, 503].map(|status| Act::Status { status, retry_after: None }))
    {
        let mut world = World::new().await;
        if act == Act::Hang {
            world.settings = impatient();
        }
        world.script(Rule::new(act.clone()).on("TagsAdd"));
        let error = world.tag().await.map(|_| ()).expect_err("it never goes well");
        assert_eq!(world.sim.calls_of("TagsAdd"), 1, "{act:?}: sent again");
        assert_eq!(error.retry, Retry::Never, "{act:?}");
    }
}

#[tokio::test]
async fn a_mutation_that_did_not_run_is_sent_again() {
    for act in [Act::Throttled, Act::Status { status: 429, retry_after: Some(0.01) }] {
        let world = World::new().await;
        world.script(Rule::new(act.clone()).on("TagsAdd").times(2));
        world.tag().await.unwrap_or_else(|error| panic!("{act:?}: {error}"));
        assert_eq!((world.sim.calls_of("TagsAdd"), world.sim.executions_of("TagsAdd")), (3, 1), "{act:?}");
    }
}

#[tokio::test]
async fn an_idempotent_mutation_takes_effect_once_though_its_reply_is_lost_twice() {
    let world = World::new().await;
    world.script(Rule::new(Act::ResetAfter).on("InventorySetQuantities").times(2));
    let (items, locations) = world.sim.inventory(&shop());
    let (item, location) = (items[0], locations[0]);
    let before = world.sim.available(&shop(), item, location).unwrap();
    let variables = set::Variables {
        input: set::InventorySetQuantitiesInput {
            name: "available".to_owned(),
            reason: "correction".to_owned(),
            reference_document_uri: None,
            quantities: vec![set::InventoryQuantityInput {
                inventory_item_id: format!("gid://shopify/InventoryItem/{item}"),
                location_id: format!("gid://shopify/Location/{location}"),
                quantity: before + 5,
                // Without the key, the second attempt would find another quantity and be refused.
                change_from_quantity: Some(before),
            }],
        },
        idempotency_key: IdempotencyKey::new("north#1", "set", 0).into(),
    };
    world.client().run::<InventorySetQuantities>(&shop(), variables, &call()).await.unwrap();
    assert_eq!(world.sim.calls_of("InventorySetQuantities"), 3);
    assert_eq!(world.sim.available(&shop(), item, location), Some(before + 5));
}

#[tokio::test]
async fn all_attempts_end_within_the_callers_time() {
    let mut world = World::new().await;
    world.settings = impatient();
    world.script(Rule::new(Act::Hang).on("ShopInfo"));
    let call = Call::foreground(Duration::from_millis(900));
    let began = std::time::Instant::now();
    let error = world.client().run::<ShopInfo>(&shop(), shop_info::Variables, &call).await.map(|_| ()).unwrap_err();
    // The server never answers: any end is the caller's own, however busy the machine.
    assert!(began.elapsed() < Duration::from_secs(60), "took {:?}", began.elapsed());
    assert!(matches!(error.retry, Retry::After(_)));
    assert!(world.sim.calls_of("ShopInfo") <= 2, "one whole attempt, and what is left of the time");
}

#[tokio::test]
async fn a_shop_that_keeps_failing_is_left_alone_by_every_process() {
    let world = World::new().await;
    world.script(Rule::new(Act::Status { status: 503, retry_after: None }).on("ShopInfo"));
    let settings = Settings {
        breaker: breaker::Settings { read_every: Duration::ZERO, ..breaker::Settings::default() },
        ..settings()
    };
    let one = world.shared.client(&world.installed, "one", settings);
    let other = world.shared.client(&world.installed, "other", settings);
    let read = |client: shopify_client::Client| async move {
        client.run::<ShopInfo>(&shop(), shop_info::Variables, &call()).await.map(|_| ()).unwrap_err()
    };
    read(one.clone()).await;
    let error = read(one).await;
    assert!(matches!(error.kind, Kind::CircuitOpen(_)), "{error}");
    let calls = world.sim.calls_of("ShopInfo");
    let error = read(other).await;
    assert!(matches!(error.kind, Kind::CircuitOpen(_)), "{error}");
    assert!(matches!(error.retry, Retry::After(wait) if wait > Duration::from_secs(5)), "{:?}", error.retry);
    assert_eq!(world.sim.calls_of("ShopInfo"), calls, "nobody asked Shopify again");
    assert!(world.state.writes() > 0, "the circuit is shared");
}

#[tokio::test]
async fn at_most_ten_requests_are_in_flight_for_a_shop() {
    let world = World::new().await;
    world.script(Rule::new(Act::Slow { ms: 150 }).on("ShopInfo"));
    let client = world.client();
    let (call, shop) = (call(), shop());
    let calls = (0..30).map(|_| client.run::<ShopInfo>(&shop, shop_info::Variables, &call));
    let began = std::time::Instant::now();
    let ended = futures_util::future::join_all(calls).await;
    assert!(ended.iter().all(Result::is_ok));
    assert!(began.elapsed() >= Duration::from_millis(450), "three rounds of ten take three times as long");
}
