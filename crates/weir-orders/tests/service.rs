//! The service between its queue, its table and the bus, with crashes and failures at every call.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shop;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use resilience::Clock;
use serde_json::Value;
use shop::{Delivery, Shop};
use weir_aws::{BodyError, Entry};
use weir_consumer::{BatchStep, services::BodyStore};
use weir_core::{EventShop, Failure, UnixMillis, envelope::Meta};
use weir_orders::{
    ConfirmedWhen, OrderEvent, Record,
    payload::Id,
    record::ORPHANED_AFTER,
    step::{OrdersStep, Publish},
    store::{Item, OrderKey, OrderStore, Put, read_item, write_item, write_units},
};
use weir_telemetry::Metrics;

/// How often a call fails, in percent, and from what it is drawn.
struct Chance {
    rng: fastrand::Rng,
    percent: u32,
}

/// The table and the bus. Clones share them.
#[derive(Clone)]
struct World {
    items: Arc<Mutex<HashMap<OrderKey, Item>>>,
    /// Ids, each as often as it was published, with the event.
    published: Arc<Mutex<BTreeMap<String, Vec<Value>>>>,
    units: Arc<Mutex<usize>>,
    chance: Arc<Mutex<Chance>>,
    /// The bus hangs while it is set.
    is_stuck: Arc<Mutex<bool>>,
}

impl World {
    fn new() -> Self {
        Self::failing(0, 0)
    }

    fn failing(percent: u32, seed: u64) -> Self {
        let chance = Chance { rng: fastrand::Rng::with_seed(seed), percent };
        Self {
            items: Arc::default(),
            published: Arc::default(),
            units: Arc::default(),
            chance: Arc::new(Mutex::new(chance)),
            is_stuck: Arc::default(),
        }
    }

    fn step(&self, clock: Clock) -> OrdersStep<Self, Self, NoBodies> {
        OrdersStep {
            store: self.clone(),
            publisher: self.clone(),
            bodies: NoBodies,
            confirmed: ConfirmedWhen::Authorized,
            clock,
            metrics: Metrics::off(),
        }
    }

    fn fails(&self) -> Result<(), Failure> {
        let mut chance = self.chance.lock().unwrap();
        let percent = chance.percent;
        if chance.rng.u32(0..100) < percent { Err(Failure::transient("chance")) } else { Ok(()) }
    }

    fn record(&self) -> Record {
        let items = self.items.lock().unwrap();
        read_item(items.get(&key()).unwrap()).unwrap().1
    }

    /// The events that were published, each with how often.
    fn published(&self) -> BTreeMap<String, usize> {
        let prefix = format!("{}/", key());
        let published = self.published.lock().unwrap();
        published.iter().map(|(id, events)| (id.strip_prefix(&prefix).unwrap().to_owned(), events.len())).collect()
    }
}

fn key() -> OrderKey {
    OrderKey { shop: EventShop::from_stored("north.myshopify.com"), order: Id(820_982_911_946_154_508) }
}

impl OrderStore for World {
    async fn get(&self, key: &OrderKey) -> Result<Option<Record>, Failure> {
        tokio::task::yield_now().await;
        self.fails()?;
        Ok(self.items.lock().unwrap().get(key).map(|item| read_item(item).unwrap().1))
    }

    async fn put(&self, key: &OrderKey, record: &Record) -> Result<Put, Failure> {
        tokio::task::yield_now().await;
        self.fails()?;
        let item = write_item(key, record, UnixMillis(0)).unwrap();
        {
            let mut items = self.items.lock().unwrap();
            let known = items.get(key).map(|item| read_item(item).unwrap().1);
            *self.units.lock().unwrap() += write_units(&item);
            if known.as_ref().map_or(0, |known| known.version) != record.version {
                return Ok(Put::Lost(known.map(Box::new)));
            }
            items.insert(key.clone(), item);
        }
        // The write was done, and its reply is lost.
        self.fails()?;
        Ok(Put::Written)
    }

    async fn clear(&self, key: &OrderKey, events: &[OrderEvent]) -> Result<(), Failure> {
        if events.is_empty() {
            return Ok(());
        }
        tokio::task::yield_now().await;
        self.fails()?;
        let mut items = self.items.lock().unwrap();
        let mut record = read_item(items.get(key).unwrap()).unwrap().1;
        record.outbox.retain(|event, _| !events.contains(event));
        let item = write_item(key, &record, UnixMillis(0)).unwrap();
        *self.units.lock().unwrap() += write_units(&item);
        items.insert(key.clone(), item);
        Ok(())
    }
}

