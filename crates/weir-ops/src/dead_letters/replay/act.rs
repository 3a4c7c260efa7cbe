//! Messages on their way: sent, recorded, deleted.

use std::collections::HashMap;

use futures_util::future::join_all;
use weir_aws::dead_letters::{DeadLetter, Outgoing};
use weir_core::{
    Lane, UnixMillis,
    ledger::{Action, ActionKind, ActionRequest},
};

use super::{
    super::{
        backend::DeadLetterBackend,
        batch,
        error::DeadLetterError,
        operation::{Chunk, Entry},
        outgoing::outgoing,
        plan::ReplayAction,
        reader::{HOLD, Id},
    },
    Replay, Task,
};

/// So many events are written at once: DynamoDB takes a thousand writes a second of one key's neighbours.
const MAX_CONCURRENT_WRITES: usize = 30;

impl<O: DeadLetterBackend> Replay<'_, O> {
    /// Writes the messages down, sends and deletes them.
    pub(super) async fn act_on(&mut self, tasks: Vec<Task>) -> Result<(), DeadLetterError> {
        let mut tasks = self.still_held(tasks).await;
        let new: Vec<Entry> = tasks
            .iter()
            .filter(|task| self.started.journal.of(&task.entry.message).is_none())
            .map(|task| task.entry.clone())
            .collect();
        let now = UnixMillis::now();
        if !new.is_empty() {
            let chunk = Chunk { at: now, entries: new };
            self.started.claimed.checkpoint(self.backend, &chunk).await?;
            self.started.journal.add(&chunk);
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
        let operation = &self.started.claimed.job;
        let (by, why) = (operation.by.as_str(), operation.work.options.why.as_deref());
        let action = |task: &Task| {
            let kind = match task.act {
                ReplayAction::Send | ReplayAction::Force => ActionKind::Replayed { generation: task.entry.generation },
                ReplayAction::Drop => ActionKind::Dropped,
                ReplayAction::Ended | ReplayAction::Mismatched | ReplayAction::Unreadable => return None,
            };
            Some(Action::new(kind, now, by, self.started.name(), why))
        };
        let due = tasks.iter().enumerate().filter(|(place, _)| may_go.get(*place) == Some(&true));
        let due: Vec<(usize, &Task, Action)> =
            due.filter_map(|(place, task)| Some((place, task, action(task)?))).collect();
        let mut untold = Vec::new();
        for some in due.chunks(MAX_CONCURRENT_WRITES) {
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
                let counts = &mut self.started.claimed.job.work.counts;
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
            let counts = &mut self.started.claimed.job.work.counts;
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
    pub(super) async fn delete_again(&mut self, letters: Vec<(Lane, DeadLetter)>) -> Result<(), DeadLetterError> {
        let count = letters.len() as u64;
        let ids = letters.into_iter().map(|(lane, letter)| (lane, letter.id)).collect();
        let undeleted = self.delete_ids(ids).await;
        let counts = self.counts();
        counts.undeleted = counts.undeleted.saturating_sub(count) + undeleted;
        Ok(())
    }
}
