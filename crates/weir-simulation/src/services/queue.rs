//! A standard SQS queue with its DLQ: at least once, in no order, fair between message groups.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::Environment;

/// A message as it is received.
#[derive(Debug, Clone)]
pub struct Received {
    /// Stays the same over receives.
    pub id: String,
    /// Names this receive.
    pub receipt: String,
    /// The body.
    pub body: String,
    /// The message group.
    pub group: String,
    /// How often it was received, this time included.
    pub receives: u32,
    /// How many invocations led to it, one by the other: none, if it came from outside.
    pub lineage: u32,
}

/// A message that is on the DLQ.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Dead {
    body: String,
    sent_at: Instant,
}

#[derive(Debug)]
struct Message {
    id: u64,
    body: String,
    group: String,
    lineage: u32,
    sent_at: Instant,
    visible_at: Instant,
    receives: u32,
}

impl Message {
    /// Received, and hidden since.
    fn is_in_flight(&self, now: Instant) -> bool {
        self.receives > 0 && self.visible_at > now
    }

    /// Names its latest receive.
    fn receipt(&self) -> String {
        format!("{}:{}", self.id, self.receives)
    }
}

/// Which messages a receive takes: of the group of which the fewest are being handled, as fair queues do; without
/// fairness, any.
struct Choice {
    /// The visible ones of each group, by their places.
    ready: BTreeMap<String, Vec<usize>>,
    /// How many of a group are being handled.
    in_flight: BTreeMap<String, usize>,
}

impl Choice {
    fn of(waiting: &[Message], now: Instant, is_fair: bool) -> Self {
        let mut choice = Self { ready: BTreeMap::new(), in_flight: BTreeMap::new() };
        for (place, message) in waiting.iter().enumerate() {
            let group = if is_fair { message.group.clone() } else { String::new() };
            if message.visible_at <= now {
                choice.ready.entry(group).or_default().push(place);
            } else if message.is_in_flight(now) {
                *choice.in_flight.entry(group).or_default() += 1;
            }
        }
        choice
    }

    fn next(&mut self, rng: &mut fastrand::Rng) -> Option<usize> {
        let load = |group: &String| self.in_flight.get(group).copied().unwrap_or(0);
        let least = self.ready.keys().map(load).min()?;
        let least: Vec<&String> = self.ready.keys().filter(|group| load(group) == least).collect();
        let group = least[rng.usize(..least.len())].clone();
        let places = self.ready.get_mut(&group)?;
        let place = places.swap_remove(rng.usize(..places.len()));
        if places.is_empty() {
            self.ready.remove(&group);
        }
        *self.in_flight.entry(group).or_default() += 1;
        Some(place)
    }
}

#[derive(Debug, Default)]
struct Messages {
    next_id: u64,
    waiting: Vec<Message>,
    dead: Vec<Dead>,
}

/// The queue. Clones share it.
#[derive(Debug, Clone)]
pub struct SimQueue {
    messages: Arc<Mutex<Messages>>,
    arrived: Arc<Notify>,
    visibility: Duration,
    max_receives: u32,
    in_flight: usize,
    retention: Duration,
    is_fair: bool,
}

impl SimQueue {
    /// A queue with this visibility time-out, that dead-letters what was received `max_receives` times.
    pub fn new(visibility: Duration, max_receives: u32) -> Self {
        let Environment { in_flight, retention, .. } = Environment::AWS;
        let (messages, arrived) = (Arc::default(), Arc::default());
        Self { messages, arrived, visibility, max_receives, in_flight, retention, is_fair: true }
    }

    /// The same, that has at most so many messages in flight and keeps each so long.
    #[must_use]
    pub fn bounded(self, in_flight: usize, retention: Duration) -> Self {
        Self { in_flight, retention, ..self }
    }

    /// The same without fairness: whoever sends most waits least.
    #[must_use]
    pub fn unfair(self) -> Self {
        Self { is_fair: false, ..self }
    }

    /// Sends a message that becomes visible after `delay`.
    pub fn send(&self, body: String, group: &str, delay: Duration) {
        self.send_on(body, group, delay, 0);
    }

