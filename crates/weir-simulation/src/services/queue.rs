//! A standard SQS queue with its DLQ: at least once, in no order, fair between message groups.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

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
}

#[derive(Debug)]
struct Message {
    id: u64,
    body: String,
    group: String,
    visible_at: Instant,
    receives: u32,
}

impl Message {
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
            } else if message.receives > 0 {
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
    dead: Vec<String>,
}

/// The queue. Clones share it.
#[derive(Debug, Clone)]
pub struct SimQueue {
    messages: Arc<Mutex<Messages>>,
    arrived: Arc<Notify>,
    visibility: Duration,
    max_receives: u32,
    is_fair: bool,
}

impl SimQueue {
    /// A queue with this visibility time-out, that dead-letters what was received `max_receives` times.
    pub fn new(visibility: Duration, max_receives: u32) -> Self {
        Self { messages: Arc::default(), arrived: Arc::default(), visibility, max_receives, is_fair: true }
    }

    /// After so many receives a message is dead-lettered.
    pub fn max_receives(&self) -> u32 {
        self.max_receives
    }

    /// The same without fairness: whoever sends most waits least.
    #[must_use]
    pub fn unfair(self) -> Self {
        Self { is_fair: false, ..self }
    }

    /// Sends a message that becomes visible after `delay`.
    pub fn send(&self, body: String, group: &str, delay: Duration) {
        let mut messages = self.messages();
        let id = messages.next_id;
        messages.next_id += 1;
        let visible_at = Instant::now() + delay;
        messages.waiting.push(Message { id, body, group: group.to_owned(), visible_at, receives: 0 });
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
        messages.dead.clone()
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

    /// What was received too often goes to the DLQ, when it would be visible again.
    fn bury(&self, messages: &mut Messages, now: Instant) {
        let is_dead = |message: &mut Message| message.receives >= self.max_receives && message.visible_at <= now;
        let dead = messages.waiting.extract_if(.., is_dead).map(|message| message.body).collect::<Vec<_>>();
        messages.dead.extend(dead);
    }

    /// Returns when something may have become visible.
    pub(crate) async fn stirs(&self) {
        let next = self.messages().waiting.iter().map(|message| message.visible_at).min();
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
