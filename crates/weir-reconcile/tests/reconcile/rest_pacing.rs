//! Calls of REST share Shopify's bucket, over the simulated Shopify.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use shopify_client::{Call, Kind, Retry};
use shopify_sim::Plan;

use super::world::World;

const MINUTES: u64 = 3;

fn statuses(world: &World) -> Vec<u16> {
    let calls = world.sim.calls();
    calls.iter().filter(|call| call.operation == "shop.json").map(|call| call.status).collect()
}

#[tokio::test(start_paused = true)]
async fn processes_that_call_rest_as_fast_as_they_may_are_never_refused_and_use_the_bucket() {
    let world = World::with(|options| shopify_sim::Options { latency: Duration::from_millis(100), ..options });
    world.sim.set_plan(world.shop(), Plan::Standard);
    let end = tokio::time::Instant::now() + Duration::from_secs(60 * MINUTES);
    let process = |number: usize| {
        let client = world.client(&number.to_string());
        let shop = world.shop();
        async move {
            while tokio::time::Instant::now() < end {
                let call = Call::background(Duration::from_secs(30));
                match client.rest_get::<Value>(shop, "shop.json", &call).await {
                    Ok(_) => {}
                    Err(error) => {
                        assert!(matches!(error.kind, Kind::OverBudget), "{error}");
                        let Retry::After(wait) = error.retry else { panic!("{error}") };
                        tokio::time::sleep(wait).await;
                    }
                }
            }
        }
    };
    join_all((0..6).map(process)).await;
    let statuses = statuses(&world);
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    // Two a second come back.
    let most = 2 * 60 * MINUTES as usize;
    assert!(statuses.len() > most * 3 / 4, "{} of {most}", statuses.len());
}

#[tokio::test(start_paused = true)]
async fn rest_call_that_would_wait_beyond_its_deadline_says_when_to_come_back() {
    let world = World::new();
    world.sim.set_plan(world.shop(), Plan::Standard);
    let client = world.client("one");
    let get = |within: u64| {
        let (client, shop) = (&client, world.shop());
        async move { client.rest_get::<Value>(shop, "shop.json", &Call::background(Duration::from_secs(within))).await }
    };
    let ended = join_all((0..60).map(|_| get(3))).await;
    let refused: Vec<_> = ended.into_iter().filter_map(Result::err).collect();
    assert!(!refused.is_empty());
    for error in &refused {
        let Retry::After(wait) = error.retry else { panic!("{error}") };
        assert!(matches!(error.kind, Kind::OverBudget) && wait <= Duration::from_secs(60), "{error} {wait:?}");
    }
    assert!(statuses(&world).iter().all(|status| *status == 200));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(get(30).await.is_ok());
}
