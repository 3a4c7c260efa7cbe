//! The demo's book-keeping: what was sent, what was answered, what the ledger and the dead-letter queues say of it.
//! Pure: it is told, and it counts.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use weir_core::ledger::{Record, State};

use super::plan::{Act, Planned, Role};

/// Everything that is known of the sale.
#[derive(Debug)]
pub(super) struct Tally {
    deliveries: Vec<Sent>,
    /// What the ledger says, by `{shop}#{webhook id}`; only of events in the script.
    events: HashMap<String, Event>,
    dead_lettered: usize,
}

#[derive(Debug)]
struct Sent {
    role: Role,
    shop: String,
    /// `{shop}#{webhook id}`: of what Shopify sends it is known when it goes out.
    event: Option<String>,
    reply: Option<Reply>,
}

/// What came of one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// An HTTP status.
    Status(u16),
    /// The connection broke, or the time was up.
    None,
}

#[derive(Debug, Default)]
struct Event {
    state: Option<State>,
    duplicates: usize,
}

/// The state of the sale in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    /// Answered, or given up waiting for an answer.
    pub(super) sent: usize,
    /// Answered 2xx: weir has it.
    pub(super) accepted: usize,
    /// Answered 4xx: weir does not want it.
    pub(super) rejected: usize,
    /// Answered otherwise, or not at all: Shopify would send it again.
    pub(super) unanswered: usize,
    /// Accepted, and not in the ledger yet: on a lane.
    pub(super) waiting: usize,
    /// A worker acts on it.
    pub(super) working: usize,
    /// Took effect, each event once.
    pub(super) done: usize,
    /// Gave way to a newer version of its resource.
    pub(super) stale: usize,
    /// Came again after that, and had no effect.
    pub(super) duplicate: usize,
    /// Failed and not given up yet.
    pub(super) retrying: usize,
    /// Given up: on a dead-letter queue.
    pub(super) dead_lettered: usize,
}

/// The part of the counts that is known of a single shop: the depth of a queue knows no shops.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct ShopCounts {
    /// Distinct events (orders, payments, renamed products), which should all be done or stale in the end.
    pub(super) orders: usize,
    pub(super) sent: usize,
    pub(super) accepted: usize,
    pub(super) rejected: usize,
    pub(super) done: usize,
    pub(super) stale: usize,
    pub(super) duplicate: usize,
}

/// What the counts are on their way to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Goal {
    pub(super) accepted: usize,
    pub(super) rejected: usize,
    /// Or stale.
    pub(super) done: usize,
    pub(super) duplicate: usize,
    pub(super) dead_lettered: usize,
}

impl Tally {
    pub(super) fn new(script: &[Planned]) -> Self {
        let sent = |planned: &Planned| Sent {
            role: planned.role,
            shop: planned.shop.to_string(),
            event: match &planned.act {
                Act::Post(delivery) => Some(format!("{}#{}", delivery.shop, delivery.webhook_id)),
                Act::Place | Act::Pay | Act::Rename(_) | Act::Again => None,
            },
            reply: None,
        };
        let deliveries: Vec<Sent> = script.iter().map(sent).collect();
        let events = deliveries.iter().filter_map(|sent| Some((sent.event.clone()?, Event::default()))).collect();
        Self { deliveries, events, dead_lettered: 0 }
    }

    /// The delivery at this place of the script went out under this id.
    pub(super) fn went_out(&mut self, place: usize, event: &str) {
        self.deliveries[place].event = Some(event.to_owned());
        self.events.entry(event.to_owned()).or_default();
    }

    /// Where in the script an event is that went out and was not accepted yet: Shopify sends it again.
    pub(super) fn unaccepted(&self, event: &str) -> Option<usize> {
        self.deliveries.iter().position(|sent| sent.event.as_deref() == Some(event) && !sent.is_accepted())
    }

    /// The delivery at this place of the script came to this.
    pub(super) fn answered(&mut self, place: usize, reply: Reply) {
        self.deliveries[place].reply = Some(reply);
    }

    /// The ledger has this record. Of others than the script's nothing is kept.
    pub(super) fn recorded(&mut self, record: &Record) {
        if let Some(event) = self.events.get_mut(&record.key.event) {
            event.state = Some(record.state.clone());
            event.duplicates = record.duplicates as usize;
        }
    }

    /// So many messages are on the dead-letter queues now that were not there before.
    pub(super) fn dead_lettered(&mut self, messages: usize) {
        self.dead_lettered = messages;
    }

