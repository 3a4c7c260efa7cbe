//! A replay or a drop under way. A message is sent, then deleted; before either, it is written down.

use std::collections::HashMap;

use futures_util::future::join_all;
use tokio::time::{Duration, Instant};
use weir_aws::{
    dead_letters::{DeadLetter, Outgoing},
    operations::Stored,
};
use weir_core::{
    Lane, UnixMillis,
    ledger::{Action, ActionKind, ActionRequest, Key},
};

use super::{
    backend::{DeadLetterBackend, StackBackend},
    batch,
    cancel::Cancel,
    entry::DeadLetterEntry,
    error::DeadLetterError,
    export::Export,
    operation::{Chunk, Counts, Entry, Journal, Operation, State},
    outgoing::outgoing,
    plan::{ReplayAction, decide},
    rate::Rate,
    reader::{HOLD, Id, Reader},
    scan::join,
    start::Started,
};

/// How often it is written down, and said, how far it got.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// So many events are written at once: DynamoDB takes a thousand writes a second of one key's neighbours.
const WRITES_AT_ONCE: usize = 30;

/// An operation, as it is written down.
pub(super) struct Written {
    pub(super) name: String,
    pub(super) version: u64,
    pub(super) operation: Operation,
    pub(super) journal: Journal,
}

/// How a replay or a drop ended.
#[derive(Debug)]
pub struct Ended {
    /// The operation, as it is written down.
    pub operation: Operation,
    /// How many messages could not be given back, and come back by themselves.
    pub late: usize,
    /// Whether it came to its end.
    pub result: Result<(), DeadLetterError>,
}

/// Acts on all that is meant. However it ends, what was not acted on is given back, and the end is written down.
/// `progress` is called from time to time with how far it got, and with how many messages others have.
pub async fn run(
    backend: &StackBackend,
    started: Started,
    cancel: &Cancel,
    export: Option<Export>,
    progress: &dyn Fn(&Operation, u64),
) -> Ended {
    let (written, late, result) = Replay::new(backend, started.0, cancel, export, progress).run().await;
    Ended { operation: written.operation, late, result }
}

/// Acts on all that is meant.
pub(super) struct Replay<'a, O> {
    pub(super) backend: &'a O,
    pub(super) written: Written,
    reader: Reader<'a, O>,
    pace: Rate,
    stop: &'a Cancel,
    export: Option<Export>,
    /// Is told how far it got, and how many messages others have.
    tell: &'a dyn Fn(&Operation, u64),
    told_at: Instant,
}

/// A message on its way.
struct Task {
    id: Id,
    act: ReplayAction,
    entry: Entry,
    letter: DeadLetter,
    /// The event of the message, the hash of its body and its park count.
    source: (Key, Option<String>, u32),
}

impl<'a, O: DeadLetterBackend> Replay<'a, O> {
    pub(super) fn new(
        backend: &'a O,
        written: Written,
        stop: &'a Cancel,
        export: Option<Export>,
        tell: &'a dyn Fn(&Operation, u64),
    ) -> Self {
        let (filter, options) = (&written.operation.filter, &written.operation.options);
        Self {
            backend,
            reader: Reader::new(backend, filter.lanes(), true),
            pace: Rate::new(options.rate),
            written,
            stop,
            export,
            tell,
            told_at: Instant::now(),
        }
    }

    /// Goes through the queues to their end. However it ends, what was not acted on is given back, and the end is written
    /// down. Returns the operation, and how many messages come back by themselves only.
    pub(super) async fn run(mut self) -> (Written, usize, Result<(), DeadLetterError>) {
        let mut swept = self.sweep().await;
        let late = self.reader.give_back().await;
        let operation = &mut self.written.operation;
        operation.state = match &swept {
            Err(problem) => {
                operation.note = Some(problem.to_string());
                State::Failed
            }
            Ok(()) if self.stop.is_set() => State::Interrupted,
            Ok(()) if operation.counts.failed > 0 => State::Failed,
            Ok(()) => State::Done,
        };
        if self.reader.is_cut && operation.note.is_none() {
            operation.note = Some("a queue holds more than can be read at once: repeat it".to_owned());
        }
        if !matches!(swept, Err(DeadLetterError::TakenOver)) {
            let saved = self.save().await;
            swept = swept.and(saved);
        }
        (self.written, late, swept)
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.written.operation.counts
    }