impl Publish for World {
    async fn publish(&self, entries: Vec<Entry>) -> Vec<Result<(), Failure>> {
        tokio::task::yield_now().await;
        if *self.is_stuck.lock().unwrap() {
            return std::future::pending().await;
        }
        let publish = |entry: Entry| {
            self.fails()?;
            let event: Value = serde_json::from_str(&entry.detail).unwrap();
            assert_eq!(event["type"], *entry.topic);
            let id = event["id"].as_str().unwrap().to_owned();
            self.published.lock().unwrap().entry(id).or_default().push(event);
            Ok(())
        };
        entries.into_iter().map(publish).collect()
    }
}

#[derive(Clone, Copy)]
struct NoBodies;

impl BodyStore for NoBodies {
    async fn get(&self, _reference: &str) -> Result<Vec<u8>, BodyError> {
        Err(BodyError::Lost)
    }

    async fn put(&self, _meta: &Meta, _body: Vec<u8>) -> Result<String, BodyError> {
        Err(BodyError::Lost)
    }
}

/// One batch; the deliveries that come back.
async fn run(world: &World, clock: Clock, batch: &[Delivery]) -> Vec<Delivery> {
    let results = world.step(clock).run(batch.iter().map(Delivery::envelope).collect()).await;
    batch.iter().zip(results).filter(|(_, result)| result.is_err()).map(|(delivery, _)| delivery.clone()).collect()
}

fn history() -> Shop {
    let mut shop = Shop::new(&[2, 1, 1]);
    shop.create("pending").pay().edit(1, 1).fulfil(&[1, 0, 1]).fulfil(&[0, 1, 0, 1]);
    shop.refund(&[0, 1, 0], "return", None);
    let back = shop.open_return(&[1, 0, 0], 0);
    shop.close_return(back, &[1, 0, 0], false);
    shop
}

fn expected(shop: &Shop) -> BTreeMap<String, usize> {
    shop.expected.iter().map(|event| (event.clone(), 1)).collect()
}

#[tokio::test(start_paused = true)]
async fn deliveries_one_by_one_publish_each_event_once_for_at_most_three_units_each() {
    let (world, shop, clock) = (World::new(), history(), Clock::starting_at(UnixMillis(0)));
    for delivery in &shop.sent {
        assert!(run(&world, clock, std::slice::from_ref(delivery)).await.is_empty());
    }
    assert_eq!(world.published(), expected(&shop));
    assert!(world.record().outbox.is_empty());
    let (units, count) = (*world.units.lock().unwrap(), shop.sent.len());
    println!("{units} write units for {count} deliveries, {} events", shop.expected.len());
    assert!(units <= 3 * count, "{units} units for {count} deliveries");
    for delivery in &shop.sent {
        assert!(run(&world, clock, std::slice::from_ref(delivery)).await.is_empty());
    }
    assert_eq!(*world.units.lock().unwrap(), units, "a repeated delivery writes nothing");
    assert_eq!(world.published(), expected(&shop));
}

#[tokio::test(start_paused = true)]
async fn batch_of_one_order_is_one_write_and_one_clearing() {
    let (world, shop) = (World::new(), history());
    assert!(run(&world, Clock::starting_at(UnixMillis(0)), &shop.sent).await.is_empty());
    assert_eq!(world.published(), expected(&shop));
    assert_eq!(world.record().version, 2);
}

#[tokio::test(start_paused = true)]
async fn poison_fails_alone_and_for_good() {
    let (world, shop) = (World::new(), history());
    let mut batch = shop.sent.clone();
    batch[1].body = b"{\"id\":\"no number\"}".to_vec();
    batch[1].meta = Meta { body_sha256: weir_core::sha256::hex(&batch[1].body), ..batch[1].meta.clone() };
    let step = world.step(Clock::starting_at(UnixMillis(0)));
    let results = step.run(batch.iter().map(Delivery::envelope).collect()).await;
    let failed: Vec<usize> = (0..results.len()).filter(|place| results[*place].is_err()).collect();
    assert_eq!(failed, [1]);
    assert!(results[1].as_ref().unwrap_err().is_permanent());
    assert_eq!(world.published(), expected(&shop), "the transaction says nothing that the order does not");
}

