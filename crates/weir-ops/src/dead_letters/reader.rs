//! Reading dead-letter queues to their end: what was received stays hidden until it is deleted or given back.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use futures_util::{StreamExt, future::join_all, stream};
use tokio::time::Instant;
use weir_aws::dead_letters::{DeadLetter, MAX_ENTRIES, QueueError};
use weir_core::Lane;

use super::backend::DeadLetterBackend;

/// How long a message is hidden: so long it stays away if this process is killed.
pub(super) const HOLD: Duration = Duration::from_secs(30);

/// Hiding is prolonged ten messages a call, some hundred calls a second: of many, each is hidden for longer.
const HOLD_PER_MESSAGE: Duration = Duration::from_millis(2);

/// Messages that others have come back, if those were killed, when their time is over; so much later at most.
const LATE: Duration = Duration::from_secs(5);

/// Receives at once, for each queue.
const POLLERS: usize = 4;

/// Other calls at once.
const CALLS: usize = 8;

/// SQS hides 120,000 messages of a queue at most.
const MOST_HIDDEN: usize = 100_000;

/// How far apart looks at a queue are whose messages others have.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Names a message.
pub(super) type Id = (Lane, String);

/// Reads some lanes' dead-letter queues.
pub(super) struct Reader<'a, O> {
    backend: &'a O,
    open: Vec<Lane>,
    held: HashMap<Id, Held>,
    /// What was deleted, as far as can be told: if it shows again, its deletion was lost.
    gone: BTreeSet<Id>,
    /// Whether messages that others have are waited for.
    waits: bool,
    waits_since: HashMap<Lane, Instant>,
    /// What a queue had to receive when the reading began, as SQS counts, where messages of others are not waited for.
    counted: HashMap<Lane, u64>,
    /// What others had when last looked.
    elsewhere: HashMap<Lane, u64>,
    /// Whether a queue holds more than can be read at once.
    pub(super) is_cut: bool,
}

struct Held {
    receipt: String,
    until: Instant,
}

fn hold_of(messages: usize) -> Duration {
    HOLD.max(HOLD_PER_MESSAGE.saturating_mul(u32::try_from(messages).unwrap_or(u32::MAX)))
}

/// What a round of receives brought.
pub(super) struct Round {
    /// Messages that were not seen before.
    pub(super) fresh: Vec<(Lane, DeadLetter)>,
    /// Messages whose deletion was lost, with their new receipts.
    pub(super) again: Vec<(Lane, DeadLetter)>,
}

impl<'a, O: DeadLetterBackend> Reader<'a, O> {
    /// `waits`: whether messages that others have are waited for, as long as one that was killed would hide them.
    pub(super) fn new(backend: &'a O, lanes: Vec<Lane>, waits: bool) -> Self {
        Self {
            backend,
            open: lanes,
            held: HashMap::new(),
            gone: BTreeSet::new(),
            waits,
            waits_since: HashMap::new(),
            counted: HashMap::new(),
            elsewhere: HashMap::new(),
            is_cut: false,
        }
    }

