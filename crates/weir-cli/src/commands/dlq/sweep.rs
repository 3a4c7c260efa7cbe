//! Goes through dead-letter queues: each message is seen once, and what is not taken is given back at the end.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
};

use futures_util::future::{join_all, try_join_all};
use weir_aws::dead_letters::{AT_ONCE, DeadLetter};
use weir_core::{Lane, ledger::Record};

use super::{filter::Filter, letter::Letter, outside::Outside};

/// Requests to one queue that are under way at once.
const POLLERS: usize = 4;

/// Some messages of one lane that the filter takes, each as it was read and as it came.
pub(super) type Batch = Vec<(Letter, DeadLetter)>;

/// One pass over the queues.
pub(super) struct Sweep<'a, O> {
    pub(super) outside: &'a O,
    pub(super) filter: &'a Filter,
    /// What is looked at, or moved, in one request.
    pub(super) most: usize,
    /// Ends the pass between two batches.
    pub(super) stopped: &'a Cell<bool>,
    /// The ledger is asked of every message, not only if the filter needs it.
    pub(super) with_records: bool,
    kept: RefCell<Kept>,
}

#[derive(Default)]
struct Kept {
    /// All that were met, by SQS's id: one that comes again was hidden for its time, and would be met for ever.
    seen: HashSet<String>,
    /// Of those that are hidden and stay.
    receipts: HashMap<Lane, Vec<String>>,
}

impl<'a, O: Outside> Sweep<'a, O> {
    pub(super) fn new(outside: &'a O, filter: &'a Filter, stopped: &'a Cell<bool>) -> Self {
        Self { outside, filter, most: AT_ONCE, stopped, with_records: true, kept: RefCell::default() }
    }

    /// Hands every batch to `act`, which says whose messages stay. Whatever happens, what stays is given back.
    ///
    /// # Errors
    /// The first that is met; other batches that are under way are ended first.
    pub(super) async fn run(&self, act: impl AsyncFn(Lane, Batch) -> anyhow::Result<Batch>) -> anyhow::Result<()> {
        let lanes = Lane::ALL.into_iter().filter(|lane| self.filter.reads(*lane));
        let act = &act;
        let passes = lanes.flat_map(|lane| (0..POLLERS).map(move |_| (lane, act)));
        let ended = join_all(passes.map(async |(lane, act)| {
            let ended = self.poll(lane, act).await;
            if ended.is_err() {
                self.stopped.set(true);
            }
            ended
        }))
        .await;
        let given_back = self.give_back().await;
        ended.into_iter().collect::<anyhow::Result<()>>()?;
        given_back
    }

    async fn poll(&self, lane: Lane, act: &impl AsyncFn(Lane, Batch) -> anyhow::Result<Batch>) -> anyhow::Result<()> {
        while !self.stopped.get() {
            let messages = self.outside.receive(lane, self.most).await?;
            // One that comes again was hidden for its time: the pass took long, and has been all around.
            let (again, new): (Vec<_>, Vec<_>) = messages.into_iter().partition(|message| !self.is_first(message));
            self.keep(lane, again.into_iter().map(|message| message.receipt));
            if new.is_empty() {
                return Ok(());
            }
            let (taken, left) = self.sort(lane, new).await?;
            self.keep(lane, left);
            if taken.is_empty() {
                continue;
            }
            let receipts: Vec<String> = taken.iter().map(|(letter, _)| letter.receipt.clone()).collect();
            match act(lane, taken).await {
                Ok(left) => self.keep(lane, left.into_iter().map(|(letter, _)| letter.receipt)),
                Err(error) => {
                    // Whatever of them was deleted has no use for being given back.
                    self.keep(lane, receipts);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Whether this pass meets the message for the first time.
    fn is_first(&self, message: &DeadLetter) -> bool {
        self.kept.borrow_mut().seen.insert(message.message_id.clone())
    }

    /// Those that the filter takes, and the ids and receipts of the others.
    async fn sort(&self, lane: Lane, messages: Vec<DeadLetter>) -> anyhow::Result<(Batch, Vec<String>)> {
        let mut batch: Batch = messages.into_iter().map(|message| (Letter::read(lane, &message), message)).collect();
        if self.with_records || self.filter.asks_the_ledger() {
            let mut keys: Vec<_> = batch.iter().map(|(letter, _)| letter.key()).collect();
            keys.sort();
            // DynamoDB refuses a request that names a key twice.
            keys.dedup();
            let records = match self.outside.look_up(&keys).await {
                Ok(records) => records,
                Err(error) => {
                    self.keep(lane, batch.into_iter().map(|(letter, _)| letter.receipt));
                    return Err(error);
                }
            };
            let by_key: HashMap<_, Record> = records.into_iter().map(|record| (record.key.clone(), record)).collect();
            for (letter, _) in &mut batch {
                letter.record = by_key.get(&letter.key()).cloned();
            }
        }
        let (taken, left): (Batch, Batch) = batch.into_iter().partition(|(letter, _)| self.filter.takes(letter));
        Ok((taken, left.into_iter().map(|(letter, _)| letter.receipt).collect()))
    }

    fn keep(&self, lane: Lane, messages: impl IntoIterator<Item = String>) {
        let mut kept = self.kept.borrow_mut();
        for receipt in messages {
            kept.receipts.entry(lane).or_default().push(receipt);
        }
    }

    async fn give_back(&self) -> anyhow::Result<()> {
        let kept = std::mem::take(&mut self.kept.borrow_mut().receipts);
        let back = kept.into_iter().map(async |(lane, receipts)| self.outside.give_back(lane, &receipts).await);
        try_join_all(back).await.map(drop)
    }
}
