//! `weir fence`: what is wrong at the fence can be seen, and forgotten.

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use serde_json::Value;
use weir_core::ledger::State;
use weir_tests::{Local, eventually};

const SHOP: &str = "north.myshopify.com";
const RESOURCE: &str = "orders/1";

#[tokio::test]
async fn a_wrong_fence_is_shown_and_reset() {
    let local = Local::new("wrong-fence").await;
    let world = &local.world;
    let order = |id: &str, second: u8| {
        let body = format!("{{\"id\":1,\"updated_at\":\"2026-11-27T05:00:{second:02}Z\"}}");
        world.delivery("orders/updated", id, body)
    };
    let nothing = local.weir(&["fence", "show", RESOURCE, "--shop", SHOP]).await;
    assert_ne!(nothing.status, 0);
    assert!(nothing.stderr.contains("keeps nothing") && nothing.stderr.contains("hint:"), "{}", nothing.stderr);

    world.accepted(&order("first", 10)).await;
    world.done("first").await;
    let shown = local.weir(&["fence", "show", RESOURCE, "--shop", SHOP]).await;
    assert_eq!(shown.status, 0, "{}", shown.stderr);
    for part in ["2026-11-27T05:00:10Z", "orders/updated", "nobody"] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }

    // What is not weir's parks each event of the resource, and its error says where to look.
    let key = format!("{SHOP}#default#{RESOURCE}");
    let dynamo = Client::new(&world.aws);
    let broken = dynamo
        .update_item()
        .table_name(&world.deployed.fence_table)
        .key("pk", AttributeValue::S(key.clone()))
        .update_expression("SET latest_ns = :text, updated_ns = :far")
        .expression_attribute_values(":text", AttributeValue::S("\u{1b}[2J".to_owned()))
        .expression_attribute_values(":far", AttributeValue::N("253402214400000000000".to_owned()));
    broken.send().await.unwrap();
    world.accepted(&order("parked", 11)).await;
    let error = eventually("the event to be parked", async || {
        let record = world.record("parked").await?;
        matches!(record.state, State::Parked { .. }).then_some(record.last_error?)
    })
    .await;
    assert!(error.contains(&format!("weir fence show {RESOURCE}")), "{error}");
    let shown = local.weir(&["fence", "show", RESOURCE, "--shop", SHOP]).await;
    assert!(shown.stdout.contains("latest_ns") && !shown.stdout.contains('\u{1b}'), "{}", shown.stdout);

    let reset = ["fence", "reset", RESOURCE, "--shop", SHOP, "--why", "INC-7"];
    let preview = local.weir(&reset).await;
    assert_eq!(preview.status, 0, "{}", preview.stderr);
    assert!(world.fence.look(&key).await.unwrap().is_some(), "a preview changes nothing");
    let done = local.weir(&[&reset[..], &["--yes", "--json"]].concat()).await;
    let told: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.status, &told["reset"], &told["key"]), (0, &true.into(), &key.as_str().into()), "{}", done.stdout);
    assert!(world.fence.look(&key).await.unwrap().is_none());

    world.done("parked").await;
    local.world.end().await;
}
