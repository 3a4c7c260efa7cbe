//! A replay or a drop under way. A message is sent, then deleted; before either, it is written down.

mod act;

use std::collections::HashMap;

use tokio::time::{Duration, Instant};
use weir_aws::dead_letters::DeadLetter;
use weir_core::{UnixMillis, ledger::Key};
use weir_jobs::JobState;

use super::{
    Cancel,
    backend::{DeadLetterBackend, StackBackend},
    entry::DeadLetterEntry,
    error::DeadLetterError,
    export::Export,
    operation::{Counts, Entry, Operation},
    plan::{ReplayAction, decide},
    rate::Rate,
    reader::{Id, Reader},
    scan::join,
    start::Started,
};

/// How often it is written down, and said, how far it got.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);

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
    let (started, late, result) = Replay::new(backend, started, cancel, export, progress).run().await;
    Ended { operation: started.claimed.job, late, result }
}

/// Acts on all that is meant.
pub(super) struct Replay<'a, O> {
    pub(super) backend: &'a O,
    pub(super) started: Started,
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
        started: Started,
        stop: &'a Cancel,
        export: Option<Export>,
        tell: &'a dyn Fn(&Operation, u64),
    ) -> Self {
        let (filter, options) = (&started.claimed.job.work.filter, &started.claimed.job.work.options);
        Self {
            backend,
            reader: Reader::new(backend, filter.lanes(), true),
            pace: Rate::new(options.rate),
            started,
            stop,
            export,
            tell,
            told_at: Instant::now(),
        }
    }

    /// Goes through the queues to their end. However it ends, what was not acted on is given back, and the end is written
    /// down. Returns the operation, and how many messages come back by themselves only.
    pub(super) async fn run(mut self) -> (Started, usize, Result<(), DeadLetterError>) {
        let mut swept = self.sweep().await;
        let late = self.reader.give_back().await;
        let operation = &mut self.started.claimed.job;
        operation.state = match &swept {
            Err(problem) => {
                operation.note = Some(problem.to_string());
                JobState::Failed
            }
            Ok(()) if self.stop.is_set() => JobState::Interrupted,
            Ok(()) if operation.work.counts.failed > 0 => JobState::Failed,
            Ok(()) => JobState::Done,
        };
        if self.reader.is_cut && operation.note.is_none() {
            operation.note = Some("a queue holds more than can be read at once: repeat it".to_owned());
        }
        if !matches!(swept, Err(DeadLetterError::TakenOver)) {
            let saved = self.save().await;
            swept = swept.and(saved);
        }
        (self.started, late, swept)
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.started.claimed.job.work.counts
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
        let counts = &self.started.claimed.job.work.counts;
        let gone = counts.sent + counts.ended + counts.dropped;
        let room = self.started.claimed.job.work.options.limit.map_or(u64::MAX, |limit| limit.saturating_sub(gone));
        usize::try_from(room).unwrap_or(usize::MAX)
    }

    /// What is to be done with a message, if anything is.
    fn meant(&mut self, found: &DeadLetterEntry, letter: DeadLetter) -> Option<Task> {
        let operation = &self.started.claimed.job;
        let key = found.letter.key();
        let known = self.started.journal.of(&letter.id).cloned();
        // What was meant once is meant until it is gone, whatever became of its event since.
        if known.is_none() && !operation.work.filter.takes(found) {
            return None;
        }
        let act = match &known {
            Some(entry) if entry.generation > key.generation => ReplayAction::Force,
            _ => decide(operation.work.kind, found, operation.work.options.force),
        };
        let journal = &self.started.journal;
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
            let look = turn.min(Instant::now() + PROGRESS_INTERVAL);
            tokio::select! {
                () = tokio::time::sleep_until(look) => {}
                () = self.stop.wait() => {}
            }
            self.tick().await?;
        }
        Ok(!self.stop.is_set())
    }

    /// From time to time: holds on, writes down, and says how far it got.
    async fn tick(&mut self) -> Result<(), DeadLetterError> {
        self.reader.renew().await;
        if self.told_at.elapsed() >= PROGRESS_INTERVAL {
            self.told_at = Instant::now();
            (self.tell)(&self.started.claimed.job, self.reader.elsewhere());
            self.save().await?;
        }
        Ok(())
    }

    async fn save(&mut self) -> Result<(), DeadLetterError> {
        Ok(self.started.claimed.save(self.backend, UnixMillis::now()).await?)
    }
}
