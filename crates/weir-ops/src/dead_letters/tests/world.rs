//! Queues, a ledger and a worker in memory, where each call can fail in each way.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};
use weir_aws::{
    dead_letters::{DeadLetter, Depth, Outgoing, QueueError, Refusal, Refusals},
    documents::{Document, DocumentError, Stored},
    ledger::ReadError,
};
use weir_core::{
    Lane, StoreError, UnixMillis,
    envelope::Envelope,
    ledger::{ActionKind, ActionRequest, Key, Record, Recorded, State as Ledger, act},
};
use weir_jobs::{Cancel, ClaimedJob, Job, JobStore};

use super::super::{
    backend::DeadLetterBackend,
    entry::tests::{RECEIVED, failed, message, meta, record},
    filter::Filter,
    operation::{Chunk, Counts, Journal, Kind, Operation, Options, Planned, ReplayWork},
    replay::Replay,
    start::Started,
};

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It fails, and nothing was done.
    Fails,
    /// It is done, and its reply lost.
    ReplyLost,
    /// The process is killed before it.
    KilledBefore,
    /// The process is killed after it.
    KilledAfter,
    /// SQS refuses the entries of a batch, and takes them the next time.
    Refused,
    /// From this call on none is answered for a minute.
    Down,
    /// From this call on the lane takes nothing for a minute, while all else works.
    LaneDown,
}

const DOWN: Duration = Duration::from_secs(60);

pub(super) const FAULTS: [Fault; 7] = [
    Fault::Fails,
    Fault::ReplyLost,
    Fault::KilledBefore,
    Fault::KilledAfter,
    Fault::Refused,
    Fault::Down,
    Fault::LaneDown,
];

pub(super) struct Message {
    pub(super) id: String,
    pub(super) receipt: String,
    pub(super) body: String,
    pub(super) sent_at: UnixMillis,
    pub(super) visible_at: Instant,
}

#[derive(Default)]
pub(super) struct World {
    pub(super) dlq: RefCell<Vec<Message>>,
    pub(super) lane: RefCell<Vec<Outgoing>>,
    pub(super) records: RefCell<BTreeMap<Key, Record>>,
    pub(super) operation: RefCell<Option<(u64, Operation)>>,
    pub(super) chunks: RefCell<BTreeMap<u32, Chunk>>,
    /// How often each event took effect.
    pub(super) effects: RefCell<BTreeMap<Key, u32>>,
    pub(super) calls: Cell<u32>,
    pub(super) fault: Cell<Option<(u32, Fault)>>,
    pub(super) down_until: Cell<Option<Instant>>,
    pub(super) lane_down_until: Cell<Option<Instant>>,
    /// Whether the ledger keeps the last error of what took effect since.
    pub(super) forgets: Cell<bool>,
    pub(super) killed: Notify,
}

const NAME: &str = "20261127T050000Z-1f3a";

impl World {
    pub(super) fn put(&self, id: &str, body: String, sent_at: UnixMillis) {
        let message = Message { id: id.into(), receipt: String::new(), body, sent_at, visible_at: Instant::now() };
        self.dlq.borrow_mut().push(message);
    }

    /// Does the call, or what the fault makes of it. `None`: it fails.
    async fn call<T>(&self, act: impl FnOnce(bool) -> T) -> Option<T> {
        self.calls.set(self.calls.get() + 1);
        let fault = self.fault.get().filter(|(call, _)| *call == self.calls.get()).map(|(_, fault)| fault);
        // Each call takes a moment.
        tokio::time::sleep(Duration::from_millis(5)).await;
        if self.down_until.get().is_some_and(|until| Instant::now() < until) {
            return None;
        }
        match fault {
            None => Some(act(false)),
            Some(Fault::LaneDown) => {
                self.lane_down_until.set(Some(Instant::now() + DOWN));
                Some(act(false))
            }
            Some(Fault::Down) => {
                self.down_until.set(Some(Instant::now() + DOWN));
                None
            }
            Some(Fault::Refused) => Some(act(true)),
            Some(Fault::Fails) => None,
            Some(Fault::ReplyLost) => {
                act(false);
                None
            }
            Some(fault) => {
                if fault == Fault::KilledAfter {
                    act(false);
                }
                self.killed.notify_one();
                std::future::pending().await
            }
        }
    }

    async fn queue<T>(&self, act: impl FnOnce(bool) -> T) -> Result<T, QueueError> {
        let reason = "no answer".to_owned();
        let error = QueueError { action: "sqs:ReceiveMessage", queue: "q".into(), code: None, reason };
        self.call(act).await.ok_or(error)
    }

