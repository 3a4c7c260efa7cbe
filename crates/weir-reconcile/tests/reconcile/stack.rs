//! A stack in memory, and a worker that does what weir's does with ledger and fence.
#![expect(clippy::unwrap_used, clippy::panic, reason = "support of one test binary, where unwrapping is asserting")]

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request as Http, StatusCode};
use shopify_sim::Receiver;
use shopify_webhook::ShopDomain;
use weir_core::{
    ApiVersion, EventId, EventShop, Failure, Lane, Routes, Topic, Topics, UnixMillis, WebhookId,
    envelope::{self, Envelope, Meta},
    fence::{self, Entry, Fence, Leave, Mark, Run},
    ledger::{self, AttemptResult, Claim, Key, Ledger, Owner, Record, State},
    topics::{Reading, Version, happens_once},
};
use weir_reconcile::{Cursor, CursorKey, ReconcileStore, Report, Unavailable, UnsettledEvent};
use weir_testkit::{Fault, ModelLedger};

/// An effect: topic, resource, whether its event was synthetic.
pub(crate) type Effect = (String, String, bool);

/// What lies outside, shared by all handles.
#[derive(Default, Clone)]
pub(crate) struct Stack(Arc<Inner>);

#[derive(Default)]
struct Inner {
    model: ModelLedger,
    lane: Mutex<Vec<(Lane, String)>>,
    cursors: Mutex<HashMap<String, (u64, Cursor)>>,
    reports: Mutex<Vec<Report>>,
    effects: Mutex<Vec<(Meta, Vec<u8>)>>,
    stale: Mutex<Vec<Meta>>,
    /// What a reconciliation sent.
    sent: Mutex<Vec<(Meta, Vec<u8>)>>,
    calls: Mutex<usize>,
    /// How many there were until the fault was healed.
    first_run: Mutex<usize>,
    /// Which call fails, and how.
    fault: Mutex<Option<(usize, Fault)>>,
    poison: Mutex<bool>,
}

/// The stack takes deliveries as ingest would.
impl Receiver for Stack {
    fn receive(&self, delivery: Http<Bytes>) -> Pin<Box<dyn Future<Output = Result<StatusCode, String>> + Send>> {
        let optional = |name: &str| delivery.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let body = delivery.body();
        let header = |name: &str| optional(name).unwrap();
        let received_at = header("x-shopify-triggered-at").parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let meta = Meta {
            event_id: optional("x-shopify-event-id").map(EventId::from_stored),
            api_version: optional("x-shopify-api-version").map(ApiVersion::from_stored),
            subscription: optional("x-shopify-name"),
            triggered_at: optional("x-shopify-triggered-at"),
            ..Meta::new(
                WebhookId::from_stored(header("x-shopify-webhook-id")),
                EventShop::from_stored(header("x-shopify-shop-domain")),
                Topic::from_stored(header("x-shopify-topic")),
                UnixMillis(received_at),
                body,
            )
        };
        self.0.lane.lock().unwrap().push((Lane::Standard, envelope::seal(&meta, body).unwrap()));
        Box::pin(async { Ok(StatusCode::OK) })
    }
}

impl Stack {
    /// Has the `call`-th call from now on fail.
    pub(crate) fn fail(&self, call: usize, fault: Fault) {
        *self.0.calls.lock().unwrap() = 0;
        *self.0.fault.lock().unwrap() = Some((call, fault));
    }

    pub(crate) fn heal(&self) {
        *self.0.first_run.lock().unwrap() = *self.0.calls.lock().unwrap();
        *self.0.fault.lock().unwrap() = None;
    }

    /// Has every event fail for good, from now on.
    pub(crate) fn poison(&self, is_poison: bool) {
        *self.0.poison.lock().unwrap() = is_poison;
    }

