//! Nothing is lost, whatever fails and wherever it stops.

use std::{cell::RefCell, collections::BTreeMap};

use weir_aws::dead_letters::DeadLetter;
use weir_core::{
    Failure,
    envelope::seal,
    ledger::{Key, Record, State},
    park::Parked,
};

use super::super::letter::tests::{meta, record};
use super::*;
use crate::cli::DlqFilterArgs;

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

/// Queues in memory that fail when they are told to: at the n-th call, before or after it took effect.
#[derive(Default)]
struct Queues {
    dead: RefCell<BTreeMap<String, String>>,
    hidden: RefCell<BTreeMap<String, String>>,
    lane: RefCell<Vec<(String, String)>>,
    records: Vec<Record>,
    calls: Cell<usize>,
    fails_at: Option<(usize, bool)>,
    refuses: Option<&'static str>,
    /// Messages stay visible: the pass takes longer than they are hidden.
    is_slow: bool,
}

impl Queues {
    fn with(count: usize) -> Self {
        let mut queues = Self::default();
        for number in 0..count {
            let topic = if number % 2 == 0 { "orders/create" } else { "orders/paid" };
            let meta = weir_core::envelope::Meta { topic: topic.into(), ..meta(&number.to_string(), NOW, b"{}") };
            queues.records.push(record(&meta, State::Failed(Failure::permanent("x")), "x"));
            queues.dead.borrow_mut().insert(format!("m{number}"), seal(&meta, b"{}").unwrap());
        }
        queues
    }

    /// Whether this call fails, and whether it takes effect.
    fn call(&self) -> (bool, bool) {
        self.calls.set(self.calls.get() + 1);
        match self.fails_at {
            Some((at, has_effect)) if at == self.calls.get() => (true, has_effect),
            _ => (false, true),
        }
    }

    /// The time-out ran out: whoever held messages is gone.
    fn time_passes(&mut self) {
        let hidden = std::mem::take(&mut *self.hidden.borrow_mut());
        self.dead.borrow_mut().extend(hidden);
        self.fails_at = None;
    }

    fn sent(&self) -> Vec<String> {
        self.lane.borrow().iter().map(|(message, _)| Key::of(&Envelope::parse(message).unwrap().meta).event).collect()
    }
}

impl Outside for Queues {
    async fn receive(&self, lane: Lane, most: usize) -> anyhow::Result<Vec<DeadLetter>> {
        tokio::task::yield_now().await;
        let (fails, _) = self.call();
        anyhow::ensure!(!fails, "receive");
        if lane != Lane::Standard {
            return Ok(Vec::new());
        }
        let mut dead = self.dead.borrow_mut();
        let ids: Vec<String> = dead.keys().take(most).cloned().collect();
        let mut messages = Vec::new();
        for id in ids {
            let body = dead[&id].clone();
            if !self.is_slow {
                dead.remove(&id);
            }
            self.hidden.borrow_mut().insert(id.clone(), body.clone());
            let group = Some("north.myshopify.com".to_owned());
            messages.push(DeadLetter { receipt: id.clone(), message_id: id, group, sent_at: NOW, body });
        }
        Ok(messages)
    }

    async fn look_up(&self, keys: &[Key]) -> anyhow::Result<Vec<Record>> {
        let (fails, _) = self.call();
        anyhow::ensure!(!fails, "look up");
        Ok(self.records.iter().filter(|record| keys.contains(&record.key)).cloned().collect())
    }

    async fn send(&self, _lane: Lane, messages: &[(String, String)]) -> Vec<anyhow::Result<()>> {
        tokio::task::yield_now().await;
        let (fails, has_effect) = self.call();
        let one = |message: &(String, String)| {
            let refused = self.refuses.is_some_and(|text| message.0.contains(text));
            if has_effect && !refused {
                self.lane.borrow_mut().push(message.clone());
            }
            anyhow::ensure!(!fails && !refused, "send");
            Ok(())
        };
        messages.iter().map(one).collect()
    }

    async fn delete(&self, _lane: Lane, receipts: &[String]) -> anyhow::Result<()> {
        tokio::task::yield_now().await;
        let (fails, has_effect) = self.call();
        if has_effect {
            self.hidden.borrow_mut().retain(|id, _| !receipts.contains(id));
        }
        anyhow::ensure!(!fails, "delete");
        Ok(())
    }

    async fn give_back(&self, _lane: Lane, receipts: &[String]) -> anyhow::Result<()> {
        let (fails, has_effect) = self.call();
        if has_effect {
            for id in receipts {
                let body = self.hidden.borrow_mut().remove(id);
                self.dead.borrow_mut().extend(body.map(|body| (id.clone(), body)));
            }
        }
        anyhow::ensure!(!fails, "give back");
        Ok(())
    }
}

fn paid() -> Filter {
    let args = DlqFilterArgs { topic: Some("orders/paid".into()), ..DlqFilterArgs::default() };
    Filter::new(&args, NOW).unwrap()
}

