use serde::Deserialize;
use weir_core::{Failure, envelope::Meta};

use super::*;

fn event(body: &str) -> Event {
    Event::new(Meta::sample("1", body.as_bytes()), body.into())
}

#[derive(Deserialize)]
struct Order {
    id: u64,
    note: Option<String>,
    line_items: Option<Vec<Line>>,
}

#[derive(Deserialize)]
struct Line {
    quantity: u32,
}

async fn run(router: &Router, body: &str) -> Result<(), Failure> {
    for handler in router.handlers("orders/create") {
        handler.run(event(body)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_payload_tolerates_unknown_and_missing_fields_and_keeps_large_ids() {
    let router = Router::new().on("orders/create", |Payload(order): Payload<Order>| async move {
        assert_eq!((order.id, order.note, order.line_items.is_none()), (820_982_911_946_154_508, None, true));
        Ok(())
    });
    run(&router, r#"{"new_in_2027": [], "id": 820982911946154508}"#).await.unwrap();
}

#[tokio::test]
async fn a_payload_of_another_shape_is_permanent_and_names_the_field_but_no_value() {
    let router = Router::new().on("orders/create", |Payload(order): Payload<Order>| async move {
        let items: u32 = order.line_items.iter().flatten().map(|line| line.quantity).sum();
        if items > 0 { Ok(()) } else { Err(Failure::transient("no items")) }
    });
    let failure = run(&router, r#"{"id":1,"line_items":[{"quantity":"ann@example.com"}]}"#).await.unwrap_err();
    assert!(failure.is_permanent());
    assert!(failure.reason().contains("line_items[0].quantity") && !failure.reason().contains("ann"), "{failure}");
}

#[tokio::test]
async fn handlers_run_in_order_until_one_fails() {
    let (sender, ran) = std::sync::mpsc::channel();
    let step = |name: &'static str, result: Result<(), Failure>| {
        let sender = sender.clone();
        move |_: Event| {
            sender.send(name).unwrap();
            std::future::ready(result.clone())
        }
    };
    let router = Router::new()
        .on("orders/*", step("first", Ok(())))
        .on("products/*", step("never", Ok(())))
        .on("orders/create", step("second", Err(Failure::transient("down"))))
        .on("*", step("third", Ok(())));
    assert_eq!(run(&router, "{}").await, Err(Failure::transient("down")));
    assert_eq!(ran.try_iter().collect::<Vec<_>>(), ["first", "second"]);
}

#[test]
#[should_panic(expected = "is no pattern")]
fn a_wrong_pattern_stops_the_program_at_its_start() {
    let _router = Router::new().on("orders", |_: Event| std::future::ready(Ok(())));
}

#[test]
fn handlers_have_the_names_of_their_functions_or_those_they_are_given() {
    async fn note(_: Event) -> Result<(), Failure> {
        Ok(())
    }
    let router = Router::new()
        .on("orders/create", note)
        .on_as("erp", "orders/*", note)
        .on("*", |_: Event| std::future::ready(Ok(())));
    let names: Vec<_> = router.handlers("orders/create").map(Route::name).collect();
    assert_eq!(names[1], "erp");
    assert!(names[0].ends_with("::note"), "{names:?}");
    assert!(names[2].ends_with("those_they_are_given"), "{names:?}");
}

#[test]
fn debug_shows_no_body() {
    assert!(!format!("{:?}", event("{\"email\":\"ann@example.com\"}")).contains("ann"));
}

#[test]
fn merged_handlers_run_after_those_that_were_there() {
    let done = |_: Event| std::future::ready(Ok(()));
    let own = Router::new().on_as("own", "*", done);
    let router = own.merge(Router::new().on_as("first", "orders/*", done).on_as("second", "*", done));
    let names: Vec<_> = router.handlers("orders/create").map(Route::name).collect();
    assert_eq!(names, ["own", "first", "second"]);
}

/// What a check sends is nobody's order: a handler for everything would forward it.
#[test]
fn event_of_a_check_has_no_handlers() {
    let router = Router::new().on("*", |_: Event| std::future::ready(Ok(())));
    assert_eq!(router.handlers("orders/create").count(), 1);
    for lane in weir_core::Lane::ALL {
        assert_eq!(router.handlers(&check::topic(lane)).count(), 0, "{lane}");
    }
}
