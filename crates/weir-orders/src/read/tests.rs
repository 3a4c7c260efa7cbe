//! Bodies of every topic: whole, with little left, and of no shape.

use serde_json::{Value, json};
use weir_core::Topic;

use super::*;
use crate::{OrderEvent, event::ConfirmedWhen, money::MoneyBag};

const ORDER: Id = Id(4_783_296_544_821);

fn meta(topic: &str, body: &str) -> Meta {
    Meta { topic: Topic::from_stored(topic), ..Meta::sample("1", body.as_bytes()) }
}

#[track_caller]
fn said(topic: &str, body: &Value) -> OrderState {
    let body = body.to_string();
    match read(&meta(topic, &body), body.as_bytes()).unwrap() {
        Reading::Order(ORDER, said) => *said,
        other => panic!("{topic}: {other:?}"),
    }
}

#[test]
fn sample_of_every_topic_is_read_and_shows_quantities() {
    let now = jiff::Timestamp::from_second(1_795_755_600).unwrap();
    let mut samples = shopify_samples::Samples::new(7, "tulip-lab.myshopify.com", now);
    let mut read_topics = 0;
    for topic in shopify_samples::topics() {
        for _ in 0..50 {
            let body = samples.body(topic).unwrap();
            let reading = read(&meta(topic, &body), body.as_bytes()).unwrap_or_else(|error| panic!("{topic}: {error}"));
            let of_orders = ["orders/", "refunds/", "fulfillments/", "returns/", "order_transactions/"];
            let is_order = of_orders.iter().any(|prefix| topic.starts_with(prefix));
            assert_eq!(matches!(reading, Reading::Order(..)), is_order, "{topic}");
            read_topics += u32::from(is_order);
            let Reading::Order(_, said) = reading else { continue };
            let total = said.totals().total;
            assert_eq!(
                total.is_some(),
                topic.starts_with("orders/") && !topic.ends_with("delete") && !topic.ends_with("edited")
            );
        }
    }
    assert_eq!(read_topics, 50 * 13);
}

#[test]
fn superseded_snapshot_says_as_much_as_any_other() {
    let body = json!({ "id": ORDER, "financial_status": "paid" });
    assert_eq!(said("superseded/orders/paid", &body), said("orders/paid", &body));
}

#[test]
fn body_with_its_id_alone_says_nothing_and_fails_nothing() {
    let empty = OrderState::default();
    for topic in ["orders/create", "orders/updated", "orders/paid", "orders/fulfilled", "orders/cancelled"] {
        assert_eq!(
            said(topic, &json!({ "admin_graphql_api_id": "gid://shopify/Order/4783296544821" })),
            empty,
            "{topic}"
        );
    }
    for topic in ["refunds/create", "fulfillments/update", "order_transactions/create", "returns/close"] {
        assert_eq!(said(topic, &json!({ "order_id": ORDER })), empty, "{topic}");
    }
    assert_eq!(said("orders/edited", &json!({ "order_edit": { "order_id": ORDER } })), empty);
    let part = json!({ "id": 5, "order_id": ORDER });
    assert_eq!(said("refunds/create", &part).events(ConfirmedWhen::Created).len(), 0, "what it refunds is not known");
}

#[test]
fn body_that_names_no_order_is_refused_or_leads_to_it_by_its_part() {
    for topic in ["orders/updated", "orders/delete", "orders/edited", "refunds/create", "fulfillments/create"] {
        let error = read(&meta(topic, "{}"), b"{}").unwrap_err();
        assert_eq!(error, ReadError::NoOrder { topic: topic.to_owned() });
    }
    let unnamed = |topic: &str, body: &Value| {
        let body = body.to_string();
        match read(&meta(topic, &body), body.as_bytes()).unwrap() {
            Reading::Unnamed(part, _) => part,
            other => panic!("{topic}: {other:?}"),
        }
    };
    let update = json!({ "admin_graphql_api_id": "gid://shopify/Return/9", "return_line_items": { "removals": [] } });
    assert_eq!(unnamed("returns/update", &update), Part::Return(Id(9)));
    let moved = json!({ "original_fulfillment_order": { "id": "gid://shopify/FulfillmentOrder/1", "status": "closed" },
        "moved_fulfillment_order": { "id": "gid://shopify/FulfillmentOrder/2", "status": "open" } });
    assert_eq!(unnamed("fulfillment_orders/moved", &moved), Part::FulfillmentOrder(Id(1)));
    for (topic, body) in [("returns/process", "null"), ("fulfillment_orders/merged", "{}"), ("orders/unheard_of", "{}")]
    {
        assert_eq!(read(&meta(topic, body), body.as_bytes()), Ok(Reading::Nothing), "{topic}");
    }
}

