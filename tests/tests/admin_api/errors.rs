//! Every line of the error taxonomy, over a socket: what it is, how often it was sent, and whether it may be again.

use std::time::Duration;

use shopify_client::{
    Error, Kind, Retry,
    operations::{ProductsPage, ShopInfo, TagsAdd, products_page, shop_info, tags_add},
    transport::TransportError,
};
use shopify_sim::{Act, Rule};

use crate::support::{World, answer, call, impatient, said, scripted, shop};

fn status(status: u16) -> Rule {
    Rule::new(Act::Status { status, retry_after: None }).on("ShopInfo")
}

/// Reads under a rule: the error, and how often Shopify was called.
async fn read_under(rule: Rule) -> (Error, usize) {
    let mut world = World::new().await;
    if rule.act == Act::Hang {
        world.settings = impatient();
    }
    world.script(rule);
    let error = world.read().await.expect_err("the rule is for every call");
    assert_eq!(error.shop, shop());
    assert_eq!(error.operation, "ShopInfo");
    (error, world.sim.calls_of("ShopInfo"))
}

#[track_caller]
fn shows(error: &Error, words: &[&str]) {
    let text = said(error);
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

#[tokio::test]
async fn permanent_error_is_not_retried() {
    for (code, word, hint) in [
        (402, "frozen", "settle"),
        (403, "403", "scopes"),
        (404, "404", "domain"),
        (423, "locked", "owner"),
        (430, "suspicious", "wait"),
    ] {
        let (error, calls) = read_under(status(code)).await;
        assert_eq!(calls, 1, "{code}");
        assert!(error.request_id.is_some(), "{code}");
        shows(&error, &[word, "north.myshopify.com", "request", "hint: ", hint]);
    }
}

#[tokio::test]
async fn transient_error_is_retried_and_then_deferred() {
    for code in [500, 502, 503, 504] {
        let (error, calls) = read_under(status(code)).await;
        assert_eq!((calls, error.attempts), (5, 5), "{code}");
        assert!(matches!(error.kind, Kind::Server(seen) if seen == code), "{error}");
        assert!(matches!(error.retry, Retry::After(_)), "{error}");
    }
    let (error, calls) = read_under(status(429)).await;
    assert_eq!(calls, 5);
    assert!(matches!(error.kind, Kind::TooManyRequests), "{error}");
    let (error, calls) = read_under(Rule::new(Act::Throttled).on("ShopInfo")).await;
    assert_eq!(calls, 5);
    assert!(matches!(error.kind, Kind::Throttled), "{error}");
}

#[tokio::test]
async fn a_failure_that_passes_is_not_seen_at_all() {
    for act in [Act::Status { status: 503, retry_after: None }, Act::Throttled, Act::Truncate, Act::ResetAfter] {
        let world = World::new().await;
        world.script(Rule::new(act.clone()).on("ShopInfo").times(2));
        let reply = world.read().await.unwrap_or_else(|error| panic!("{act:?}: {error}"));
        assert_eq!(reply.data.shop.myshopify_domain, "north.myshopify.com");
        assert_eq!(world.sim.calls_of("ShopInfo"), 3, "{act:?}");
    }
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let world = World::new().await;
    world.script(Rule::new(Act::Status { status: 429, retry_after: Some(1.0) }).on("ShopInfo").times(1));
    world.read().await.unwrap();
    let calls: Vec<_> = world.sim.calls().into_iter().filter(|call| call.operation == "ShopInfo").collect();
    assert!(calls[1].at.since(calls[0].at) >= Duration::from_millis(950), "{calls:?}");
}

#[tokio::test]
async fn a_retry_after_beyond_the_callers_time_is_told_not_waited_for() {
    let world = World::new().await;
    world.script(Rule::new(Act::Status { status: 429, retry_after: Some(3_600.0) }).on("ShopInfo"));
    let error = world.read().await.unwrap_err();
    assert_eq!(world.sim.calls_of("ShopInfo"), 1);
    assert!(matches!(error.retry, Retry::After(wait) if wait >= Duration::from_secs(3_600)), "{:?}", error.retry);
}

#[tokio::test]
async fn broken_or_missing_response_is_a_transport_error() {
    for (act, expected) in [
        (Act::Hang, "no reply within"),
        (Act::Truncate, "broke"),
        (Act::ResetBefore, "broke"),
        (Act::ResetAfter, "broke"),
        (Act::MalformedJson, "can't be read"),
        (Act::Html, "can't be read"),
    ] {
        let (error, calls) = read_under(Rule::new(act.clone()).on("ShopInfo")).await;
        assert_eq!(calls, 5, "{act:?}: a read may be sent again");
        shows(&error, &[expected, "5 attempts"]);
        assert!(matches!(error.retry, Retry::After(_)), "{act:?}");
    }
}

#[tokio::test]
async fn refused_connection_is_retried_and_reported() {
    let mut world = World::new().await;
    // A port that was free a moment ago.
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    world.shared.endpoint = shopify_client::Endpoint::at(&format!("http://{gone}")).unwrap();
    let error = world.tag().await.unwrap_err();
    assert!(matches!(error.kind, Kind::Transport(TransportError::Connect(_))), "{error}");
    assert_eq!(error.attempts, 5, "nothing was sent, so even this mutation may be repeated");
    assert!(!error.to_string().contains(&gone.port().to_string()), "no URL in it: {error}");
}

#[tokio::test]
async fn graphql_errors_inside_200_are_told_apart() {
    for (body, expected, retries) in [
        (r#"{"errors":[{"message":"x","extensions":{"code":"SHOP_INACTIVE"}}]}"#, "inactive", false),
        (
            r#"{"errors":[{"message":"x","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}"#,
            "INTERNAL_SERVER_ERROR",
            true,
        ),
        (
            r#"{"errors":[{"message":"x","extensions":{"code":"MAX_COST_EXCEEDED","cost":2003,"maxCost":1000}}]}"#,
            "2003 points",
            false,
        ),
        (r#"{"errors":"Unavailable"}"#, "does not understand", false),
        (r#"{"data":null}"#, "can't be read", true),
        (r#"{"data":{"shop":{"name":7}}}"#, "another shape", true),
    ] {
        let (client, served) = scripted(answer(body)).await;
        let error = client.run::<ShopInfo>(&shop(), shop_info::Variables, &call()).await.unwrap_err();
        shows(&error, &[expected, "request r-1"]);
        assert_eq!(error.attempts > 1, retries, "{error}");
        served.abort();
    }
}

#[tokio::test]
async fn too_dear_a_query_is_refused_with_its_cost() {
    let world = World::new().await;
    let query = "query Dear { products(first: 250) { nodes { variants(first: 250) { nodes {
        inventoryItem { inventoryLevels(first: 250) { nodes { id } } } } } } } }";
    let error = world.client().raw::<serde_json::Value>(&shop(), "Dear", query, &(), &call()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::MaxCostExceeded { max, .. } if max == 1_000.0), "{error}");
    assert_eq!((error.attempts, error.retry), (1, Retry::Never));
    shows(&error, &["hint: ", "bulk operation"]);
}