    /// The same, of a message to which so many invocations led.
    pub(crate) fn send_on(&self, body: String, group: &str, delay: Duration, lineage: u32) {
        let mut messages = self.messages();
        let id = messages.next_id;
        messages.next_id += 1;
        let (group, sent_at) = (group.to_owned(), Instant::now());
        let visible_at = sent_at + delay;
        messages.waiting.push(Message { id, body, group, lineage, sent_at, visible_at, receives: 0 });
        drop(messages);
        self.arrived.notify_waiters();
    }

    /// Up to `most` messages that are visible, chosen by `rng`. `twice` says of each whether it stays visible to others.
    pub fn receive(
        &self,
        most: usize,
        rng: &mut fastrand::Rng,
        mut twice: impl FnMut(&mut fastrand::Rng) -> bool,
    ) -> Vec<Received> {
        let now = Instant::now();
        let mut messages = self.messages();
        self.bury(&mut messages, now);
        let in_flight = messages.waiting.iter().filter(|message| message.is_in_flight(now)).count();
        let most = most.min(self.in_flight.saturating_sub(in_flight));
        let mut choice = Choice::of(&messages.waiting, now, self.is_fair);
        let mut received = Vec::new();
        while received.len() < most {
            let Some(index) = choice.next(rng) else { break };
            let message = &mut messages.waiting[index];
            message.receives += 1;
            if !twice(rng) {
                message.visible_at = now + self.visibility;
            }
            received.push(Received {
                id: message.id.to_string(),
                receipt: message.receipt(),
                body: message.body.clone(),
                group: message.group.clone(),
                receives: message.receives,
                lineage: message.lineage,
            });
        }
        received
    }

    /// Deletes a message by the receipt of its latest receive; an older one deletes nothing.
    pub fn delete(&self, receipt: &str) -> bool {
        let mut messages = self.messages();
        let before = messages.waiting.len();
        messages.waiting.retain(|message| message.receipt() != receipt);
        messages.waiting.len() < before
    }

    /// Makes a message visible after `delay`.
    pub fn change_visibility(&self, receipt: &str, delay: Duration) -> bool {
        let mut messages = self.messages();
        let found = messages.waiting.iter_mut().find(|message| message.receipt() == receipt);
        let changed = found.map(|message| message.visible_at = Instant::now() + delay).is_some();
        drop(messages);
        self.arrived.notify_waiters();
        changed
    }

    /// The bodies on the DLQ.
    pub fn dead(&self) -> Vec<String> {
        let mut messages = self.messages();
        self.bury(&mut messages, Instant::now());
        messages.dead.iter().map(|dead| dead.body.clone()).collect()
    }

    /// How many messages there are, visible or not.
    pub fn len(&self) -> usize {
        let mut messages = self.messages();
        self.bury(&mut messages, Instant::now());
        messages.waiting.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was received too often goes to the DLQ, when it would be visible again. What is too old is gone from either: moving
    /// makes no message younger.
    fn bury(&self, messages: &mut Messages, now: Instant) {
        let is_kept = |sent_at: Instant| now - sent_at < self.retention;
        messages.waiting.retain(|message| is_kept(message.sent_at));
        let is_dead = |message: &mut Message| message.receives >= self.max_receives && message.visible_at <= now;
        let dead = messages.waiting.extract_if(.., is_dead).map(|Message { body, sent_at, .. }| Dead { body, sent_at });
        let dead = dead.collect::<Vec<_>>();
        messages.dead.extend(dead);
        messages.dead.retain(|dead| is_kept(dead.sent_at));
    }

    /// Returns when something may have become visible. What is visible already could not be received: too much is in flight.
    pub(crate) async fn stirs(&self) {
        let now = Instant::now();
        let next = self.messages().waiting.iter().map(|message| message.visible_at).filter(|at| *at > now).min();
        let arrived = self.arrived.notified();
        match next {
            Some(at) => drop(tokio::time::timeout_at(at, arrived).await),
            None => arrived.await,
        }
    }

    fn messages(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