    /// Each entry of a batch, by its receipt.
    async fn batch(
        &self,
        receipts: &[String],
        mut each: impl FnMut(&mut Vec<Message>, usize),
    ) -> Result<Refusals, QueueError> {
        let done = |refused: bool| {
            let mut dlq = self.dlq.borrow_mut();
            let one = |receipt: &String| match dlq.iter().position(|message| message.receipt == *receipt) {
                _ if refused => Some(Refusal { code: "InternalError".into(), for_good: false }),
                Some(place) => {
                    each(&mut dlq, place);
                    None
                }
                None => Some(Refusal { code: "ReceiptHandleIsInvalid".into(), for_good: true }),
            };
            receipts.iter().map(one).collect()
        };
        self.queue(done).await
    }

    /// A worker takes what lies in the lane, as the ledger lets it.
    pub(super) fn work(&self) {
        for message in self.lane.borrow_mut().drain(..) {
            let envelope = Envelope::parse(&message.body).unwrap();
            let key = Key::of(&envelope.meta);
            let body = envelope.open(None).unwrap();
            let mut records = self.records.borrow_mut();
            match records.get(&key).map(|record| &record.state) {
                Some(Ledger::Done | Ledger::Dropped) => continue,
                _ => {
                    let mut done = record(key.clone(), Ledger::Done, &body);
                    done.last_error = Some("HTTP 500".into()).filter(|_| !self.forgets.get());
                    records.insert(key.clone(), done);
                }
            }
            *self.effects.borrow_mut().entry(key).or_default() += 1;
        }
    }
}

impl DeadLetterBackend for World {
    async fn depth(&self, _: Lane) -> Result<Depth, QueueError> {
        self.queue(|_| {
            let hidden = self.dlq.borrow().iter().filter(|message| message.visible_at > Instant::now()).count() as u64;
            let visible = self.dlq.borrow().len() as u64 - hidden;
            Depth { visible, hidden, retention: Duration::from_secs(1_209_600) }
        })
        .await
    }

    async fn receive(&self, _: Lane, hold: Duration, waits: bool) -> Result<Vec<DeadLetter>, QueueError> {
        if waits && self.dlq.borrow().iter().all(|message| message.visible_at > Instant::now()) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.queue(|_| {
            let mut dlq = self.dlq.borrow_mut();
            let visible = dlq.iter_mut().filter(|message| message.visible_at <= Instant::now()).take(10);
            let receive = |message: &mut Message| {
                message.receipt = format!("{}/{}", message.id, self.calls.get());
                message.visible_at = Instant::now() + hold;
                DeadLetter {
                    id: message.id.clone(),
                    receipt: message.receipt.clone(),
                    body: message.body.clone(),
                    group: None,
                    sent_at: message.sent_at,
                }
            };
            visible.map(receive).collect()
        })
        .await
    }

    async fn hold(&self, _: Lane, receipts: &[String], time: Duration) -> Result<Refusals, QueueError> {
        self.batch(receipts, |dlq, place| dlq[place].visible_at = Instant::now() + time).await
    }

    async fn delete(&self, _: Lane, receipts: &[String]) -> Result<Refusals, QueueError> {
        self.batch(receipts, |dlq, place| drop(dlq.remove(place))).await
    }

    async fn send(&self, _: Lane, messages: &[Outgoing]) -> Result<Refusals, QueueError> {
        if self.lane_down_until.get().is_some_and(|until| Instant::now() < until) {
            let reason = "no answer".to_owned();
            return Err(QueueError { action: "sqs:SendMessage", queue: "q".into(), code: None, reason });
        }
        self.queue(|refused| {
            let refusal = refused.then(|| Refusal { code: "InternalError".into(), for_good: false });
            if !refused {
                self.lane.borrow_mut().extend(messages.iter().cloned());
            }
            vec![refusal; messages.len()]
        })
        .await
    }

    async fn records(&self, keys: &[Key]) -> Result<Vec<Record>, ReadError> {
        let read = |_| keys.iter().filter_map(|key| self.records.borrow().get(key).cloned()).collect();
        self.call(read).await.ok_or(ReadError::Unavailable("no answer".into()))
    }

    async fn record(&self, request: &ActionRequest<'_>) -> Result<Recorded, StoreError> {
        let write = |_| {
            let mut records = self.records.borrow_mut();
            let (recorded, after) = act(records.get(request.key), request);
            after.map(|after| records.insert(request.key.clone(), after));
            recorded
        };
        let error = || StoreError { action: "record", source: "no answer".into() };
        self.call(write).await.ok_or_else(error)
    }
}