    async fn pass<T>(&self, call: impl Future<Output = T> + Send) -> Result<T, Unavailable> {
        let number = {
            let mut calls = self.0.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        let fault = *self.0.fault.lock().unwrap();
        // As over a network: a moment at which the caller may be gone, before the call and after it.
        tokio::task::yield_now().await;
        match fault {
            Some((at, Fault::BeforeWrite)) if at == number => return Err(Unavailable("a fault on purpose".into())),
            Some((at, Fault::AfterWrite)) if at == number => {}
            _ => {
                let answer = call.await;
                tokio::task::yield_now().await;
                return Ok(answer);
            }
        }
        call.await;
        Err(Unavailable("a reply that was lost on purpose".into()))
    }

    /// Whether no more than so many calls were made since [`Self::fail`].
    pub(crate) fn calls_at_most(&self, calls: usize) -> bool {
        *self.0.first_run.lock().unwrap() < calls
    }

    /// Takes what the lanes hold, and puts it back.
    pub(crate) fn take(&self) -> Vec<(Lane, String)> {
        std::mem::take(&mut *self.0.lane.lock().unwrap())
    }

    pub(crate) fn put(&self, messages: &mut Vec<(Lane, String)>) {
        self.0.lane.lock().unwrap().append(messages);
    }

    /// What the lanes hold, with their lanes.
    pub(crate) fn lane(&self) -> Vec<(Lane, Envelope)> {
        let held = self.0.lane.lock().unwrap();
        held.iter().map(|(lane, message)| (*lane, Envelope::parse(message).unwrap())).collect()
    }

    pub(crate) fn cursor(&self, kind: &str) -> Option<Cursor> {
        let cursors = self.0.cursors.lock().unwrap();
        let of_kind = cursors.iter().filter(|(name, _)| name.starts_with(&format!("default/{kind}/")));
        let found: Vec<_> = of_kind.map(|(_, (_, cursor))| cursor.clone()).collect();
        assert!(found.len() <= 1, "one set of topics is asked for");
        found.first().cloned()
    }

    pub(crate) fn reports(&self) -> Vec<Report> {
        self.0.reports.lock().unwrap().clone()
    }

    /// The synthetic events that were sent, each as often as it was.
    pub(crate) fn sent(&self) -> Vec<(Meta, Vec<u8>)> {
        self.0.sent.lock().unwrap().clone()
    }

    pub(crate) fn stale(&self) -> Vec<Meta> {
        self.0.stale.lock().unwrap().clone()
    }

    /// What took effect so far, sorted.
    pub(crate) fn effects(&self) -> Vec<Effect> {
        let effects = self.0.effects.lock().unwrap();
        let mut all: Vec<Effect> = effects
            .iter()
            .map(|(meta, body)| {
                let body: serde_json::Value = serde_json::from_slice(body).unwrap();
                let id = match body["id"].as_u64() {
                    Some(id) => id.to_string(),
                    None => format!("{}:{}", body["inventory_item_id"], body["location_id"]),
                };
                (meta.topic.to_string(), id, meta.synthetic.is_some())
            })
            .collect();
        all.sort();
        all
    }

    /// The events that took effect, in order.
    pub(crate) fn events(&self) -> Vec<(Meta, Vec<u8>)> {
        self.0.effects.lock().unwrap().clone()
    }

    /// A worker has an order for another topic, of this version, for so long.
    pub(crate) async fn hold(&self, order: u64, version: UnixMillis, now: UnixMillis, hold: Duration) {
        let key = format!("north.myshopify.com#default#orders/{order}");
        let (owner, mark) = (Owner("another".into()), Mark::from("orders/edited".to_owned()));
        let version = Version::updated(jiff::Timestamp::from_millisecond(version.0).unwrap());
        let state = fence::State { version, body: "edited".into(), event: None, content: None };
        let run = Run { version, delivery: "edited".into(), generation: 0, body: state.body.clone() };
        let lease_until = now + hold;
        let (key, owner, mark, run, state) = (key.as_str(), &owner, &mark, &run, &state);
        let ask = fence::EnterRequest { key, owner, mark, run, state, now, lease_until, once: false };
        assert_eq!(self.0.model.enter(&ask).await.unwrap(), Entry::Granted);
    }

    /// The workers: takes each message of the lanes to its end.
    pub(crate) async fn work(&self, now: UnixMillis) {
        let messages = std::mem::take(&mut *self.0.lane.lock().unwrap());
        for (index, (lane, message)) in messages.into_iter().enumerate() {
            self.handle(lane, &message, Owner(format!("{now}/{index}")), now).await;
        }
    }

    async fn handle(&self, lane: Lane, message: &str, owner: Owner, now: UnixMillis) {
        let model = &self.0.model;
        let envelope = Envelope::parse(message).unwrap();
        let meta = envelope.meta.clone();
        let (key, lease_until) = (Key::of(&meta), now + Duration::from_secs(35));
        let body = envelope.open(None).unwrap();
        let snapshot = Topics::built_in().latest(meta.topic.as_str()).unwrap().snapshot(
            &meta,
            envelope::json(&body).unwrap(),
            now,
        );
        let Reading::Snapshot(snapshot) = snapshot else { panic!("{snapshot:?}") };
        let resource = snapshot.key.rsplit('#').next();
        let ask = ledger::ClaimRequest {
            key: &key,
            owner: &owner,
            body_sha256: &meta.body_sha256,
            meta: Some(&meta),
            resource,
            lane,
            receives: 1,
            parks: 0,
            now,
            lease_until,
        };
        let Claim::Granted { attempt, progress, .. } = model.claim(&ask).await.unwrap() else { return };
        let settle = async |ending: AttemptResult| {
            let ended = ledger::SettleRequest {
                key: &key,
                owner: &owner,
                ending: &ending,
                attempt,
                receives: 1,
                begun: now,
                comes_back: None,
                copy: None,
                progress: &progress,
                resource,
                now,
            };
            model.settle(&ended).await.unwrap()
        };
        if *self.0.poison.lock().unwrap() {
            settle(AttemptResult::Failed(Failure::permanent("poison"))).await;
            return;
        }
        let once = meta.synthetic.is_some() && happens_once(meta.topic.as_str());
        let state = fence::State::of(&meta, snapshot.version, snapshot.content.clone());
        let (mark, run) = (Mark::of(&meta), Run::of(&meta, &state));
        let (key, owner, mark, run, state) = (snapshot.key.as_str(), &owner, &mark, &run, &state);
        let ask = fence::EnterRequest { key, owner, mark, run, state, now, lease_until, once };
        match model.enter(&ask).await.unwrap() {
            Entry::Granted => {}
            Entry::Stale(_) | Entry::Repeated => {
                self.0.stale.lock().unwrap().push(meta.clone());
                settle(AttemptResult::Stale).await;
                return;
            }
            other => panic!("one at a time: {other:?}"),
        }
        self.0.effects.lock().unwrap().push((meta.clone(), body));
        model.leave(&ask, Leave::Ran).await.unwrap();
        settle(AttemptResult::Done).await;
    }
}

impl ReconcileStore for Stack {
    async fn resources(&self, keys: &[String]) -> Result<Vec<Option<fence::Record>>, Unavailable> {
        assert!((1..=100).contains(&keys.len()), "{}", keys.len());
        self.pass(async { keys.iter().map(|key| self.0.model.resource(key)).collect() }).await
    }

