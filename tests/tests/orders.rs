//! The projection of orders on the local emulator: from a signed webhook to an order's events on the bus.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, time::Duration};

use resilience::Clock;
use serde_json::{Value, json};
use weir_core::EventShop;
use weir_ops::{Stack, StackLocation};
use weir_orders::{
    Record,
    payload::Id,
    store::{DynamoOrders, OrderKey, OrderStore},
};
use weir_tests::{World, eventually};

const ORDER: u64 = 820_982_911_946_154_508;

fn order(second: u32, payment: &str, fulfilment: Option<&str>) -> Value {
    let money = json!({ "shop_money": { "amount": "20.00", "currency_code": "EUR" } });
    json!({ "id": ORDER, "name": "#1001", "created_at": "2026-11-22T12:00:00Z",
        "updated_at": format!("2026-11-22T12:00:{second:02}Z"), "cancelled_at": null, "closed_at": null, "test": false,
        "source_name": "web", "financial_status": payment, "fulfillment_status": fulfilment, "total_price_set": money,
        "email": "ada@example.com", "customer": { "first_name": "Ada" },
        "line_items": [{ "id": 1, "sku": "MUG", "quantity": 2, "current_quantity": 2, "price_set": money }],
        "fulfillments": fulfilment.map(|_| json!([{ "id": 7, "status": "success", "line_items": [{ "id": 1, "quantity": 2 }] }])) })
}

async fn send(world: &World, topic: &str, id: &str, body: &Value) {
    world.accepted(&world.delivery(topic, id, body.to_string())).await;
}

/// The order, once it is so and has nothing left to publish.
async fn stored(orders: &DynamoOrders, is_so: impl Fn(&Record) -> bool) -> Record {
    let key = OrderKey { shop: EventShop::from_stored("north.myshopify.com"), order: Id(ORDER) };
    let look = async || orders.get(&key).await.unwrap().filter(|record| record.outbox.is_empty() && is_so(record));
    eventually("the order to be stored", look).await
}

/// The order's events, by their ids.
fn of_orders(published: Vec<Value>) -> BTreeMap<String, Value> {
    let mut events = BTreeMap::new();
    for entry in published.into_iter().filter(|entry| entry["source"] == "weir.orders") {
        let detail = entry["detail"].clone();
        assert_eq!(entry["detail-type"], detail["type"]);
        let id = detail["id"].as_str().unwrap().to_owned();
        assert!(events.insert(id.clone(), detail).is_none(), "{id} was published twice");
    }
    events
}

#[tokio::test]
async fn webhooks_of_an_order_in_any_order_become_one_item_and_each_event_once() {
    let world = World::with("orders", &[("OrderDays", "30")]).await;
    let deployed = &world.deployed;
    let location = StackLocation::emulated(&deployed.stack_name, &deployed.region, &deployed.endpoint, None);
    let stack = Stack::describe(location).await.unwrap();
    let table = stack.output("OrdersTable").unwrap().to_owned();
    let orders = DynamoOrders::new(&world.aws, table, Duration::from_secs(86_400), Clock::Wall);
    // The last snapshot first: the others are superseded, and show what the order had reached.
    send(&world, "orders/fulfilled", "fulfilled", &order(30, "paid", Some("fulfilled"))).await;
    world.done("fulfilled").await;
    send(&world, "orders/create", "created", &order(1, "pending", None)).await;
    send(&world, "orders/paid", "paid", &order(10, "paid", None)).await;
    let edit = json!({ "order_edit": { "id": 5, "order_id": ORDER, "committed_at": "2026-11-22T12:00:20Z",
        "line_items": { "additions": [], "removals": [] } } });
    send(&world, "orders/edited", "edited", &edit).await;
    let money = |amount: &str| json!({ "shop_money": { "amount": amount, "currency_code": "EUR" } });
    let refund = json!({ "id": 6, "order_id": ORDER, "created_at": "2026-11-22T12:01:00Z", "return": null,
        "refund_line_items": [{ "line_item_id": 1, "quantity": 1, "restock_type": "return", "subtotal_set": money("10.00"),
            "total_tax_set": money("1.90") }] });
    send(&world, "refunds/create", "refunded", &refund).await;
    // No subscription of orders may send this one: it names no order.
    send(&world, "refunds/create", "poison", &json!({ "id": 9 })).await;

    let all = |record: &Record| {
        record.state.milestones.len() == 4 && record.state.refunds.len() == 1 && record.state.edits.len() == 1
    };
    let record = stored(&orders, all).await;
    let axes = record.state.axes();
    let axes = [axes.lifecycle.as_str(), axes.payment.as_str(), axes.fulfilment.as_str(), axes.returns.as_str()];
    assert_eq!(axes, ["open", "paid", "fulfilled", "returned"]);
    let line = &record.lines()[0];
    assert_eq!((line.ordered, line.fulfilled, line.returned, line.restocked), (Some(2), 2, 1, 1));

    let mut published = Vec::new();
    let ends = ["confirmed", "paid", "fulfilled/7", "edited/5", "refunded/6", "returned/refund/6"];
    eventually("the order's events", async || {
        published.extend(world.take(&world.deployed.tap_queue_url).await);
        let count = published.iter().filter(|entry| entry["source"] == "weir.orders").count();
        (count >= ends.len()).then_some(())
    })
    .await;
    let dlq = format!("{}-dlq", stack.output("OrdersQueueUrl").unwrap());
    let dead = eventually("the poison among the dead letters", async || {
        Some(world.take(&dlq).await).filter(|letters| !letters.is_empty())
    })
    .await;
    assert_eq!(dead.iter().map(|letter| &letter["detail"]["id"]).collect::<Vec<_>>(), ["poison"]);

    published.extend(world.take(&world.deployed.tap_queue_url).await);
    let events = of_orders(published);
    let expected = ends.map(|end| format!("north.myshopify.com/{ORDER}/{end}"));
    assert_eq!(events.keys().cloned().collect::<std::collections::BTreeSet<_>>(), expected.clone().into());
    assert_eq!(
        events[&expected[4]]["data"]["refund"]["amount"]["shop_money"],
        json!({ "amount": "11.90", "currency_code": "EUR" })
    );
    assert!(!format!("{events:?}").contains("Ada"), "an event has no customer");
    world.end().await;
}