    pub(super) fn backend(&self) -> &'a O {
        self.backend
    }

    /// How many messages others had, when last looked.
    pub(super) fn elsewhere(&self) -> u64 {
        self.elsewhere.values().sum()
    }

    /// Whether every queue was read to its end.
    pub(super) fn is_over(&self) -> bool {
        self.open.is_empty()
    }

    fn hold_time(&self) -> Duration {
        hold_of(self.held.len())
    }

    /// One round of receives. What it brings is held.
    pub(super) async fn round(&mut self) -> Result<Round, QueueError> {
        let hold = self.hold_time();
        let until = Instant::now() + hold;
        self.count().await?;
        let asked = self.open.iter().flat_map(|lane| {
            // Where all that SQS counted is here, it is asked once more, without a wait.
            let left = self.left(*lane);
            let pollers = left.map_or(POLLERS, |left| usize::try_from(left.div_ceil(10)).unwrap_or(POLLERS));
            std::iter::repeat_n((*lane, left != Some(0)), pollers.clamp(1, POLLERS))
        });
        let receives = asked.map(async |(lane, waits)| (lane, self.backend.receive(lane, hold, waits).await));
        let replies = join_all(receives).await;
        let mut round = Round { fresh: Vec::new(), again: Vec::new() };
        let (mut brought, mut failed) = (BTreeSet::new(), None);
        for (lane, reply) in replies {
            match reply {
                Ok(letters) => {
                    for letter in letters {
                        brought.insert(lane);
                        let id = (lane, letter.id.clone());
                        let held = Held { receipt: letter.receipt.clone(), until };
                        if self.held.insert(id.clone(), held).is_some() {
                            continue;
                        }
                        if self.gone.contains(&id) {
                            round.again.push((lane, letter))
                        } else {
                            round.fresh.push((lane, letter))
                        }
                    }
                }
                Err(error) if error.is_too_many_hidden() => self.close_cut(lane),
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        for lane in self.open.clone() {
            let mine = self.held.keys().filter(|(it, _)| *it == lane).count();
            if mine >= MOST_HIDDEN {
                self.close_cut(lane);
            } else if brought.contains(&lane) {
                self.waits_since.remove(&lane);
                if self.waits {
                    self.elsewhere.remove(&lane);
                }
            } else if self.left(lane) == Some(0) {
                self.open.retain(|it| *it != lane);
            } else {
                self.look_at_the_end(lane, mine).await?;
            }
        }
        Ok(round)
    }

    /// How much there is to receive, before the first round. What others hide is theirs.
    async fn count(&mut self) -> Result<(), QueueError> {
        let unknown = self.open.iter().filter(|lane| !self.waits && !self.counted.contains_key(lane));
        let depths = join_all(unknown.map(async |lane| (*lane, self.backend.depth(*lane).await))).await;
        for (lane, depth) in depths {
            let depth = depth?;
            self.counted.insert(lane, depth.visible);
            self.elsewhere.insert(lane, depth.hidden);
        }
        Ok(())
    }

    /// How much of what SQS counted was not received; `None` where the queue is read to its end.
    fn left(&self, lane: Lane) -> Option<u64> {
        let mine = self.held.keys().filter(|(it, _)| *it == lane).count() as u64;
        Some(self.counted.get(&lane)?.saturating_sub(mine))
    }

    fn close_cut(&mut self, lane: Lane) {
        self.is_cut = true;
        self.open.retain(|it| *it != lane);
    }

    /// Nothing came: is that all, or do others have some?
    async fn look_at_the_end(&mut self, lane: Lane, mine: usize) -> Result<(), QueueError> {
        let depth = self.backend.depth(lane).await?;
        let elsewhere = depth.hidden.saturating_sub(u64::try_from(mine).unwrap_or(u64::MAX));
        let since = *self.waits_since.entry(lane).or_insert_with(Instant::now);
        let waited = since.elapsed();
        let until_back = hold_of(usize::try_from(elsewhere).unwrap_or(usize::MAX)) + LATE;
        let wait = match (elsewhere, depth.visible) {
            (1.., _) if self.waits => waited < until_back,
            // SQS counts late: what it says is there must come within moments.
            (_, 1..) => waited < LATE,
            _ => false,
        };
        if wait {
            self.elsewhere.insert(lane, elsewhere);
            tokio::time::sleep(LOOK_EVERY).await;
        } else {
            self.elsewhere.insert(lane, elsewhere);
            self.open.retain(|it| *it != lane);
        }
        Ok(())
    }

    /// Prolongs the hiding of what would show again soon. What can't be prolonged shows again, and is known then.
    pub(super) async fn renew(&mut self) {
        let hold = self.hold_time();
        let soon = Instant::now() + hold / 2;
        let due = self.held.iter().filter(|(_, held)| held.until < soon).map(|(id, _)| id.clone()).collect();
        self.renew_these(due).await;
    }

    /// The same for these, whenever they would show. Returns those that are still ours.
    pub(super) async fn renew_these(&mut self, ids: Vec<Id>) -> Vec<Id> {
        let hold = self.hold_time();
        let until = Instant::now() + hold;
        let (mut kept, mut lost) = (Vec::new(), Vec::new());
        for (ids, refused) in self.change(ids, hold).await {
            for (id, refused) in ids.into_iter().zip(refused) {
                if refused { lost.push(id) } else { kept.push(id) }
            }
        }
        for id in &kept {
            if let Some(held) = self.held.get_mut(id) {
                held.until = until;
            }
        }
        for id in lost {
            // Whoever received it since has it. It may come to us again, as one that was never seen.
            self.held.remove(&id);
        }
        kept
    }

    /// The receipt of a message that is held for a while yet.
    pub(super) fn receipt(&self, id: &Id) -> Option<&str> {
        self.held.get(id).map(|held| held.receipt.as_str())
    }

    /// Whether a message stays hidden for so long yet.
    pub(super) fn is_held_for(&self, id: &Id, time: Duration) -> bool {
        self.held.get(id).is_some_and(|held| held.until > Instant::now() + time)
    }

    /// The message was deleted. If that failed it shows again, and is known then.
    pub(super) fn deleted(&mut self, id: Id) {
        self.held.remove(&id);
        self.gone.insert(id);
    }

    /// Gives everything back. Returns how many come back by themselves only, when their time is over.
    pub(super) async fn give_back(&mut self) -> usize {
        let ids = self.held.keys().cloned().collect();
        let changed = self.change(ids, Duration::ZERO).await;
        self.held.clear();
        changed.into_iter().flat_map(|(_, refused)| refused).filter(|refused| *refused).count()
    }

    /// Which were refused.
    async fn change(&self, ids: Vec<Id>, time: Duration) -> Vec<(Vec<Id>, Vec<bool>)> {
        let mut by_lane: HashMap<Lane, Vec<Id>> = HashMap::new();
        for id in ids {
            by_lane.entry(id.0).or_default().push(id);
        }
        let chunks: Vec<Vec<Id>> = by_lane
            .into_values()
            .flat_map(|ids| ids.chunks(MAX_ENTRIES).map(<[Id]>::to_vec).collect::<Vec<_>>())
            .collect();
        let calls = chunks.into_iter().map(async |ids| {
            let receipts: Vec<String> = ids.iter().filter_map(|id| Some(self.receipt(id)?.to_owned())).collect();
            let refused = match ids.first() {
                Some((lane, _)) if receipts.len() == ids.len() => match self.backend.hold(*lane, &receipts, time).await
                {
                    Ok(refusals) => refusals.iter().map(Option::is_some).collect(),
                    Err(_) => vec![true; ids.len()],
                },
                _ => vec![true; ids.len()],
            };
            (ids, refused)
        });
        stream::iter(calls).buffer_unordered(CALLS).collect().await
    }
}