#[tokio::test]
async fn a_field_that_may_not_be_read_is_an_error() {
    let world = World::new().await;
    world.sim.set_scopes(&shop(), &["read_orders"]);
    let variables = || products_page::Variables { first: 1, after: None, query: None };
    let client = world.client();
    let error = client.run::<ProductsPage>(&shop(), variables(), &call()).await.map(|_| ()).unwrap_err();
    assert!(matches!(&error.kind, Kind::AccessDenied(denied) if !denied.is_empty()), "{error}");
    shows(&error, &["access denied", "hint: ", "scope"]);
    let query = "query Both { shop { id } products(first: 1) { nodes { id } } }";
    let whole = client.raw::<serde_json::Value>(&shop(), "Both", query, &(), &call()).await;
    assert!(matches!(whole.unwrap_err().kind, Kind::AccessDenied(_)));
}

#[tokio::test]
async fn partial_response_lists_the_fields_left_out() {
    let body = r#"{"data":{"tagsAdd":null},"errors":[{"message":"Access denied for tagsAdd field.","path":["tagsAdd"],
        "extensions":{"code":"ACCESS_DENIED","requiredAccess":"`write_products`"}}]}"#;
    let variables = || tags_add::Variables { id: "gid://shopify/Product/1".to_owned(), tags: vec!["a".to_owned()] };
    let (client, served) = scripted(answer(body)).await;
    let error = client.run::<TagsAdd>(&shop(), variables(), &call()).await.map(|_| ()).unwrap_err();
    assert!(matches!(error.kind, Kind::AccessDenied(_)), "{error}");
    let reply = client.run_partial::<TagsAdd>(&shop(), variables(), &call()).await.unwrap();
    assert!(reply.data.tags_add.is_none());
    assert_eq!(reply.missing.len(), 1);
    assert_eq!(reply.missing[0].extensions.required_access.as_deref(), Some("`write_products`"));
    served.abort();
}

#[tokio::test]
async fn a_refused_mutation_tells_which_input_and_why() {
    let world = World::new().await;
    let variables = tags_add::Variables { id: "gid://shopify/Product/1".to_owned(), tags: vec!["a".to_owned()] };
    let error = world.client().run::<TagsAdd>(&shop(), variables, &call()).await.map(|_| ()).unwrap_err();
    assert!(matches!(&error.kind, Kind::UserErrors(errors) if errors.len() == 1), "{error}");
    assert_eq!((error.attempts, error.retry), (1, Retry::Never));
}

#[tokio::test]
async fn another_version_than_asked_for_is_noticed() {
    let world = World::new().await;
    let client = world.client();
    client.run::<ShopInfo>(&shop(), shop_info::Variables, &call()).await.unwrap();
    assert!(!client.fell_forward());
    world.script(Rule::new(Act::Version("2027-01".to_owned())));
    let reply = client.run::<ShopInfo>(&shop(), shop_info::Variables, &call()).await.unwrap();
    assert_eq!(reply.version.as_deref(), Some("2027-01"));
    assert!(client.fell_forward());
}

#[tokio::test]
async fn rest_obeys_its_own_limit() {
    let world = World::new().await;
    let client = world.client();
    let path = "orders/count.json?status=any";
    let reply = client.rest_get::<serde_json::Value>(&shop(), path, &call()).await.unwrap();
    assert!(reply.data["count"].is_u64(), "{}", reply.data);
    let error = client.rest_get::<serde_json::Value>(&shop(), "nothing.json", &call()).await.unwrap_err();
    shows(&error, &["GET nothing.json", "404"]);
    world.script(Rule::new(Act::Status { status: 429, retry_after: Some(0.2) }).on("count.json").times(1));
    client.rest_get::<serde_json::Value>(&shop(), path, &call()).await.unwrap();
}
