//! A sweep over queues in memory, where each call fails in each way: whatever happens, nothing is lost or doubled.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};
use weir_aws::{
    dead_letters::{DeadLetter, Depth, Outgoing, QueueError, Refusal, Refusals},
    ledger::ReadError,
    operations::{Document, OperationsError, Stored},
};
use weir_core::{
    Lane, UnixMillis,
    envelope::Envelope,
    ledger::{Key, Record, State as Ledger},
};

use super::{
    filter::Filter,
    letter::tests::{RECEIVED, failed, message, meta, record},
    operation::{Chunk, Counts, Journal, Kind, Operation, Options, Planned, State},
    outside::Outside,
    reader::HOLD,
    run::{Run, Written},
    stop::Stop,
};

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
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

const FAULTS: [Fault; 7] = [
    Fault::Fails,
    Fault::ReplyLost,
    Fault::KilledBefore,
    Fault::KilledAfter,
    Fault::Refused,
    Fault::Down,
    Fault::LaneDown,
];

struct Message {
    id: String,
    receipt: String,
    body: String,
    sent_at: UnixMillis,
    visible_at: Instant,
}

#[derive(Default)]
struct World {
    dlq: RefCell<Vec<Message>>,
    lane: RefCell<Vec<Outgoing>>,
    records: RefCell<BTreeMap<Key, Record>>,
    operation: RefCell<Option<(u64, Operation)>>,
    chunks: RefCell<BTreeMap<u32, Chunk>>,
    /// How often each event took effect.
    effects: RefCell<BTreeMap<Key, u32>>,
    calls: Cell<u32>,
    fault: Cell<Option<(u32, Fault)>>,
    down_until: Cell<Option<Instant>>,
    lane_down_until: Cell<Option<Instant>>,
    /// Whether the ledger keeps the last error of what took effect since.
    forgets: Cell<bool>,
    killed: Notify,
}

const NAME: &str = "20261127T050000Z-1f3a";