#[test]
fn body_of_another_shape_is_refused_and_not_shown() {
    for body in [
        "",
        "[",
        "[1]",
        "{\"id\":-3}",
        "{\"id\":1,\"line_items\":\"Ada Lovelace\"}",
        "{\"id\":1,\"created_at\":\"Ada\"}",
    ] {
        let error = read(&meta("orders/create", body), body.as_bytes()).unwrap_err();
        assert!(matches!(error, ReadError::Syntax { .. }), "{body}: {error}");
        assert!(!error.to_string().contains("Ada"), "{error}");
    }
}

/// A refund of one item of 10.00 with 0.80 of tax, and what else a test adds.
fn refund_of(more: Value) -> MoneyBag {
    let dollars = |amount: &str| json!({ "shop_money": { "amount": amount, "currency_code": "USD" } });
    let mut body = json!({ "id": 5, "order_id": ORDER, "refund_line_items": [
        { "line_item_id": 1, "quantity": 1, "restock_type": "return", "subtotal_set": dollars("10.00"), "total_tax_set": dollars("0.80") } ] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let state = said("refunds/create", &body);
    assert!(state.events(ConfirmedWhen::Created).contains(&OrderEvent::Refunded(Id(5))));
    state.totals().refunded.unwrap()
}

#[test]
fn refund_adds_up_lines_shipping_and_duties_less_adjustments() {
    let dollars = |amount: &str| json!({ "shop_money": { "amount": amount, "currency_code": "USD" } });
    let amount = |more: Value| refund_of(more).shop.to_string();
    assert_eq!(amount(json!({})), "10.80 USD");
    let shipping = json!([{ "subtotal_amount_set": dollars("5.00"), "tax_amount_set": dollars("0.40") }]);
    let as_before =
        json!([{ "kind": "shipping_refund", "amount_set": dollars("-5.00"), "tax_amount_set": dollars("-0.40") }]);
    assert_eq!(amount(json!({ "refund_shipping_lines": shipping })), "16.20 USD");
    assert_eq!(amount(json!({ "order_adjustments": as_before })), "16.20 USD");
    assert_eq!(amount(json!({ "refund_shipping_lines": shipping, "order_adjustments": as_before })), "16.20 USD");
    let less =
        json!([{ "kind": "refund_discrepancy", "amount_set": dollars("3.00"), "tax_amount_set": dollars("0.00") }]);
    assert_eq!(amount(json!({ "order_adjustments": less, "total_duties_set": dollars("1.00") })), "8.80 USD");
}

#[test]
fn refund_brings_items_back_only_if_its_body_says_that_it_belongs_to_no_return() {
    let line = json!([{ "line_item_id": 1, "quantity": 1, "restock_type": "return" }]);
    let events = |more: Value| {
        let mut body = json!({ "id": 5, "order_id": ORDER, "refund_line_items": line });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        said("refunds/create", &body).events(ConfirmedWhen::Created).contains(&OrderEvent::BroughtBack(Id(5)))
    };
    assert_eq!(
        [json!({}), json!({ "return": null }), json!({ "return": { "id": 9 } })].map(events),
        [false, true, false]
    );
}

#[test]
fn refunded_deposit_is_no_payment_in_full() {
    let events = |status: &str| {
        said("orders/updated", &json!({ "id": ORDER, "financial_status": status })).events(ConfirmedWhen::Authorized)
    };
    assert!(events("refunded").is_empty() && events("partially_paid").is_empty());
    assert_eq!(events("authorized").into_iter().collect::<Vec<_>>(), [OrderEvent::Confirmed]);
    assert_eq!(events("partially_refunded").len(), 2);
}

/// Lines of topic and body, as `WEIR_SHOPIFY_PAYLOADS` has them for other tests too.
#[test]
fn documented_sample_of_every_topic_is_read() {
    let Some(folder) = std::env::var_os("WEIR_SHOPIFY_PAYLOADS") else {
        println!("Not read: WEIR_SHOPIFY_PAYLOADS names no folder of Shopify's samples");
        return;
    };
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "jsonl")) {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let sample: Value = serde_json::from_str(line).unwrap();
            let (topic, body) = (sample["topic"].as_str().unwrap(), sample["body"].to_string());
            read(&meta(topic, &body), body.as_bytes()).unwrap_or_else(|error| panic!("{topic}: {error}"));
        }
    }
}