    pub(super) fn goal(&self) -> Goal {
        let count = |role| self.deliveries.iter().filter(|sent| sent.role == role).count();
        Goal {
            accepted: self.deliveries.len() - count(Role::Forged),
            rejected: count(Role::Forged),
            done: count(Role::Event),
            duplicate: count(Role::Duplicate),
            dead_lettered: count(Role::Poison),
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = self.count(|_| true);
        counts.dead_lettered = self.dead_lettered;
        // What is on a dead-letter queue stays failed in the ledger.
        counts.retrying = counts.retrying.saturating_sub(self.dead_lettered);
        counts
    }

    /// The counts of each shop.
    pub(super) fn shops(&self) -> BTreeMap<&str, ShopCounts> {
        let mut shops: BTreeMap<&str, ShopCounts> =
            self.deliveries.iter().map(|sent| (sent.shop.as_str(), ShopCounts::default())).collect();
        for (shop, counts) in &mut shops {
            let Counts { sent, accepted, rejected, done, stale, duplicate, .. } = self.count(|of| of == *shop);
            let orders = self.deliveries.iter().filter(|sent| sent.shop == *shop && sent.role == Role::Event).count();
            *counts = ShopCounts { orders, sent, accepted, rejected, done, stale, duplicate };
        }
        shops
    }

    fn count(&self, of_shop: impl Fn(&str) -> bool) -> Counts {
        let mut counts = Counts::default();
        for sent in self.deliveries.iter().filter(|sent| of_shop(&sent.shop)) {
            let Some(reply) = sent.reply else { continue };
            counts.sent += 1;
            match reply {
                Reply::Status(200..=299) => counts.accepted += 1,
                Reply::Status(400..=499) => counts.rejected += 1,
                Reply::Status(_) | Reply::None => counts.unanswered += 1,
            }
            if sent.role == Role::Duplicate {
                continue;
            }
            let Some(event) = sent.event.as_ref().and_then(|event| self.events.get(event)) else { continue };
            counts.duplicate += event.duplicates;
            match (&event.state, reply) {
                (Some(State::Leased { .. }), _) => counts.working += 1,
                (Some(State::Done), _) => counts.done += 1,
                (Some(State::Stale), _) => counts.stale += 1,
                // An operator took it out of the demo.
                (Some(State::Dropped | State::Replaced { .. }), _) => {}
                (Some(State::Failed(_) | State::Parked { .. }), _) => counts.retrying += 1,
                (None, Reply::Status(200..=299)) => counts.waiting += 1,
                (None, _) => {}
            }
        }
        counts
    }

    /// Whether nothing more can be waited for: everything is sent, and everything accepted has come to its end.
    pub(super) fn is_settled(&self) -> bool {
        let (counts, goal) = (self.counts(), self.goal());
        let accepted = |role| self.deliveries.iter().filter(|sent| sent.role == role && sent.is_accepted()).count();
        let on_the_way = counts.waiting + counts.working + counts.retrying;
        // What Shopify got no good answer to, it sends again within the minute.
        let comes_again = |sent: &Sent| {
            matches!(sent.role, Role::Event | Role::Duplicate) && sent.reply.is_some_and(|reply| !reply.is_final())
        };
        counts.sent == self.deliveries.len()
            && on_the_way == 0
            && !self.deliveries.iter().any(comes_again)
            && counts.duplicate >= accepted(Role::Duplicate).min(goal.duplicate)
            && counts.dead_lettered >= accepted(Role::Poison)
    }

    /// What is not as it should be, in sentences; empty when all went well.
    pub(super) fn missing(&self) -> Vec<String> {
        let (counts, goal) = (self.counts(), self.goal());
        let mut missing = Vec::new();
        let mut tell = |wrong: bool, sentence: String| {
            if wrong {
                missing.push(sentence);
            }
        };
        let unsent = self.deliveries.len() - counts.sent;
        tell(unsent > 0, format!("{unsent} of {} deliveries have no answer yet", self.deliveries.len()));
        tell(counts.unanswered > 0, format!("{} deliveries were not answered 2xx or 4xx", counts.unanswered));
        let let_in = self.deliveries.iter().filter(|sent| sent.role == Role::Forged && sent.is_accepted()).count();
        tell(let_in > 0, "the forged delivery was accepted".to_owned());
        let refused = self
            .deliveries
            .iter()
            .filter(|sent| sent.role != Role::Forged && sent.reply.is_some_and(Reply::is_rejected));
        let refused = refused.count();
        tell(refused > 0, format!("{refused} signed deliveries were rejected"));
        let undone = goal.done.saturating_sub(counts.done + counts.stale);
        let Counts { waiting, working, retrying, .. } = counts;
        let whereabouts = format!("waiting on a lane {waiting}, with a worker {working}, retrying {retrying}");
        tell(undone > 0, format!("{undone} of {} events are not done ({whereabouts})", goal.done));
        let uncounted = goal.duplicate.saturating_sub(counts.duplicate);
        tell(uncounted > 0, format!("{uncounted} of {} duplicates are not seen as such", goal.duplicate));
        tell(counts.dead_lettered < goal.dead_lettered, "the poison payload is on no dead-letter queue".to_owned());
        let surplus = counts.dead_lettered.saturating_sub(goal.dead_lettered);
        tell(surplus > 0, format!("{surplus} more than the poison payload are on the dead-letter queues"));
        missing
    }
}

impl Sent {
    fn is_accepted(&self) -> bool {
        matches!(self.reply, Some(Reply::Status(200..=299)))
    }
}

impl Reply {
    fn is_rejected(self) -> bool {
        matches!(self, Self::Status(400..=499))
    }

    fn is_final(self) -> bool {
        matches!(self, Self::Status(200..=299 | 400..=499))
    }
}

#[cfg(test)]
mod tests;