    async fn unsettled(&self, _shop: &ShopDomain, since: UnixMillis) -> Result<Vec<UnsettledEvent>, Unavailable> {
        let unsettled = |record: &Record| {
            matches!(record.state, State::Failed(_) | State::Parked { .. }) && record.received_at >= since
        };
        self.pass(async {
            let records = self.0.model.records().into_iter().filter(unsettled);
            let troubled = |Record { key, topic, app, resource, .. }: Record| {
                Some(UnsettledEvent { key, topic: topic?, app: app?, resource: resource? })
            };
            records.filter_map(troubled).collect()
        })
        .await
    }

    async fn event(&self, key: &Key) -> Result<Option<Record>, Unavailable> {
        self.pass(async { self.0.model.get(key) }).await
    }

    async fn send(&self, lane: Lane, message: String, _shop: &ShopDomain) -> Result<(), Unavailable> {
        let envelope = Envelope::parse(&message).unwrap();
        let (meta, body) = (envelope.meta.clone(), envelope.open(None).unwrap());
        self.0.sent.lock().unwrap().push((meta.clone(), body.to_vec()));
        let topic = Topic::parse(meta.topic.as_str()).unwrap();
        assert_eq!(lane, Routes::built_in().lane(&topic), "{topic:?}");
        self.pass(async { self.0.lane.lock().unwrap().push((lane, message)) }).await
    }

    async fn store_body(&self, _meta: &Meta, _body: Vec<u8>) -> Result<String, Unavailable> {
        Err(Unavailable("no body here is that large".into()))
    }

    async fn cursor(&self, key: &CursorKey<'_>) -> Result<Option<(u64, Cursor)>, Unavailable> {
        let name = format!("{}/{}/{}", key.app, key.kind, key.wanted);
        self.pass(async { self.0.cursors.lock().unwrap().get(&name).cloned() }).await
    }

    async fn set_cursor(
        &self,
        key: &CursorKey<'_>,
        expected: Option<u64>,
        cursor: &Cursor,
    ) -> Result<Option<u64>, Unavailable> {
        let name = format!("{}/{}/{}", key.app, key.kind, key.wanted);
        self.pass(async {
            let mut cursors = self.0.cursors.lock().unwrap();
            if cursors.get(&name).map(|(version, _)| *version) != expected {
                return None;
            }
            let version = expected.map_or(1, |version| version + 1);
            cursors.insert(name, (version, cursor.clone()));
            Some(version)
        })
        .await
    }

    async fn keep(&self, report: &Report) -> Result<(), Unavailable> {
        self.pass(async { self.0.reports.lock().unwrap().push(report.clone()) }).await
    }
}