async fn replay(
    queues: &Queues,
    filter: &Filter,
    change: impl FnOnce(&mut Replay<'_, Queues>),
) -> anyhow::Result<Done> {
    let stopped = Cell::new(false);
    let mut replay = Replay { outside: queues, filter, force: false, rate: None, limit: u64::MAX, stopped: &stopped };
    change(&mut replay);
    replay.run(async |_| Ok(())).await
}

#[tokio::test(start_paused = true)]
async fn what_is_meant_goes_back_once_and_the_rest_stays_visible() {
    let queues = Queues::with(95);
    let done = replay(&queues, &paid(), |_| {}).await.unwrap();
    assert_eq!(done, Done { sent: 47, deleted: 47, ..Done::default() });
    let mut sent = queues.sent();
    sent.sort();
    sent.dedup();
    assert_eq!((sent.len(), queues.dead.borrow().len(), queues.hidden.borrow().len()), (47, 48, 0));
}

#[tokio::test(start_paused = true)]
async fn wherever_it_fails_nothing_is_lost_and_a_second_run_ends_it() {
    let calls = {
        let queues = Queues::with(40);
        replay(&queues, &paid(), |_| {}).await.unwrap();
        queues.calls.get()
    };
    for at in 1..=calls {
        for has_effect in [false, true] {
            let mut queues = Queues { fails_at: Some((at, has_effect)), ..Queues::with(40) };
            let first = replay(&queues, &paid(), |_| {}).await;
            let everywhere = queues.dead.borrow().len() + queues.hidden.borrow().len() + queues.lane.borrow().len();
            assert!(everywhere >= 40, "call {at}: {first:?}");
            queues.time_passes();
            replay(&queues, &paid(), |_| {}).await.unwrap();
            let mut sent = queues.sent();
            sent.sort();
            // Twice is allowed: it is the same event, which the ledger lets run once.
            sent.dedup();
            assert_eq!((sent.len(), queues.dead.borrow().len()), (20, 20), "call {at}, effect {has_effect}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_stopped_ends_its_batch_and_gives_the_rest_back() {
    let queues = Queues::with(200);
    let filter = Filter::default();
    let stopped = Cell::new(false);
    let replay = Replay {
        outside: &queues,
        filter: &filter,
        force: false,
        rate: Some(100.0),
        limit: u64::MAX,
        stopped: &stopped,
    };
    let done = replay
        .run(async |done| {
            stopped.set(done.sent >= 50);
            Ok(())
        })
        .await
        .unwrap();
    assert!((50..=90).contains(&done.sent) && done.sent == done.deleted, "{done:?}");
    assert_eq!(queues.dead.borrow().len() as u64, 200 - done.sent);
    assert!(queues.hidden.borrow().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_takes_longer_than_messages_are_hidden_ends_and_counts_none_twice() {
    let queues = Queues { is_slow: true, ..Queues::with(9) };
    let (stopped, seen) = (Cell::new(false), Cell::new(0));
    let filter = Filter::default();
    let count = async |_: Lane, batch: Batch| {
        seen.set(seen.get() + batch.len());
        Ok(batch)
    };
    Sweep::new(&queues, &filter, &stopped).run(count).await.unwrap();
    assert_eq!(seen.get(), 9);
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_kept_by_all_requests_together() {
    let queues = Queues::with(100);
    let began = Instant::now();
    replay(&queues, &Filter::default(), |replay| replay.rate = Some(10.0)).await.unwrap();
    let took = began.elapsed().as_secs_f64();
    assert!((9.0..=10.1).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_a_limit() {
    let queues = Queues::with(100);
    let done = replay(&queues, &Filter::default(), |replay| replay.limit = 33).await.unwrap();
    assert_eq!((done.sent, queues.dead.borrow().len()), (33, 67));
}

#[tokio::test(start_paused = true)]
async fn what_a_lane_refuses_stays_and_is_told() {
    let queues = Queues { refuses: Some("\"id\":\"7\""), ..Queues::with(10) };
    let done = replay(&queues, &Filter::default(), |_| {}).await.unwrap();
    assert_eq!(done, Done { sent: 9, deleted: 9, refused: 1, passed_over: 0 });
    assert_eq!(queues.dead.borrow().keys().collect::<Vec<_>>(), ["m7"]);
}

#[tokio::test(start_paused = true)]
async fn another_body_under_a_known_id_is_passed_over_unless_forced() {
    let mut queues = Queues::with(2);
    queues.records[0].body_sha256 = "another".into();
    let done = replay(&queues, &Filter::default(), |_| {}).await.unwrap();
    assert_eq!((done.sent, done.passed_over), (1, 1));
    let forced = replay(&queues, &Filter::default(), |replay| replay.force = true).await.unwrap();
    assert_eq!(forced.sent, 1);
    let (message, _) = queues.lane.borrow().last().cloned().unwrap();
    assert_eq!(Envelope::parse(&message).unwrap().meta.generation, 1);
}

#[tokio::test(start_paused = true)]
async fn messages_go_as_they_came_and_parked_ones_may_wait_anew() {
    let queues = Queues::with(1);
    let body = queues.dead.borrow()["m0"].clone();
    replay(&queues, &Filter::default(), |_| {}).await.unwrap();
    assert_eq!(*queues.lane.borrow(), [(body.clone(), "north.myshopify.com".to_owned())]);
    let parked = Envelope::parse(&body).unwrap().park(Parked { count: 90, since: UnixMillis(1) });
    queues.dead.borrow_mut().insert("m1".into(), parked);
    replay(&queues, &Filter::default(), |_| {}).await.unwrap();
    let (message, _) = queues.lane.borrow().last().cloned().unwrap();
    let parked = Envelope::parse(&message).unwrap().parked.unwrap();
    assert!(parked.count == 90 && parked.since > NOW - Duration::from_secs(86_400 * 365), "{parked:?}");
}
