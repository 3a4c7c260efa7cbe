//! What is sent, and in which order: all of it follows from the seed.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp, tz::Offset};
use serde_json::{Value, json};
use shopify_samples::Samples;

/// Every run has so many shops.
const SHOPS: usize = 20;

/// One event of twenty is delivered twice.
const REPEATED: f64 = 0.05;

/// A moment that is the same in every run, and long past: a version far ahead of the clock is not compared.
const EPOCH_S: i64 = 1_767_225_600;

/// What happened in a shop, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) shop: String,
    pub(crate) topic: &'static str,
    pub(crate) webhook_id: String,
    /// For a topic whose body is a snapshot: what it is a snapshot of.
    pub(crate) resource: Option<Resource>,
    /// When its state was made. `updated_at` is the whole second of it, which several states may share.
    pub(crate) version: Timestamp,
    /// `updated_at` as it is written, in this offset from UTC, in hours.
    offset_h: i8,
    seed: u64,
}

/// A thing of a shop that has versions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Resource {
    kind: &'static str,
    id: u64,
}

impl Event {
    /// As the ledger has it.
    pub(crate) fn key(&self) -> String {
        format!("{}#{}", self.shop, self.webhook_id)
    }

    /// Made anew each time, and always the same: ten thousand would fill a hundred megabytes.
    pub(crate) fn body(&self) -> String {
        let at = Timestamp::from_second(EPOCH_S).unwrap_or_default();
        let body = Samples::new(self.seed, &self.shop, at).body(self.topic);
        let mut body: Value = body.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_else(|| json!({}));
        let updated_at = self.written();
        match &self.resource {
            Some(Resource { kind: "inventory_levels", id }) => {
                body["inventory_item_id"] = json!(id);
                body["updated_at"] = json!(updated_at);
            }
            Some(Resource { id, .. }) => {
                body["id"] = json!(id);
                body["updated_at"] = json!(updated_at);
            }
            None => {}
        }
        body.to_string()
    }

    /// When Shopify triggered it: soon after its state was made, topic after topic of one action.
    pub(crate) fn triggered_at(&self) -> Timestamp {
        let after = if self.topic == "orders/paid" { 200_001 } else { 100_001 };
        self.version + SignedDuration::from_nanos(after)
    }

    /// Of the merchant's action: its topics share it. Of a topic whose every event counts there is none, so that the
    /// ledger tells the event by its webhook id, as the audit does.
    pub(crate) fn event_id(&self) -> Option<String> {
        self.resource.as_ref().map(|resource| format!("{}-{}", resource.id, self.version.as_millisecond()))
    }

    /// Shopify writes whole seconds, in a shop's own offset, which moves twice a year.
    fn written(&self) -> String {
        let offset = Offset::constant(self.offset_h);
        let whole = Timestamp::from_second(self.version.as_second()).unwrap_or_default();
        let mut text = whole.display_with_offset(offset).to_string();
        if self.offset_h == 0 {
            text = text.replace("+00:00", "Z");
        }
        text
    }
}

/// All that a run sends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) events: Vec<Event>,
    /// Which event goes out next, by its place in `events`; some go out twice.
    pub(crate) deliveries: Vec<usize>,
}

impl Plan {
    pub(crate) fn new(events: usize, seed: u64) -> Self {
        let mut draw = Draw { rng: fastrand::Rng::with_seed(seed), events: Vec::new(), wanted: events };
        let mut places = Vec::new();
        while draw.events.len() < events {
            let from = draw.events.len();
            draw.chain();
            draw.places(from, &mut places);
        }
        places.sort_by(|a: &(f64, usize), b| a.0.total_cmp(&b.0));
        Self { events: draw.events, deliveries: places.into_iter().map(|(_, event)| event).collect() }
    }
}

struct Draw {
    rng: fastrand::Rng,
    events: Vec<Event>,
    wanted: usize,
}

impl Draw {
    /// One resource's life, or a single event of a topic of which each counts.
    fn chain(&mut self) {
        let shop = format!("soak-{:02}.myshopify.com", self.rng.usize(1..=SHOPS));
        let id = self.rng.u64(1 << 53..1 << 62);
        let began = SignedDuration::from_millis(self.rng.i64(0..1_000_000) * 1000);
        let mut version = Timestamp::from_second(EPOCH_S).unwrap_or_default() + began;
        match self.rng.u8(0..10) {
            0..5 => {
                let order = Some(Resource { kind: "orders", id });
                // Paid at once: two topics of one version.
                self.event(&shop, "orders/create", order.clone(), version);
                self.event(&shop, "orders/paid", order.clone(), version);
                for _ in 0..self.rng.u8(1..5) {
                    version += self.later();
                    let topic = ["orders/updated", "orders/updated", "orders/fulfilled"][self.rng.usize(0..3)];
                    self.event(&shop, topic, order.clone(), version);
                }
            }
            5..7 => self.snapshots(&shop, "products/update", Resource { kind: "products", id }, version),
            7..9 => {
                self.snapshots(&shop, "inventory_levels/update", Resource { kind: "inventory_levels", id }, version)
            }
            _ => {
                let topic = ["refunds/create", "order_transactions/create"][self.rng.usize(0..2)];
                self.event(&shop, topic, None, version);
            }
        }
    }