#[tokio::test(start_paused = true)]
async fn crash_between_write_and_publication_publishes_on_the_next_try_of_the_same_delivery() {
    let (world, shop, clock) = (World::new(), history(), Clock::starting_at(UnixMillis(0)));
    let created_and_paid = &shop.sent[..3];
    *world.is_stuck.lock().unwrap() = true;
    // The function ends in the middle of the call.
    tokio::time::timeout(Duration::from_secs(30), run(&world, clock, created_and_paid)).await.unwrap_err();
    assert_eq!(world.record().outbox.len(), 2);
    *world.is_stuck.lock().unwrap() = false;
    // What others do meanwhile leaves it to that delivery.
    assert!(run(&world, clock, &shop.sent[5..]).await.is_empty());
    assert!(!world.published().contains_key("paid"));
    assert!(run(&world, clock, created_and_paid).await.is_empty());
    assert!(run(&world, clock, &shop.sent).await.is_empty());
    assert_eq!(world.published(), expected(&shop));
}

#[tokio::test(start_paused = true)]
async fn event_whose_delivery_never_came_back_is_published_by_a_later_one() {
    let (world, shop, clock) = (World::new(), history(), Clock::starting_at(UnixMillis(0)));
    *world.is_stuck.lock().unwrap() = true;
    tokio::time::timeout(Duration::from_secs(30), run(&world, clock, &shop.sent[..3])).await.unwrap_err();
    *world.is_stuck.lock().unwrap() = false;
    tokio::time::advance(ORPHANED_AFTER).await;
    assert!(run(&world, clock, &shop.sent[3..]).await.is_empty());
    assert_eq!(world.published(), expected(&shop));
}

#[tokio::test(start_paused = true)]
async fn two_workers_at_one_order_publish_each_event_once() {
    for seed in 0..200 {
        let (world, shop, clock) = (World::new(), history(), Clock::starting_at(UnixMillis(0)));
        let mut sent = shop.sent.clone();
        let mut rng = fastrand::Rng::with_seed(seed);
        rng.shuffle(&mut sent);
        let (ours, theirs) = sent.split_at(rng.usize(0..sent.len()));
        let worker = async |batch: &[Delivery]| {
            for some in batch.chunks(2) {
                assert!(run(&world, clock, some).await.is_empty());
            }
        };
        tokio::join!(worker(ours), worker(theirs));
        assert_eq!(world.published(), expected(&shop), "seed {seed}");
        assert!(world.record().outbox.is_empty(), "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_of_every_call_lose_no_event_and_make_up_none() {
    let (mut repeated, mut tries) = (0, 0);
    for seed in 0..300 {
        let (world, shop, clock) = (World::failing(20, seed), history(), Clock::starting_at(UnixMillis(0)));
        let mut waiting = shop.sent.clone();
        let mut rng = fastrand::Rng::with_seed(seed);
        while !waiting.is_empty() {
            rng.shuffle(&mut waiting);
            let rest = waiting.split_off(rng.usize(1..=waiting.len()));
            let (ours, theirs) = waiting.split_at(rng.usize(0..=waiting.len()));
            let (back, others) = tokio::join!(run(&world, clock, ours), run(&world, clock, theirs));
            waiting = [rest, back, others].concat();
            tries += 1;
            assert!(tries < 100_000, "it makes no progress");
        }
        let published = world.published();
        assert_eq!(published.keys().cloned().collect::<BTreeSet<_>>(), shop.expected, "seed {seed}");
        assert!(world.record().outbox.is_empty(), "seed {seed}");
        repeated += published.values().filter(|count| **count > 1).count();
    }
    // Those alone whose outbox could not be cleared, or whose publication failed after it was done.
    println!("{repeated} events were published again under their ids");
}

#[tokio::test(start_paused = true)]
async fn published_event_shows_its_cause_and_no_customer() {
    let (world, shop) = (World::new(), history());
    run(&world, Clock::starting_at(UnixMillis(0)), &shop.sent).await;
    let published = world.published.lock().unwrap();
    let text = format!("{published:?}");
    for secret in ["Ada", "ada@", "Grace", "Analytical", "ring twice", "+1555"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let of_type = |name: &str| {
        published.values().flatten().find(|event| event["type"] == name).unwrap_or_else(|| panic!("no {name}"))
    };
    let refunded = of_type("order.refunded");
    assert_eq!(refunded["source"], "weir.orders");
    assert_eq!(refunded["subject"], "gid://shopify/Order/820982911946154508");
    assert_eq!(refunded["data"]["refund"]["amount"]["shop_money"]["amount"], "19.99");
    assert_eq!(refunded["data"]["refund"]["lines"][0]["restock"], "return");
    assert_eq!(of_type("order.paid")["data"]["order"]["payment"], "partially_refunded");
    assert_eq!(of_type("order.paid")["time"], "2026-11-27T05:00:01Z");
    assert!(of_type("order.edited")["data"]["edit"]["added"].is_object());
    assert!(of_type("order.fulfilled")["data"]["fulfillment_id"].is_string());
}