    async fn sweep(&mut self) -> Result<(), DeadLetterError> {
        while !self.reader.is_over() && !self.stop.is_set() && self.room() > 0 {
            let round = self.reader.round().await?;
            self.delete_again(round.again).await?;
            let mut found = join(self.backend, round.fresh).await?;
            self.counts().read += found.len() as u64;
            let mut tasks = Vec::new();
            for (found, letter) in found.drain(..) {
                if let Some(task) = self.meant(&found, letter) {
                    tasks.push(task);
                }
            }
            self.choose_generations(&mut tasks).await?;
            while !tasks.is_empty() && !self.stop.is_set() {
                let count = self.pace.at_once().min(tasks.len()).min(self.room());
                if count == 0 {
                    break;
                }
                let turn: Vec<Task> = tasks.drain(..count).collect();
                if self.wait_for(count).await? {
                    self.act_on(turn).await?;
                }
            }
            self.tick().await?;
        }
        Ok(())
    }

    /// How many more may be acted on.
    fn room(&self) -> usize {
        let counts = &self.written.operation.counts;
        let gone = counts.sent + counts.ended + counts.dropped;
        let room = self.written.operation.options.limit.map_or(u64::MAX, |limit| limit.saturating_sub(gone));
        usize::try_from(room).unwrap_or(usize::MAX)
    }

    /// What is to be done with a message, if anything is.
    fn meant(&mut self, found: &DeadLetterEntry, letter: DeadLetter) -> Option<Task> {
        let operation = &self.written.operation;
        let key = found.letter.key();
        let known = self.written.journal.of(&letter.id).cloned();
        // What was meant once is meant until it is gone, whatever became of its event since.
        if known.is_none() && !operation.filter.takes(found) {
            return None;
        }
        let act = match &known {
            Some(entry) if entry.generation > key.generation => ReplayAction::Force,
            _ => decide(operation.kind, found, operation.options.force),
        };
        let journal = &self.written.journal;
        if act == ReplayAction::Send && journal.returned(&letter.id, &key.event, key.generation, found.letter.sent_at) {
            self.counts().returned += 1;
            return None;
        }
        match act {
            ReplayAction::Mismatched => self.counts().mismatched += 1,
            ReplayAction::Unreadable => self.counts().unreadable += 1,
            ReplayAction::Send | ReplayAction::Force | ReplayAction::Ended | ReplayAction::Drop => {
                // 0: not chosen yet.
                let generation = match (&known, act) {
                    (Some(entry), _) => entry.generation,
                    (None, ReplayAction::Force) => 0,
                    (None, _) => key.generation,
                };
                let entry = Entry { event: key.event.clone(), generation, message: letter.id.clone() };
                let source = (key, found.letter.body_sha256().map(str::to_owned), found.letter.parks);
                return Some(Task { id: (found.letter.lane, letter.id.clone()), act, entry, letter, source });
            }
        }
        None
    }

    /// A forced replay is the lowest generation above its message's that no other body has: whoever does it again, for it
    /// was interrupted, comes to the same one. What has none is left.
    async fn choose_generations(&mut self, tasks: &mut Vec<Task>) -> Result<(), DeadLetterError> {
        let is_open = |task: &Task| task.act == ReplayAction::Force && task.entry.generation == 0;
        let next = |key: &Key| Some(Key { generation: key.generation.checked_add(1)?, ..key.clone() });
        let mut open: Vec<(usize, Option<Key>)> = Vec::new();
        open.extend(
            tasks.iter().enumerate().filter(|(_, task)| is_open(task)).map(|(at, task)| (at, next(&task.source.0))),
        );
        while open.iter().any(|(_, key)| key.is_some()) {
            let keys: Vec<Key> = open.iter().filter_map(|(_, key)| key.clone()).collect();
            let records = self.backend.records(&keys).await?;
            let taken: HashMap<Key, String> =
                records.into_iter().map(|record| (record.key, record.body_sha256)).collect();
            for (index, key) in std::mem::take(&mut open) {
                let (Some(key), Some(task)) = (key, tasks.get_mut(index)) else { continue };
                match taken.get(&key) {
                    Some(other) if Some(other) != task.source.1.as_ref() => open.push((index, next(&key))),
                    _ => task.entry.generation = key.generation,
                }
            }
        }
        let before = tasks.len();
        tasks.retain(|task| !is_open(task));
        self.counts().unreadable += (before - tasks.len()) as u64;
        Ok(())
    }

    /// Waits for a turn, and holds on to what is held meanwhile. `false` if it was stopped.
    async fn wait_for(&mut self, count: usize) -> Result<bool, DeadLetterError> {
        let turn = self.pace.turn(count);
        while Instant::now() < turn && !self.stop.is_set() {
            let look = turn.min(Instant::now() + TELL_EVERY);
            tokio::select! {
                () = tokio::time::sleep_until(look) => {}
                () = self.stop.wait() => {}
            }
            self.tick().await?;
        }
        Ok(!self.stop.is_set())
    }

