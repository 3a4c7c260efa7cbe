//! Deliveries: to each subscription, signed, tried nine times over four hours.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use secrecy::SecretString;
use serde_json::Value;
use shopify_webhook::{ShopDomain, sign};

use super::{
    Attempt, DeliveryRecord, Outlet, ShopEvent,
    body::{body, sample},
};
use crate::{
    UnixMillis,
    search::{FieldValue, Search},
    sim::{Sim, WeakSim, hold},
    store::{DeclaredBy, Shop},
    uuid::uuid,
};

/// Retries after the first attempt: eight, each twice as far as the one before, four hours in all.
const RETRIES: u32 = 8;
const RETRY_WINDOW: Duration = Duration::from_secs(4 * 3_600);
/// In all, for the answer of a receiver.
const TIME_OUT: Duration = Duration::from_secs(5);
/// How long an overtaken delivery waits.
const OVERTAKEN: Duration = Duration::from_secs(2);

/// How long after a failed attempt (from 1) the next follows; `None` after the last.
fn retry_after(attempt: u32) -> Option<Duration> {
    let parts = 2_u32.pow(RETRIES) - 1;
    (1..=RETRIES).contains(&attempt).then(|| RETRY_WINDOW / parts * 2_u32.pow(attempt - 1))
}

/// One delivery, ready to be sent.
#[derive(Clone)]
struct Delivery {
    shop: ShopDomain,
    topic: String,
    uri: String,
    name: Option<String>,
    body: Bytes,
    webhook_id: String,
    event_id: String,
    /// As the header has it.
    triggered: String,
    /// The subscription made through the API, which may lose its place.
    subscription: Option<u64>,
    /// Whose key signs it, if not the app's.
    key: Option<SecretString>,
    /// Asked for with "Send test notification".
    test: bool,
    /// Without the header that names the shop, as compliance webhooks have been seen.
    nameless: bool,
}

/// Tells whoever subscribed of what happened in a shop, each delivery in a task of its own.
pub(crate) fn announce(sim: &Sim, domain: &ShopDomain, events: &[ShopEvent]) {
    let Some(cell) = sim.shop(domain) else { return };
    let now = sim.clock().now();
    let mut deliveries = Vec::new();
    {
        let mut shop = hold(&cell);
        // What one action causes shares an event id, over topics and subscriptions.
        let event_id = uuid(&mut shop.rng);
        for event in events {
            collect(&mut shop, event, &event_id, now, &mut deliveries);
        }
    }
    for delivery in deliveries {
        let faults = sim.faults();
        let (lost, twice, late, overtaken) = sim.with_rng(|rng| {
            let mut chance = |rate: f64| rate > 0.0 && rng.f64() < rate;
            (chance(faults.lost), chance(faults.duplicate), chance(faults.late), chance(faults.reorder))
        });
        let second_id = sim.with_rng(|rng| {
            let due = faults.second_id > 0.0 && rng.f64() < faults.second_id;
            due.then(|| uuid(rng))
        });
        if lost {
            sim.record_delivery(delivery.record(now, 1, Attempt::Lost));
            continue;
        }
        let wait = if late { faults.late_by } else { Duration::ZERO };
        let wait = wait + if overtaken { OVERTAKEN } else { Duration::ZERO };
        if twice {
            tokio::spawn(run(sim.weak(), delivery.clone(), wait));
        }
        if let Some(webhook_id) = second_id {
            tokio::spawn(run(sim.weak(), Delivery { webhook_id, ..delivery.clone() }, wait));
        }
        tokio::spawn(run(sim.weak(), delivery, wait));
    }
}

