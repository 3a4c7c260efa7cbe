//! The monitor of a deployed stack and a simulated Shopify: subscriptions that are lost come back, and it is known what
//! was lost since when.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod roles;
mod support;

use serde_json::Value;
use weir_aws::documents::Document;
use weir_core::UnixMillis;
use weir_subscriptions::{
    drift::{COLLECTION, Drift, REPAIRS},
    progress::{self, ROUND, Round},
};
use weir_tests::eventually;

use support::{Setting, topics};

async fn repairs(setting: &Setting) -> Vec<Document<Drift>> {
    setting.operations().list(REPAIRS, false, 100).await.unwrap()
}

async fn drifts(setting: &Setting) -> Vec<Document<Drift>> {
    setting.operations().list(COLLECTION, false, 100).await.unwrap()
}

#[tokio::test]
async fn subscriptions_changed_by_others_are_restored_by_the_next_run() {
    let setting = Setting::new("monitor-restores").await;
    setting.create_foreign("orders/create").await;
    setting.run().await;
    assert_eq!(setting.ours().await, topics(), "what the file desires, and nothing else");
    let began = UnixMillis::now();
    setting.run().await;
    assert_eq!(repairs(&setting).await.len(), 1, "the set-up; the second run found nothing to do");

    setting.delete("orders/create").await;
    setting.break_filter("orders/paid").await;
    setting.run().await;
    assert_eq!(setting.ours().await, topics());
    assert!(setting.actual().await.iter().all(|one| one.filter.is_empty()));
    assert_eq!(setting.foreign().await.len(), 1, "others' are left alone");
    let repairs = repairs(&setting).await;
    let drift = &repairs[1].value;
    assert_eq!((&drift.missing[..], &drift.drifted[..]), (&["orders/create".into()][..], &["orders/paid".into()][..]));
    assert!(drift.well_until().unwrap() >= began, "the run before found all well: {drift:?}");
    assert!(drift.repaired_at.is_some());
    assert_eq!(drifts(&setting).await, []);

    let order = setting.sim.place_orders(&setting.shop, 1)[0];
    let came = async || {
        let events = setting.world.take(&setting.world.deployed.tap_queue_url).await;
        events
            .iter()
            .any(|one| one["detail"]["topic"] == "orders/create" && one["detail"]["data"]["id"] == order)
            .then_some(())
    };
    eventually("the order to come by the restored subscription", came).await;
    setting.world.end().await;
}

#[tokio::test]
async fn orders_made_while_the_subscription_was_lost_arrive_once_each_within_the_run_that_restores_it() {
    let setting = Setting::new("monitor-recovers").await;
    setting.run().await;
    let before = setting.sim.place_orders(&setting.shop, 1);
    let delivered = setting.created(&before).await;

    setting.delete("orders/create").await;
    let lost = setting.sim.place_orders(&setting.shop, 3);
    setting.run().await;
    assert_eq!(setting.ours().await, topics());
    let made = setting.created(&lost).await;
    let names = |event: &Value| event["data"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for event in &made {
        assert_eq!(names(event), names(&delivered[0]));
        for name in ["source", "type", "topic", "app", "specversion"] {
            assert_eq!(event[name], delivered[0][name], "{name}");
        }
    }
    assert!(made.iter().all(|event| event["synthetic"] == "reconcile"));
    assert_eq!(drifts(&setting).await, []);

    // Once more: nothing is missing, and nothing comes twice.
    setting.run().await;
    let after = setting.sim.place_orders(&setting.shop, 1);
    setting.created(&after).await;
    setting.world.end().await;
}

#[tokio::test]
async fn a_shop_that_can_not_be_called_is_tried_again_and_nothing_of_its_loss_is_forgotten() {
    let setting = Setting::new("monitor-frozen").await;
    let installed = UnixMillis::now();
    setting.run().await;
    setting.delete("orders/create").await;
    setting.sim.freeze(&setting.shop);
    setting.run().await;
    let later = UnixMillis::now();
    setting.run().await;
    setting.sim.reopen(&setting.shop);
    assert!(!setting.ours().await.contains(&"orders/create".to_owned()));
    setting.run().await;
    assert_eq!(setting.ours().await, topics());
    let repairs = repairs(&setting).await;
    let well = repairs.last().unwrap().value.well_until().unwrap();
    assert!(installed <= well && well < later, "{well}: the failed runs say nothing of it");
    setting.world.end().await;
}

#[tokio::test]
async fn a_round_is_told_once_all_shops_were_looked_at() {
    let setting = Setting::new("monitor-round").await;
    setting.add_shop("south").await;
    assert_eq!(setting.operations().get::<Round>(progress::COLLECTION, ROUND).await.unwrap(), None);
    let before = UnixMillis::now();
    setting.run().await;
    let round = setting.operations().get::<Round>(progress::COLLECTION, ROUND).await.unwrap().unwrap().value;
    assert_eq!(round.shops, 2);
    assert!(round.ended_at >= before.to_string(), "{round:?}");
    setting.world.end().await;
}

#[tokio::test]
async fn a_repair_that_fails_leaves_its_note_and_the_next_run_ends_it() {
    let setting = Setting::new("monitor-refused").await;
    setting.run().await;
    setting.delete("orders/create").await;
    setting.refuse_creations();
    setting.run().await;
    let noted = drifts(&setting).await;
    assert_eq!(noted.len(), 1);
    assert_eq!(noted[0].name, format!("default/{}", setting.shop));
    assert_eq!((&noted[0].value.missing[..], &noted[0].value.repaired_at), (&["orders/create".into()][..], &None));
    assert!(noted[0].value.failure.is_some());
    setting.sim.clear_script();
    setting.run().await;
    assert_eq!(drifts(&setting).await, []);
    assert_eq!(repairs(&setting).await.last().unwrap().value.since, noted[0].value.since);
    assert_eq!(setting.ours().await, topics());
    setting.world.end().await;
}

#[tokio::test]
async fn the_schedule_alone_brings_a_lost_subscription_back_within_its_period() {
    let setting = Setting::scheduled("monitor-schedule").await;
    setting.run().await;
    setting.delete("orders/create").await;
    // Seen from inside: whoever asks by the API all the time leaves the monitor no budget.
    let all = async || (setting.listed() == topics()).then_some(());
    eventually("the schedule to restore the one that is lost", all).await;
    setting.world.end().await;
}
