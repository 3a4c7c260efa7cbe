//! Who shares a fetch with whom.

use std::{collections::HashSet, sync::atomic::Ordering, time::Duration};

use futures_util::future::{join, join_all};

use super::*;
use crate::Kind;

#[tokio::test(start_paused = true)]
async fn a_hundred_callers_of_one_object_cost_one_query() {
    let rig = rig();
    let all = join_all((0..100).map(|_| rig.title(&rig.here))).await;
    assert_eq!((all.len(), rig.shopify.asked.lock().unwrap().clone()), (100, vec![vec![1]]));
    assert_eq!((rig.store.gets.load(Ordering::SeqCst), rig.store.puts.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn callers_of_different_objects_share_a_query() {
    let rig = rig();
    let one = |id| {
        let cache = rig.here.clone();
        async move { cache.get::<Product>(&shop(), id, &call()).await.unwrap().unwrap().id.clone() }
    };
    let ids = join_all((1..=100).map(one)).await;
    assert_eq!((ids[41].as_str(), rig.calls()), ("gid://shopify/Product/42", 1));
    assert_eq!((rig.store.gets.load(Ordering::SeqCst), rig.store.puts.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn three_hundred_objects_take_two_queries_in_order_and_no_id_twice() {
    let rig = rig();
    let ids: Vec<u64> = (1..=300).rev().chain([5, 5, NONE_FROM, 300]).collect();
    let found = rig.here.get_many::<Product>(&shop(), &ids, &call()).await.unwrap();
    assert_eq!(found.len(), ids.len());
    for (id, product) in ids.iter().zip(&found) {
        let expected = (*id < NONE_FROM).then(|| format!("gid://shopify/Product/{id}"));
        assert_eq!(product.as_ref().map(|product| &product.id), expected.as_ref());
    }
    let asked = rig.shopify.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|ids| ids.len() <= 250));
    let each: Vec<u64> = asked.concat();
    assert_eq!((each.len(), each.iter().collect::<HashSet<_>>().len()), (301, 301));
    assert_eq!((rig.store.gets.load(Ordering::SeqCst), rig.store.puts.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn cached_objects_are_not_requested_and_others_share_a_query() {
    let rig = rig();
    let even: Vec<u64> = (0..200).map(|n| 2 * n).collect();
    rig.there.get_many::<Product>(&shop(), &even, &call()).await.unwrap();
    let before = rig.calls();
    let all: Vec<u64> = (0..400).collect();
    rig.here.get_many::<Product>(&shop(), &all, &call()).await.unwrap();
    assert_eq!(rig.calls() - before, 1);
    assert!(rig.shopify.asked.lock().unwrap().last().unwrap().iter().all(|id| id % 2 == 1));
}

#[tokio::test(start_paused = true)]
async fn one_who_comes_while_a_query_is_on_its_way_joins_it() {
    let rig = rig();
    *rig.delay.lock().unwrap() = Duration::from_secs(1);
    let many = async { rig.here.get_many::<Product>(&shop(), &[1, 2, 3], &call()).await.unwrap() };
    let later = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        rig.title(&rig.here).await
    };
    join(many, later).await;
    assert_eq!(rig.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_who_gives_up_does_not_end_it_for_others() {
    let rig = rig();
    *rig.delay.lock().unwrap() = Duration::from_secs(1);
    let (cache, hasty) = (rig.here.clone(), Call::foreground(Duration::from_millis(100)));
    let first = async {
        let error = cache.get::<Product>(&shop(), 1, &hasty).await.unwrap_err();
        assert!(matches!(error.kind, Kind::Transport(_)), "{error}");
    };
    let dropped = tokio::time::timeout(Duration::from_millis(300), rig.title(&rig.here));
    let (_, dropped, title) = futures_util::future::join3(first, dropped, rig.title(&rig.here)).await;
    assert!(dropped.is_err() && title.is_empty());
    assert_eq!(rig.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_all_gave_up_is_begun_anew() {
    let rig = rig();
    *rig.delay.lock().unwrap() = Duration::from_secs(1);
    let given_up = tokio::time::timeout(Duration::from_millis(300), rig.title(&rig.here)).await;
    assert!(given_up.is_err());
    rig.is_now("new");
    pass(600).await;
    assert_eq!(rig.title(&rig.here).await, "new");
}

#[tokio::test(start_paused = true)]
async fn a_fetch_leaves_nothing_behind_however_it_ends() {
    let rig = rig();
    rig.title(&rig.here).await;
    assert_eq!(rig.here.in_flight_count(), 0, "it results");
    *rig.delay.lock().unwrap() = Duration::from_secs(1);
    for given_up_after in [1, 300] {
        let many = async { rig.here.get_many::<Product>(&shop(), &[2, 3, 4], &call()).await };
        assert!(tokio::time::timeout(Duration::from_millis(given_up_after), many).await.is_err());
        assert_eq!(rig.here.in_flight_count(), 0, "given up after {given_up_after} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn one_with_more_time_outlasts_those_with_less() {
    let rig = rig();
    *rig.delay.lock().unwrap() = Duration::from_secs(5);
    let (hasty, patient) = (Call::foreground(Duration::from_secs(1)), call());
    let first = async { rig.here.get::<Product>(&shop(), 1, &hasty).await };
    let second = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        rig.here.get::<Product>(&shop(), 1, &patient).await
    };
    let (first, second) = join(first, second).await;
    assert!(first.is_err());
    assert!(second.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn the_foreground_does_not_wait_behind_the_background() {
    let rig = rig();
    *rig.delay.lock().unwrap() = Duration::from_secs(1);
    let background = || Call::background(Duration::from_secs(60));
    let cache = rig.here.clone();
    let first = async { cache.get::<Product>(&shop(), 1, &background()).await.unwrap() };
    join(first, rig.title(&rig.here)).await;
    assert_eq!(rig.calls(), 2);
    pass(301).await;
    // The other way round one is enough.
    join(rig.title(&rig.here), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        rig.here.get::<Product>(&shop(), 1, &background()).await.unwrap()
    })
    .await;
    assert_eq!(rig.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn shops_share_nothing() {
    let rig = rig();
    rig.title(&rig.here).await;
    let south = shopify_webhook::ShopDomain::parse("south.myshopify.com").unwrap();
    let error = rig.here.get::<Product>(&south, 1, &call()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::Token(_)), "nobody installed the app there, so nothing is served: {error}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_lacks_a_node_is_believed_in_nothing() {
    let rig = rig();
    rig.shopify.is_short.store(true, Ordering::SeqCst);
    let error = rig.here.get_many::<Product>(&shop(), &[1, 2], &call()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::Malformed(_)), "{error}");
    rig.shopify.is_short.store(false, Ordering::SeqCst);
    assert_eq!(rig.title(&rig.here).await, "");
}