    /// Writes the messages down, sends and deletes them.
    async fn act_on(&mut self, tasks: Vec<Task>) -> Result<(), DeadLetterError> {
        let mut tasks = self.still_held(tasks).await;
        let new: Vec<Entry> = tasks
            .iter()
            .filter(|task| self.written.journal.of(&task.entry.message).is_none())
            .map(|task| task.entry.clone())
            .collect();
        let now = UnixMillis::now();
        if !new.is_empty() {
            let chunk = Chunk { at: now, entries: new };
            self.backend.enter(&self.written.name, self.written.journal.chunks, &chunk).await?;
            self.written.journal.add(&chunk);
        }
        if let Some(export) = &mut self.export {
            export.add(
                tasks.iter().filter(|task| task.act == ReplayAction::Drop).map(|task| (task.id.0, &task.letter)),
            )?;
        }
        let mut may_go = self.send(&mut tasks, now).await?;
        self.record(&tasks, &mut may_go, now).await;
        self.delete(tasks, &may_go).await;
        Ok(())
    }

    /// Has the events tell it. A message whose drop the ledger did not take stays: its event would count as failed, with
    /// nothing left of it.
    async fn record(&mut self, tasks: &[Task], may_go: &mut [bool], now: UnixMillis) {
        let operation = &self.written.operation;
        let (by, why) = (operation.by.as_str(), operation.options.why.as_deref());
        let action = |task: &Task| {
            let kind = match task.act {
                ReplayAction::Send | ReplayAction::Force => ActionKind::Replayed { generation: task.entry.generation },
                ReplayAction::Drop => ActionKind::Dropped,
                ReplayAction::Ended | ReplayAction::Mismatched | ReplayAction::Unreadable => return None,
            };
            Some(Action::new(kind, now, by, &self.written.name, why))
        };
        let due = tasks.iter().enumerate().filter(|(place, _)| may_go.get(*place) == Some(&true));
        let due: Vec<(usize, &Task, Action)> =
            due.filter_map(|(place, task)| Some((place, task, action(task)?))).collect();
        let mut untold = Vec::new();
        for some in due.chunks(WRITES_AT_ONCE) {
            let writes = some.iter().map(async |(place, task, action)| {
                let (key, body, parks) = &task.source;
                let request = ActionRequest { key, action, body_sha256: body.as_deref(), parks: *parks };
                (*place, task.act, self.backend.record(&request).await.is_ok())
            });
            untold.extend(join_all(writes).await.into_iter().filter(|(_, _, told)| !told));
        }
        for (place, act, _) in untold {
            let counts = self.counts();
            match act {
                ReplayAction::Drop => {
                    counts.failed += 1;
                    may_go[place] = false;
                }
                _ => counts.unrecorded += 1,
            }
        }
    }

    /// Without those that others may have received by now: they are left for a later pass.
    async fn still_held(&mut self, tasks: Vec<Task>) -> Vec<Task> {
        let short = tasks.iter().filter(|task| !self.reader.is_held_for(&task.id, HOLD / 3));
        let short: Vec<Id> = short.map(|task| task.id.clone()).collect();
        self.reader.renew_these(short).await;
        tasks.into_iter().filter(|task| self.reader.receipt(&task.id).is_some()).collect()
    }

