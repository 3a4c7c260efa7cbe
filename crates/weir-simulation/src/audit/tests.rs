use std::time::Duration;

use weir_core::{
    Lane, UnixMillis,
    ledger::{Claim, ClaimRequest, Ledger, Owner, SettleRequest},
};

use super::*;
use crate::history::Settled;

const SHOP: &str = "north.myshopify.com";

/// A run in which events 1 and 2 of one order took effect, one after the other.
struct World {
    events: Events,
    tables: ModelLedger,
    start: Instant,
}

impl World {
    async fn new() -> Self {
        let mut world = Self { events: Events::default(), tables: ModelLedger::default(), start: Instant::now() };
        for (id, version, at) in [("1", 10, 0), ("2", 20, 10)] {
            world.accept(id, version);
            world.run(id, at, at + 5);
            world.publish(id, "orders/updated", at + 3);
            world.settle(id, "me", AttemptResult::Done, at + 6).await;
        }
        world
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn accept(&mut self, id: &str, action: u64) {
        self.accept_that_shows(id, action, action);
    }

    fn accept_that_shows(&mut self, id: &str, action: u64, shows: u64) {
        let snapshot = Some(Snapshot { resource: "order".to_owned(), action, shows });
        let (shop, topic) = (SHOP.to_owned(), "orders/updated".to_owned());
        let (event, key) = (id.into(), key(id));
        self.events.accepted.push(Accepted {
            webhook_id: id.into(),
            event,
            key,
            shop,
            topic,
            snapshot,
            at: self.start,
        });
    }

    fn run(&mut self, id: &str, begun: u64, ended: u64) {
        let (begun, ended) = (self.at(begun), Some(self.at(ended)));
        self.events.runs.push(Ran { webhook_id: id.into(), process: 1, begun, ended });
    }

    fn publish(&mut self, id: &str, as_what: &str, at: u64) {
        let effect = Effect { webhook_id: id.into(), as_what: as_what.into(), at: self.at(at) };
        self.events.published.push(effect.clone());
        self.events.delivered.push(effect);
    }

    async fn settle(&mut self, id: &str, owner: &str, ending: AttemptResult, at: u64) {
        let (key, owner) = (key(id), Owner(owner.into()));
        let ask = ClaimRequest {
            key: &key,
            owner: &owner,
            body_sha256: "x",
            meta: None,
            resource: None,
            lane: Lane::Standard,
            receives: 1,
            parks: 0,
            now: UnixMillis(0),
            lease_until: UnixMillis(1),
        };
        let now = UnixMillis(0);
        let Claim::Granted { attempt, progress, .. } = self.tables.claim(&ask).await.unwrap() else {
            panic!("{id} is another's")
        };
        let ended = SettleRequest {
            key: &key,
            owner: &owner,
            ending: &ending,
            attempt,
            receives: 1,
            begun: now,
            comes_back: None,
            copy: None,
            progress: &progress,
            resource: None,
            now,
        };
        self.tables.settle(&ended).await.unwrap();
        self.events.settled.push(Settled { key, owner, ending, at: self.at(at) });
    }

    #[track_caller]
    fn check(&self, expected: &[Violation]) -> Audit {
        let audit = audit(&self.events, &self.tables, &[]);
        assert_eq!(audit.violations, expected);
        audit
    }
}

fn key(id: &str) -> Key {
    Key { event: format!("{SHOP}#{id}"), generation: 0 }
}

#[tokio::test]
async fn a_run_in_which_all_went_well_breaks_nothing() {
    let audit = World::new().await.check(&[]);
    assert_eq!((audit.accepted, audit.done, audit.bus_repeats, audit.reruns), (2, 2, 0, 0));
}

#[tokio::test]
async fn a_repeat_under_its_id_is_counted_and_no_step_back() {
    let mut world = World::new().await;
    world.publish("1", "orders/updated", 30);
    assert_eq!(world.check(&[]).bus_repeats, 1);
}

#[tokio::test]
async fn event_that_is_nowhere_is_lost() {
    let mut world = World::new().await;
    world.accept("3", 30);
    let old = |at| Violation::OldState { event: "3".into(), at };
    world.check(&[Violation::Lost { event: "3".into() }, old("the bus"), old("the destination")]);
}

#[tokio::test]
async fn an_older_version_after_a_newer_one_is_a_step_back() {
    let mut world = World::new().await;
    world.accept("3", 15);
    world.run("3", 20, 25);
    world.publish("3", "orders/updated", 23);
    world.settle("3", "me", AttemptResult::Done, 26).await;
    let at = |at: &str| Violation::StepBack { event: "3".into(), at: at.into() };
    let old = |at| Violation::OldState { event: "2".into(), at };
    let expected = [at("a handler"), at("the bus"), at("the destination"), old("the bus"), old("the destination")];
    world.check(&expected);
}

#[tokio::test]
async fn superseded_event_is_no_step_back() {
    let mut world = World::new().await;
    world.accept("3", 15);
    world.publish("3", "superseded/orders/updated", 23);
    world.settle("3", "me", AttemptResult::Stale, 26).await;
    world.check(&[]);
}

#[tokio::test]
async fn two_owners_or_a_run_after_the_end_are_twice() {
    let mut world = World::new().await;
    let settled = Settled { owner: Owner("another".into()), ..world.events.settled[0].clone() };
    world.events.settled.push(settled);
    world.check(&[Violation::Twice { event: "1".into() }]);
    let mut world = World::new().await;
    world.run("2", 30, 35);
    world.check(&[Violation::Twice { event: "2".into() }]);
}

#[tokio::test]
async fn runs_of_one_resource_at_a_time_overlap() {
    let mut world = World::new().await;
    world.events.runs[0].ended = Some(world.at(12));
    world.check(&[Violation::Overlap { event: "1".into(), with: "2".into() }]);
    world.events.runs[0].ended = None;
    world.check(&[Violation::Overlap { event: "1".into(), with: "2".into() }]);
}

#[tokio::test]
async fn two_deliveries_of_one_action_and_topic_are_one_too_many() {
    let mut world = World::new().await;
    world.accept("3", 20);
    world.run("3", 20, 25);
    world.publish("3", "orders/updated", 23);
    world.settle("3", "me", AttemptResult::Done, 26).await;
    world.check(&[Violation::Repeated { event: "3".into() }]);
}

#[tokio::test]
async fn the_newest_state_must_be_the_last() {
    let mut world = World::new().await;
    world.accept("3", 30);
    world.publish("3", "superseded/orders/updated", 23);
    world.settle("3", "me", AttemptResult::Stale, 26).await;
    let old = |at| Violation::OldState { event: "3".into(), at };
    world.check(&[old("the bus"), old("the destination")]);
    let mut world = World::new().await;
    world.accept_that_shows("3", 30, 20);
    world.publish("3", "superseded/orders/updated", 23);
    world.settle("3", "me", AttemptResult::Stale, 26).await;
    world.check(&[]);
}

#[tokio::test]
async fn an_event_must_be_told_unless_it_repeats_one_that_is() {
    for (ending, shows) in [(AttemptResult::Stale, 20), (AttemptResult::Repeated, 21)] {
        let mut world = World::new().await;
        world.accept_that_shows("3", 15, shows);
        world.settle("3", "me", ending, 26).await;
        world.check(&[Violation::Untold { event: "3".into() }]);
    }
    let mut world = World::new().await;
    world.accept_that_shows("3", 15, 20);
    world.settle("3", "me", AttemptResult::Repeated, 26).await;
    world.check(&[]);
}

#[tokio::test]
async fn done_events_and_bus_events_must_agree() {
    let mut world = World::new().await;
    world.events.published.remove(1);
    let old = Violation::OldState { event: "2".into(), at: "the bus" };
    world.check(&[Violation::WithoutEffect { event: "2".into(), at: "the bus" }, old]);
    let mut world = World::new().await;
    world.publish("9", "orders/updated", 30);
    world.check(&[Violation::Foreign { event: "9".into() }]);
}

#[tokio::test]
async fn an_event_that_left_under_two_webhook_ids_is_noticed() {
    let mut world = World::new().await;
    let again = Accepted { webhook_id: "2-again".into(), ..world.events.accepted[1].clone() };
    world.events.accepted.push(again);
    world.check(&[]);
    world.publish("2-again", "orders/updated", 20);
    world.check(&[Violation::Twice { event: "2".into() }]);
}