/// Sends a sample of a topic to each of its subscriptions, once, as "Send test notification" does; to how many.
pub(crate) fn test_notification(sim: &Sim, domain: &ShopDomain, topic: &str) -> usize {
    let Some(cell) = sim.shop(domain) else { return 0 };
    let now = sim.clock().now();
    let mut deliveries = Vec::new();
    {
        let mut shop = hold(&cell);
        let seed = shop.rng.u64(..);
        let Some(body) = sample(&shop, topic, seed, now) else { return 0 };
        let event_id = uuid(&mut shop.rng);
        for target in targets(&shop, topic) {
            let key = Some(shop.signing_key.clone());
            let made = target.delivery(&mut shop, topic, &body, &event_id, now);
            deliveries.push(Delivery { key, test: true, subscription: None, ..made });
        }
    }
    let count = deliveries.len();
    for delivery in deliveries {
        tokio::spawn(run(sim.weak(), delivery, Duration::ZERO));
    }
    count
}

struct Target {
    subscription: Option<u64>,
    uri: String,
    name: Option<String>,
    filter: Option<String>,
    fields: Vec<String>,
    by: DeclaredBy,
}

impl Target {
    fn delivery(&self, shop: &mut Shop, topic: &str, whole: &Value, event_id: &str, now: UnixMillis) -> Delivery {
        let body = match (whole, self.fields.is_empty()) {
            (Value::Object(map), false) => {
                let kept = map.iter().filter(|(name, _)| self.fields.contains(name));
                Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
            }
            _ => whole.clone(),
        };
        let webhook_id = uuid(&mut shop.rng);
        let odd = webhook_id.bytes().fold(0_u32, |odd, byte| odd.wrapping_mul(31).wrapping_add(byte.into()));
        Delivery {
            shop: shop.domain.clone(),
            topic: topic.to_owned(),
            uri: self.uri.clone(),
            name: self.name.clone(),
            body: body.to_string().into(),
            webhook_id,
            event_id: event_id.to_owned(),
            triggered: shop.triggered(now, odd),
            subscription: self.subscription,
            key: (self.by == DeclaredBy::Merchant).then(|| shop.signing_key.clone()),
            test: false,
            nameless: false,
        }
    }
}

fn targets(shop: &Shop, topic: &str) -> Vec<Target> {
    let written = topic.to_uppercase().replace(['/', '.'], "_");
    let made = shop.subscriptions.iter().filter(|(_, one)| one.topic == written).map(|(id, one)| Target {
        subscription: Some(*id),
        uri: one.uri.clone(),
        name: one.name.clone(),
        filter: one.filter.clone().filter(|filter| !filter.is_empty()),
        fields: one.include_fields.clone(),
        by: DeclaredBy::App,
    });
    let declared = shop.declared.iter().filter(|one| one.topic == topic).map(|one| Target {
        subscription: None,
        uri: one.uri.clone(),
        name: None,
        filter: None,
        fields: Vec::new(),
        by: one.by,
    });
    made.chain(declared).collect()
}

fn collect(shop: &mut Shop, event: &ShopEvent, event_id: &str, now: UnixMillis, deliveries: &mut Vec<Delivery>) {
    let topic = event.topic();
    let targets = targets(shop, topic);
    if targets.is_empty() {
        return;
    }
    let Some(whole) = body(shop, event, now) else { return };
    let nameless = matches!(event, ShopEvent::Compliance { nameless: true, .. });
    for target in targets {
        if !target.filter.as_ref().is_none_or(|filter| passes(filter, &whole)) {
            continue;
        }
        let delivery = target.delivery(shop, topic, &whole, event_id, now);
        deliveries.push(Delivery { nameless, ..delivery });
    }
}

/// A filter over the body's own fields. One that names a field which is not there lets nothing through, silently.
fn passes(filter: &str, body: &Value) -> bool {
    Search::parse(filter).matches(|field| match body.get(field) {
        Some(Value::Number(number)) => Some(FieldValue::Number(number.as_i64().unwrap_or(i64::MAX))),
        Some(Value::String(text)) => Some(FieldValue::Text(text)),
        _ => Some(FieldValue::Any(&[])),
    })
}