    fn snapshots(&mut self, shop: &str, topic: &'static str, resource: Resource, mut version: Timestamp) {
        for _ in 0..self.rng.u8(2..7) {
            self.event(shop, topic, Some(resource.clone()), version);
            version += self.later();
        }
    }

    /// Seconds, as a rule; else less than one.
    fn later(&mut self) -> SignedDuration {
        let whole = self.rng.i64(1..600) * 1000;
        SignedDuration::from_millis(if self.rng.u8(0..3) > 0 { whole } else { self.rng.i64(1..1000) })
    }

    fn event(&mut self, shop: &str, topic: &'static str, resource: Option<Resource>, version: Timestamp) {
        // Drawn in any case: the last chain may be cut short.
        let (webhook_id, seed) = (self.uuid(), self.rng.u64(..));
        let offset_h = [-5, -4, 0, 1, 9][self.rng.usize(0..5)];
        if self.events.len() < self.wanted {
            let shop = shop.to_owned();
            self.events.push(Event { shop, topic, webhook_id, resource, version, offset_h, seed });
        }
    }

    fn uuid(&mut self) -> String {
        let hex = format!("{:032x}", self.rng.u128(..));
        let mut id = String::with_capacity(36);
        for (begin, end) in [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)] {
            let dash = if begin == 0 { "" } else { "-" };
            // Writing to a string does not fail.
            let _ = write!(id, "{dash}{}", &hex[begin..end]);
        }
        id
    }

    /// Two resources of three have their versions close together, so that they meet in the workers; those of the others
    /// are anywhere. So are repeats, half of which come at the heels of the first.
    fn places(&mut self, from: usize, places: &mut Vec<(f64, usize)>) {
        let whole = self.wanted as f64;
        let begin = self.rng.f64() * whole;
        let close = self.rng.u8(0..3) > 0;
        for event in from..self.events.len() {
            let place = if close { begin + self.rng.f64() * 40.0 } else { self.rng.f64() * whole };
            places.push((place, event));
            if self.rng.f64() < REPEATED {
                let after = if self.rng.bool() { self.rng.f64() * 8.0 } else { self.rng.f64() * whole / 2.0 };
                places.push((place + after, event));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn the_same_seed_is_the_same_plan_and_another_is_another() {
        assert_eq!(Plan::new(500, 7), Plan::new(500, 7));
        assert_ne!(Plan::new(500, 7).deliveries, Plan::new(500, 8).deliveries);
    }

    #[test]
    fn a_plan_has_as_many_events_as_were_asked_for_and_one_of_twenty_twice() {
        let plan = Plan::new(10_000, 1);
        assert_eq!(plan.events.len(), 10_000);
        let repeats = plan.deliveries.len() - 10_000;
        assert!((400..=600).contains(&repeats), "{repeats}");
        assert_eq!(plan.deliveries.iter().collect::<HashSet<_>>().len(), 10_000);
        assert_eq!(plan.events.iter().map(|event| &event.shop).collect::<HashSet<_>>().len(), SHOPS);
        assert_eq!(plan.events.iter().map(Event::key).collect::<HashSet<_>>().len(), 10_000);
    }

    #[test]
    fn many_versions_go_out_after_a_later_one() {
        let plan = Plan::new(2_000, 3);
        let mut latest = HashMap::new();
        let mut late = 0;
        for event in plan.deliveries.iter().map(|place| &plan.events[*place]) {
            let Some(resource) = &event.resource else { continue };
            let latest = latest.entry((&event.shop, resource)).or_insert(event.version);
            late += usize::from(event.version < *latest);
            *latest = event.version.max(*latest);
        }
        assert!(late > 200, "{late}");
    }

    #[test]
    fn a_body_says_its_id_and_its_version_in_the_offset_of_the_moment() {
        let plan = Plan::new(400, 5);
        let mut offsets = HashSet::new();
        for event in &plan.events {
            let body: Value = serde_json::from_str(&event.body()).unwrap();
            let Some(resource) = &event.resource else { continue };
            let id = if resource.kind == "inventory_levels" { "inventory_item_id" } else { "id" };
            assert_eq!(body[id], json!(resource.id), "{event:?}");
            let written = body["updated_at"].as_str().unwrap();
            let updated_at = written.parse::<Timestamp>().unwrap();
            assert_eq!(updated_at.as_second(), event.version.as_second(), "{written}");
            assert_eq!(updated_at.subsec_nanosecond(), 0, "{written}");
            offsets.insert(event.offset_h);
        }
        assert_eq!(offsets.len(), 5);
    }

    #[test]
    fn many_states_share_their_second_with_another() {
        let plan = Plan::new(2_000, 3);
        let mut states: HashMap<_, HashSet<_>> = HashMap::new();
        for event in plan.events.iter().filter(|event| event.resource.is_some()) {
            let second = (&event.shop, &event.resource, event.version.as_second());
            states.entry(second).or_default().insert(event.version);
        }
        let shared = states.values().filter(|states| states.len() > 1).count();
        assert!(shared > 100, "{shared}");
    }
}