impl World {
    fn put(&self, id: &str, body: String, sent_at: UnixMillis) {
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
    fn work(&self) {
        for message in self.lane.borrow_mut().drain(..) {
            let envelope = Envelope::parse(&message.body).unwrap();
            let key = Key::of(&envelope.meta);
            let body = envelope.open(None).unwrap();
            let mut records = self.records.borrow_mut();
            match records.get(&key).map(|record| &record.state) {
                Some(Ledger::Done) => continue,
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

impl Outside for World {
    async fn depth(&self, _: Lane) -> Result<Depth, QueueError> {
        self.queue(|_| {
            let hidden = self.dlq.borrow().iter().filter(|message| message.visible_at > Instant::now()).count() as u64;
            let visible = self.dlq.borrow().len() as u64 - hidden;
            Depth { visible, hidden, retention: Duration::from_secs(1_209_600) }
        })
        .await
    }

    async fn receive(&self, _: Lane, hold: Duration) -> Result<Vec<DeadLetter>, QueueError> {
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

    async fn save(
        &self,
        name: &str,
        expected: Option<u64>,
        operation: &Operation,
    ) -> Result<Stored<Operation>, OperationsError> {
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

    async fn enter(&self, _: &str, number: u32, chunk: &Chunk) -> Result<(), OperationsError> {
        self.call(|_| drop(self.chunks.borrow_mut().insert(number, chunk.clone()))).await.ok_or_else(unavailable)
    }
}

fn unavailable() -> OperationsError {
    OperationsError::Unavailable { action: "written", reason: "no answer".into() }
}

/// So many events are meant, and as many are not.
const EVENTS: u32 = 23;

fn world(kind: Kind, force: bool) -> World {
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
    let operation = Operation {
        kind,
        state: State::Running,
        by: "me".into(),
        command: "weir".into(),
        started_at: UnixMillis::now(),
        updated_at: UnixMillis::now(),
        filter: Filter { lane: Some(Lane::Standard), error: Some("http 500".into()), ..Filter::default() },
        options: Options { force, ..Options::default() },
        planned: Planned::default(),
        counts: Counts::default(),
        note: None,
        resumed: Vec::new(),
    };
    *world.operation.borrow_mut() = Some((1, operation));
    world
}

/// Goes on with what is written down, until its end or until it is killed.
async fn run(world: &World, stop: &Stop) {
    let (version, mut operation) = world.operation.borrow().clone().unwrap();
    if version > 1 {
        operation.resume("me".into(), UnixMillis::now());
    }
    let mut journal = Journal::default();
    world.chunks.borrow().values().for_each(|chunk| journal.add(chunk));
    let written = Written { name: NAME.into(), version, operation, journal };
    tokio::select! {
        _ = Run::new(world, written, stop, None, &|_, _| {}).run() => {}
        () = world.killed.notified() => {}
    }
}

fn left(world: &World) -> (usize, usize) {
    let dlq = world.dlq.borrow();
    let meant = dlq.iter().filter(|message| message.id.starts_with("meant")).count();
    (meant, dlq.len() - meant)
}

/// Nothing is lost at any moment: each event that is meant is dead-lettered, in its lane, or took effect.
fn check_nothing_lost(world: &World, what: &str) {
    for index in (0..2 * EVENTS).step_by(2) {
        let id = format!("meant-{index}");
        let name = Key::of(&meta(&id, b"{}")).event;
        let dead = world.dlq.borrow().iter().any(|message| message.id == id);
        let lane = world.lane.borrow().iter().any(|message| message.body.contains(&format!("\"{id}\"")));
        let ran = world.effects.borrow().keys().any(|key| key.event == name);
        assert!(dead || lane || ran, "{id} is lost: {what}");
    }
}

/// Whoever comes after an interruption goes on with it, or begins another one.
async fn try_each_fault(kind: Kind, force: bool, worker_is_quick: bool, resumes: bool) {
    let (_sender, stop) = Stop::by_hand();
    for fault in FAULTS {
        for call in 1.. {
            let what = format!("{fault:?} at call {call}");
            let world = world(kind, force);
            world.forgets.set(resumes);
            let begun = world.operation.borrow().clone();
            world.fault.set(Some((call, fault)));
            run(&world, &stop).await;
            let was_met = world.calls.get() >= call;
            if kind == Kind::Replay {
                check_nothing_lost(&world, &what);
            }
            if worker_is_quick {
                world.work();
            }
            // Whatever the killed one held comes back by itself.
            tokio::time::sleep(Duration::from_secs(120)).await;
            world.fault.set(None);
            if !resumes {
                world.chunks.borrow_mut().clear();
                *world.operation.borrow_mut() = begun;
            }
            run(&world, &stop).await;
            world.work();

            assert_eq!(left(&world), (0, EVENTS as usize), "{what}");
            let (_, operation) = world.operation.borrow().clone().unwrap();
            assert_eq!(operation.state, State::Done, "{what}: {operation:?}");
            let generation = u32::from(force);
            let effects = world.effects.borrow();
            match kind {
                Kind::Drop => assert!(effects.is_empty(), "{what}"),
                Kind::Replay => {
                    assert_eq!(effects.len(), EVENTS as usize, "{what}");
                    assert!(effects.iter().all(|(key, count)| key.generation == generation && *count == 1), "{what}");
                }
            }
            if !was_met {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_loses_and_doubles_nothing_whatever_call_goes_wrong() {
    for (worker_is_quick, resumes) in [(true, true), (true, false), (false, true), (false, false)] {
        try_each_fault(Kind::Replay, false, worker_is_quick, resumes).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_forced_replay_that_is_done_again_comes_to_the_same_generation() {
    for (worker_is_quick, resumes) in [(true, true), (true, false), (false, true), (false, false)] {
        try_each_fault(Kind::Replay, true, worker_is_quick, resumes).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_drop_deletes_only_what_was_meant_whatever_call_goes_wrong() {
    for resumes in [true, false] {
        try_each_fault(Kind::Drop, false, true, resumes).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_asked_to_stop_gives_everything_back_and_is_resumed() {
    let world = world(Kind::Replay, false);
    world.operation.borrow_mut().as_mut().unwrap().1.options.rate = Some(2.0);
    let (sender, stop) = Stop::by_hand();
    let asked = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        sender.send_replace(true);
    };
    tokio::join!(run(&world, &stop), asked);
    let (_, operation) = world.operation.borrow().clone().unwrap();
    assert_eq!(operation.state, State::Interrupted);
    assert!((1..u64::from(EVENTS)).contains(&operation.counts.sent), "{operation:?}");
    let now = Instant::now();
    assert!(world.dlq.borrow().iter().all(|message| message.visible_at <= now), "everything was given back");
    let (_sender, stop) = Stop::by_hand();
    run(&world, &stop).await;
    world.work();
    assert_eq!((left(&world), world.effects.borrow().len()), ((0, EVENTS as usize), EVENTS as usize));
}

#[tokio::test(start_paused = true)]
async fn a_slow_replay_holds_on_to_its_messages_and_keeps_its_rate() {
    let world = world(Kind::Replay, false);
    world.operation.borrow_mut().as_mut().unwrap().1.options.rate = Some(0.1);
    let (_sender, stop) = Stop::by_hand();
    let began = Instant::now();
    let ended = Cell::new(false);
    let replay = async {
        run(&world, &stop).await;
        ended.set(true);
    };
    let others = async {
        let mut before = usize::MAX;
        while !ended.get() {
            let visible = world.dlq.borrow().iter().filter(|message| message.visible_at <= Instant::now()).count();
            assert!(visible <= before, "{} show again after {:?}", visible - before, began.elapsed());
            before = visible;
            tokio::time::sleep(Duration::from_millis(999)).await;
        }
    };
    tokio::join!(replay, others);
    let (_, operation) = world.operation.borrow().clone().unwrap();
    assert_eq!((operation.state, operation.counts.sent), (State::Done, u64::from(EVENTS)));
    assert_eq!(world.lane.borrow().len(), EVENTS as usize, "none was sent twice");
    assert!(began.elapsed() >= Duration::from_secs(10 * u64::from(EVENTS - 1)), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_one_that_was_killed_holds_is_waited_for() {
    let world = world(Kind::Replay, false);
    let until = Instant::now() + HOLD;
    world.dlq.borrow_mut().iter_mut().for_each(|message| message.visible_at = until);
    let (_sender, stop) = Stop::by_hand();
    run(&world, &stop).await;
    assert_eq!((left(&world), world.lane.borrow().len()), ((0, EVENTS as usize), EVENTS as usize));
}

#[tokio::test(start_paused = true)]
async fn what_fails_again_is_not_sent_round_and_round() {
    let world = world(Kind::Replay, false);
    let (_sender, stop) = Stop::by_hand();
    run(&world, &stop).await;
    // The worker failed at one, and its lane gave it up: it is back under an id of its own.
    world.put("new", message("meant-0"), UnixMillis::now());
    world.operation.borrow_mut().as_mut().unwrap().1.state = State::Interrupted;
    let sent = world.lane.borrow().len();
    run(&world, &stop).await;
    let (_, operation) = world.operation.borrow().clone().unwrap();
    assert_eq!((operation.counts.returned, world.lane.borrow().len()), (1, sent));
    assert!(world.dlq.borrow().iter().any(|message| message.id == "new"), "it stays to be looked at");
}

#[tokio::test(start_paused = true)]
async fn whoever_resumes_takes_over() {
    let world = world(Kind::Replay, false);
    let (_sender, stop) = Stop::by_hand();
    world.operation.borrow_mut().as_mut().unwrap().1.options.rate = Some(1.0);
    let first = run(&world, &stop);
    let second = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        // What `--resume` writes first.
        if let Some((version, _)) = world.operation.borrow_mut().as_mut() {
            *version += 1;
        }
    };
    tokio::join!(first, second);
    let (_, operation) = world.operation.borrow().clone().unwrap();
    assert_eq!(operation.state, State::Running, "the first one left it to the second");
    assert!(world.lane.borrow().len() < EVENTS as usize);
}