impl Delivery {
    fn record(&self, at: UnixMillis, attempt: u32, outcome: Attempt) -> DeliveryRecord {
        DeliveryRecord {
            at,
            shop: self.shop.clone(),
            topic: self.topic.clone(),
            uri: self.uri.clone(),
            webhook_id: self.webhook_id.clone(),
            event_id: self.event_id.clone(),
            attempt,
            outcome,
        }
    }

    fn request(&self, sim: &Sim) -> Result<Request<Bytes>, http::Error> {
        let mut request = Request::post(&self.uri)
            .header("Content-Type", "application/json")
            .header("User-Agent", "Shopify-Captain-Hook")
            .header("X-Shopify-Topic", &self.topic)
            .header("X-Shopify-Hmac-Sha256", sign(&self.body, self.key.as_ref().unwrap_or(sim.client_secret())))
            .header("X-Shopify-API-Version", shopify_schema::API_VERSION)
            .header("X-Shopify-Webhook-Id", &self.webhook_id)
            .header("X-Shopify-Event-Id", &self.event_id)
            .header("X-Shopify-Triggered-At", &self.triggered);
        if !self.nameless {
            request = request.header("X-Shopify-Shop-Domain", self.shop.as_str());
        }
        if self.test {
            request = request.header("X-Shopify-Test", "true");
        }
        if let Some(name) = &self.name {
            request = request.header("X-Shopify-Name", name);
        }
        request.body(self.body.clone())
    }
}

/// Tries until it is taken, the retries are used up, or its subscription is gone.
async fn run(weak: WeakSim, delivery: Delivery, wait: Duration) {
    let mut attempt = 1;
    let mut pause = wait;
    loop {
        let Some(clock) = weak.upgrade().map(|sim| *sim.clock()) else { return };
        clock.sleep(pause).await;
        let Some(sim) = weak.upgrade() else { return };
        if delivery.subscription.is_some_and(|id| !sim.subscribed(&delivery.shop, id)) {
            return;
        }
        let outcome = send(&sim, &delivery).await;
        let taken = matches!(outcome, Attempt::Delivered(_));
        let next = retry_after(attempt).filter(|_| !delivery.test);
        if let Some(id) = delivery.subscription {
            sim.attempted(&delivery.shop, id, taken, next.is_none());
        }
        sim.record_delivery(delivery.record(sim.clock().now(), attempt, outcome));
        let Some(next) = next.filter(|_| !taken) else { return };
        pause = next;
        attempt += 1;
    }
}

async fn send(sim: &Sim, delivery: &Delivery) -> Attempt {
    let request = match delivery.request(sim) {
        Ok(request) => request,
        Err(problem) => return Attempt::Failed(problem.to_string()),
    };
    let sent = match sim.outlet() {
        Outlet::Here(receiver) => tokio::time::timeout(TIME_OUT, receiver.receive(request)).await,
        Outlet::Http => tokio::time::timeout(TIME_OUT, over_http(sim, request)).await,
    };
    match sent {
        Ok(Ok(status)) if status.is_success() => Attempt::Delivered(status.as_u16()),
        Ok(Ok(status)) => Attempt::Refused(status.as_u16()),
        Ok(Err(problem)) => Attempt::Failed(problem),
        Err(_elapsed) => Attempt::Failed("no answer within 5 s".to_owned()),
    }
}

async fn over_http(sim: &Sim, request: Request<Bytes>) -> Result<StatusCode, String> {
    let request = reqwest::Request::try_from(request).map_err(|problem| problem.to_string())?;
    let client = sim.client()?;
    // Without the address: receivers may carry secrets in it.
    let answer = client.execute(request).await.map_err(|problem| problem.without_url().to_string())?;
    Ok(answer.status())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_retries_take_four_hours() {
        let waits: Vec<Duration> = (1..).map_while(retry_after).collect();
        assert_eq!(waits.len(), 8);
        assert!((waits.iter().sum::<Duration>().as_secs_f64() - 14_400.0).abs() < 1.0);
        assert!(waits.windows(2).all(|pair| pair[1] == pair[0] * 2));
    }
}