    /// Sends those that are to be sent. Returns which of all may be deleted.
    async fn send(&mut self, tasks: &mut [Task], now: UnixMillis) -> Result<Vec<bool>, DeadLetterError> {
        let mut may_go = vec![true; tasks.len()];
        let mut by_lane: HashMap<Lane, Vec<(usize, Outgoing)>> = HashMap::new();
        for (index, task) in tasks.iter_mut().enumerate() {
            if !matches!(task.act, ReplayAction::Send | ReplayAction::Force) {
                continue;
            }
            match outgoing(&task.letter, task.entry.generation, now) {
                Some(message) => by_lane.entry(task.id.0).or_default().push((index, message)),
                None => may_go[index] = false,
            }
            // The body is on its way: one copy of it is enough.
            task.letter.body = String::new();
        }
        let calls = by_lane
            .into_iter()
            .flat_map(|(lane, messages)| batch::of_messages(messages).into_iter().map(move |chunk| (lane, chunk)));
        let calls = calls.map(async |(lane, chunk): (Lane, Vec<(usize, Outgoing)>)| {
            let (places, messages): (Vec<usize>, Vec<Outgoing>) = chunk.into_iter().unzip();
            (places, batch::send(self.backend, lane, messages).await)
        });
        let mut failed = None;
        for (places, sent) in join_all(calls).await {
            let sent = sent.unwrap_or_else(|error| {
                failed = Some(error);
                vec![false; places.len()]
            });
            for (place, sent) in places.into_iter().zip(sent) {
                let force = tasks.get(place).is_some_and(|task| task.act == ReplayAction::Force);
                let counts = &mut self.written.operation.counts;
                match sent {
                    true => (counts.sent, counts.forced) = (counts.sent + 1, counts.forced + u64::from(force)),
                    false => counts.failed += 1,
                }
                may_go[place] = sent;
            }
        }
        match failed {
            None => Ok(may_go),
            Some(error) => {
                // What did go out is taken out of the queue all the same.
                let sent: Vec<Id> = tasks
                    .iter()
                    .zip(&may_go)
                    .filter(|(task, sent)| **sent && task.act != ReplayAction::Drop)
                    .map(|(task, _)| task.id.clone())
                    .collect();
                self.delete_ids(sent).await;
                Err(error.into())
            }
        }
    }

    async fn delete(&mut self, tasks: Vec<Task>, may_go: &[bool]) {
        for (task, _) in tasks.iter().zip(may_go).filter(|(_, may)| **may) {
            let counts = &mut self.written.operation.counts;
            match task.act {
                ReplayAction::Ended => counts.ended += 1,
                ReplayAction::Drop => counts.dropped += 1,
                _ => {}
            }
        }
        let ids = tasks.into_iter().zip(may_go).filter(|(_, may)| **may).map(|(task, _)| task.id).collect();
        let undeleted = self.delete_ids(ids).await;
        self.counts().undeleted += undeleted;
    }

    /// Returns how many could not be deleted. They show again, and are known then.
    async fn delete_ids(&mut self, ids: Vec<Id>) -> u64 {
        let mut by_lane: HashMap<Lane, Vec<(Id, String)>> = HashMap::new();
        for id in ids {
            if let Some(receipt) = self.reader.receipt(&id) {
                by_lane.entry(id.0).or_default().push((id.clone(), receipt.to_owned()));
            }
        }
        let chunks = by_lane.into_iter().flat_map(|(lane, messages)| {
            let chunks: Vec<Vec<(Id, String)>> = messages.chunks(batch::MAX_ENTRIES).map(<[_]>::to_vec).collect();
            chunks.into_iter().map(move |chunk| (lane, chunk))
        });
        let calls = chunks.map(async |(lane, chunk): (Lane, Vec<(Id, String)>)| {
            let (ids, receipts): (Vec<Id>, Vec<String>) = chunk.into_iter().unzip();
            (ids, batch::delete(self.backend, lane, receipts).await)
        });
        let mut undeleted = 0;
        for (ids, deleted) in join_all(calls).await {
            undeleted += deleted.iter().filter(|deleted| !**deleted).count() as u64;
            ids.into_iter().for_each(|id| self.reader.deleted(id));
        }
        undeleted
    }

    /// Messages that were acted on, and whose deletion was lost.
    async fn delete_again(&mut self, letters: Vec<(Lane, DeadLetter)>) -> Result<(), DeadLetterError> {
        let count = letters.len() as u64;
        let ids = letters.into_iter().map(|(lane, letter)| (lane, letter.id)).collect();
        let undeleted = self.delete_ids(ids).await;
        let counts = self.counts();
        counts.undeleted = counts.undeleted.saturating_sub(count) + undeleted;
        Ok(())
    }

    /// From time to time: holds on, writes down, and says how far it got.
    async fn tick(&mut self) -> Result<(), DeadLetterError> {
        self.reader.renew().await;
        if self.told_at.elapsed() >= TELL_EVERY {
            self.told_at = Instant::now();
            (self.tell)(&self.written.operation, self.reader.elsewhere());
            self.save().await?;
        }
        Ok(())
    }

    async fn save(&mut self) -> Result<(), DeadLetterError> {
        let written = &mut self.written;
        written.operation.updated_at = UnixMillis::now();
        let stored = self.backend.save(&written.name, Some(written.version), &written.operation).await?;
        written.version = match stored {
            Stored::Written(version) => version,
            // A reply was lost: this very value stands there.
            Stored::Lost(Some(there)) if there.value == written.operation => there.version,
            Stored::Lost(_) => return Err(DeadLetterError::TakenOver),
        };
        Ok(())
    }
}