impl JobStore<ReplayWork> for World {
    async fn save(
        &self,
        name: &str,
        expected: Option<u64>,
        operation: &Operation,
    ) -> Result<Stored<Operation>, DocumentError> {
        let write = |_| {
            let mut there = self.operation.borrow_mut();
            if there.as_ref().map(|(version, _)| *version) != expected {
                let found = there.clone().map(|(version, value)| Document { name: name.into(), version, value });
                return Stored::Lost(found);
            }
            let version = expected.unwrap_or(0) + 1;
            *there = Some((version, operation.clone()));
            Stored::Written(version)
        };
        self.call(write).await.ok_or_else(unavailable)
    }

    async fn checkpoint(&self, _: &str, number: u32, chunk: &Chunk) -> Result<(), DocumentError> {
        self.call(|_| drop(self.chunks.borrow_mut().insert(number, chunk.clone()))).await.ok_or_else(unavailable)
    }
}

fn unavailable() -> DocumentError {
    DocumentError::Unavailable { action: "written", reason: "no answer".into() }
}

/// So many events are meant, and as many are not.
pub(super) const EVENTS: u32 = 23;

pub(super) fn world(kind: Kind, force: bool) -> World {
    let world = World::default();
    for index in 0..2 * EVENTS {
        let id = format!("{}-{index}", if index % 2 == 0 { "meant" } else { "other" });
        let key = Key::of(&meta(&id, b"{}"));
        let state = if force && index % 2 == 0 { Ledger::Done } else { failed() };
        let mut record = record(key.clone(), state, b"{}");
        record.last_error = Some(if index % 2 == 0 { "HTTP 500".into() } else { "not JSON".into() });
        world.records.borrow_mut().insert(key, record);
        world.put(&id, message(&id), RECEIVED);
    }
    let work = ReplayWork {
        kind,
        filter: Filter { lane: Some(Lane::Standard), error: Some("http 500".into()), ..Filter::default() },
        options: Options { force, ..Options::default() },
        planned: Planned::default(),
        counts: Counts::default(),
    };
    let operation = Job::new("me".into(), "weir".into(), work, UnixMillis::now());
    *world.operation.borrow_mut() = Some((1, operation));
    world
}

/// Goes on with what is written down, until its end or until it is killed.
pub(super) async fn run(world: &World, stop: &Cancel) {
    let (version, mut operation) = world.operation.borrow().clone().unwrap();
    if version > 1 {
        operation.resume("me".into(), UnixMillis::now());
    }
    let mut journal = Journal::default();
    world.chunks.borrow().values().for_each(|chunk| journal.add(chunk));
    let chunks = u32::try_from(world.chunks.borrow().len()).unwrap();
    let started = Started { claimed: ClaimedJob::known(NAME, version, chunks, operation), journal };
    tokio::select! {
        _ = Replay::new(world, started, stop, None, &|_, _| {}).run() => {}
        () = world.killed.notified() => {}
    }
}

pub(super) fn left(world: &World) -> (usize, usize) {
    let dlq = world.dlq.borrow();
    let meant = dlq.iter().filter(|message| message.id.starts_with("meant")).count();
    (meant, dlq.len() - meant)
}

/// Nothing is lost at any moment: each event that is meant is dead-lettered, in its lane, or took effect.
pub(super) fn check_nothing_lost(world: &World, what: &str) {
    for index in (0..2 * EVENTS).step_by(2) {
        let id = format!("meant-{index}");
        let name = Key::of(&meta(&id, b"{}")).event;
        let dead = world.dlq.borrow().iter().any(|message| message.id == id);
        let lane = world.lane.borrow().iter().any(|message| message.body.contains(&format!("\"{id}\"")));
        let ran = world.effects.borrow().keys().any(|key| key.event == name);
        assert!(dead || lane || ran, "{id} is lost: {what}");
    }
}

/// Each event that is meant tells what was done with it, and that only. One that was dropped is no longer in trouble.
pub(super) fn check_told(world: &World, kind: ActionKind, what: &str) {
    for record in world.records.borrow().values().filter(|record| record.key.generation == 0) {
        let is_meant = record.key.event.contains("#meant-");
        let told: Vec<&ActionKind> = record.actions.iter().map(|action| &action.kind).collect();
        assert!(told.iter().all(|told| **told == kind) && told.is_empty() != is_meant, "{told:?}: {what}");
        let is_dropped = record.state == Ledger::Dropped;
        assert_eq!(is_dropped, is_meant && kind == ActionKind::Dropped, "{:?}: {what}", record.state);
    }
}
