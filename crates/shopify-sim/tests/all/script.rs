//! Misbehaviour: each act does what it says.

use std::time::Duration;

use serde_json::{Value, json};
use shopify_sim::{Act, Reply, Rule};

use crate::support::{Bench, body};

const TAG: &str = "mutation TagsAdd($id: ID!) { tagsAdd(id: $id, tags: [\"a\"]) { node { id } } }";

fn variables(bench: &Bench) -> Value {
    json!({ "id": format!("gid://shopify/Product/{}", bench.sim.products(&bench.shop)[0]) })
}

async fn tag(bench: &Bench, act: Act) -> Reply {
    bench.sim.forget_calls();
    bench.sim.clear_script();
    bench.sim.script(Rule::new(act).on("TagsAdd").at("north*").times(1));
    bench.reply(TAG, variables(bench)).await
}

#[tokio::test(start_paused = true)]
async fn request_that_fails_before_it_runs_has_no_effect() {
    let bench = Bench::new();
    let refused = tag(&bench, Act::Status { status: 429, retry_after: Some(2.0) }).await.full().unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "2.0"));
    assert_eq!(bench.sim.executions_of("TagsAdd"), 0);
    assert!(matches!(tag(&bench, Act::ResetBefore).await, Reply::Reset));
    assert_eq!(bench.sim.executions_of("TagsAdd"), 0);
    let page = tag(&bench, Act::Html).await.full().unwrap();
    assert!(page.body().starts_with(b"<!DOCTYPE html>"));
    let throttled = body(&tag(&bench, Act::Throttled).await.full().unwrap());
    assert_eq!(throttled["errors"][0]["extensions"]["code"], "THROTTLED");
    assert_eq!(bench.sim.executions_of("TagsAdd"), 0);
}

#[tokio::test(start_paused = true)]
async fn request_that_fails_after_it_ran_has_its_effect() {
    let bench = Bench::new();
    for act in [Act::ResetAfter, Act::Hang, Act::Truncate, Act::MalformedJson] {
        let reply = tag(&bench, act.clone()).await;
        assert_eq!(bench.sim.executions_of("TagsAdd"), 1, "{act:?}");
        match act {
            Act::ResetAfter => assert!(matches!(reply, Reply::Reset)),
            Act::Hang => assert!(matches!(reply, Reply::Never)),
            Act::Truncate => assert!(matches!(reply, Reply::Truncated { sent, .. } if sent > 0)),
            _ => assert!(serde_json::from_slice::<Value>(reply.full().unwrap().body()).is_err()),
        }
    }
    // Used up: the next one is whole.
    assert!(bench.reply(TAG, variables(&bench)).await.full().is_some());
}

#[tokio::test(start_paused = true)]
async fn slow_is_late_by_simulated_time_and_a_version_is_what_it_says() {
    let bench = Bench::new();
    let before = bench.sim.clock().now();
    tag(&bench, Act::Slow { ms: 7_000 }).await;
    assert!(bench.sim.clock().now().since(before) >= Duration::from_secs(7));
    let response = tag(&bench, Act::Version("2026-01".to_owned())).await.full().unwrap();
    assert_eq!(response.headers()["x-shopify-api-version"], "2026-01");
}
