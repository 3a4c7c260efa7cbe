//! A resend under way. An event is written down, then sent, then told of it.

use std::collections::HashMap;

use futures_util::future::join_all;
use tokio::time::{Duration, Instant};
use weir_aws::dead_letters::Outgoing;
use weir_core::{
    Lane, UnixMillis,
    ledger::{Action, ActionKind, ActionRequest},
};
use weir_jobs::{Cancel, ClaimedJob, JobState};

use super::{
    Resend, ResendError, Resender, Skipped,
    job::{ResendChunk, ResendEntry, ResendWork},
    prepare::Ready,
    selection::{Pages, SelectionProgress},
};
use crate::dead_letters::{StackBackend, backend::DeadLetterBackend, batch, rate::Rate, replace_body::sealed};

/// How often it is written down, and said, how far it got.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);

/// A resend that this process works on.
pub struct Resent {
    claimed: ClaimedJob<ResendWork>,
    /// The generations that were written down.
    chosen: HashMap<String, u32>,
    /// Events that were not sent, and why.
    pub skipped: Vec<Skipped>,
}

impl Resent {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.claimed.name()
    }

    /// The job, as it is written down.
    #[must_use]
    pub fn job(&self) -> &Resend {
        &self.claimed.job
    }

    /// The same, to change its options before it is resumed.
    pub fn job_mut(&mut self) -> &mut Resend {
        &mut self.claimed.job
    }
}

/// Writes down a resend that begins.
///
/// # Errors
/// If the table of operations does not take it.
pub async fn start(backend: &StackBackend, job: Resend) -> Result<Resent, ResendError> {
    let claimed = ClaimedJob::start(&backend.jobs, job).await?;
    Ok(Resent { claimed, chosen: HashMap::new(), skipped: Vec::new() })
}

/// A resend that somebody began; `None` if there is none of this name. [`run`] claims it.
///
/// # Errors
/// If the table of operations can't be read.
pub async fn resume(backend: &StackBackend, name: &str) -> Result<Option<Resent>, ResendError> {
    let Some((claimed, chunks)) = ClaimedJob::load(&backend.jobs, name).await.map_err(ResendError::Job)? else {
        return Ok(None);
    };
    let chosen = chunks.into_iter().flat_map(|chunk: ResendChunk| chunk.entries);
    let chosen = chosen.map(|entry| (entry.event, entry.generation)).collect();
    Ok(Some(Resent { claimed, chosen, skipped: Vec::new() }))
}

impl Resent {
    /// Writes down that somebody goes on with it.
    ///
    /// # Errors
    /// If somebody else did meanwhile, or the table of operations does not take it.
    pub async fn claim(&mut self, backend: &StackBackend, by: String) -> Result<(), ResendError> {
        Ok(self.claimed.resume(&backend.jobs, by, UnixMillis::now()).await?)
    }
}

/// Sends all that is meant. However it ends, the end is written down. `progress` is called from time to time.
///
/// # Errors
/// If something can't be read or written. What was sent until then is written down: a resumption goes on.
pub async fn run(
    resender: &Resender<'_>,
    resent: &mut Resent,
    cancel: &Cancel,
    progress: &dyn Fn(&Resend),
) -> Result<(), ResendError> {
    let run = Run { resender, pace: Rate::new(resent.job().work.options.rate), cancel, progress, told: Instant::now() };
    let ran = run.all(resent).await;
    let job = &mut resent.claimed.job;
    job.state = match &ran {
        Err(problem) => {
            job.note = Some(problem.to_string());
            JobState::Failed
        }
        Ok(()) if cancel.is_set() => JobState::Interrupted,
        Ok(()) if job.work.counts.failed > 0 => JobState::Failed,
        Ok(()) => JobState::Done,
    };
    if matches!(&ran, Err(ResendError::Job(weir_jobs::JobError::TakenOver))) {
        return ran;
    }
    let saved = resent.claimed.save(&resender.backend.jobs, UnixMillis::now()).await;
    ran.and(saved.map_err(ResendError::Job))
}

struct Run<'a> {
    resender: &'a Resender<'a>,
    pace: Rate,
    cancel: &'a Cancel,
    progress: &'a dyn Fn(&Resend),
    told: Instant,
}

impl Run<'_> {
    async fn all(mut self, resent: &mut Resent) -> Result<(), ResendError> {
        let backend = self.resender.backend;
        let (selection, options) = (resent.job().work.selection.clone(), resent.job().work.options.clone());
        let mut pages = Pages::new(&selection, UnixMillis::now());
        let mut ignored = |_: SelectionProgress| {};
        while !self.cancel.is_set() && room(resent) > 0 {
            let Some(events) = pages.next(&backend.ledger, &mut ignored).await? else { break };
            let prepared = self.resender.prepare(events, &resent.chosen, options.superseded, UnixMillis::now()).await?;
            let mut ready: Vec<Ready> = Vec::new();
            for (event, prepared) in prepared {
                match prepared {
                    Ok(Some(one)) => ready.push(*one),
                    // It was sent, and counted.
                    Ok(None) => {}
                    Err(reason) => {
                        *resent.claimed.job.work.counts.skipped.entry(reason).or_default() += 1;
                        resent.skipped.push(Skipped { event, reason });
                    }
                }
            }
            while !ready.is_empty() && !self.cancel.is_set() {
                let count = self.pace.at_once().min(ready.len()).min(room(resent));
                if count == 0 {
                    break;
                }
                let turn: Vec<Ready> = ready.drain(..count).collect();
                if self.wait_for(count, resent).await? {
                    self.send(turn, resent).await?;
                }
            }
            self.tick(resent).await?;
        }
        Ok(())
    }

    /// Waits for a turn. `false` if it was stopped.
    async fn wait_for(&mut self, count: usize, resent: &mut Resent) -> Result<bool, ResendError> {
        let turn = self.pace.turn(count);
        while Instant::now() < turn && !self.cancel.is_set() {
            tokio::select! {
                () = tokio::time::sleep_until(turn.min(Instant::now() + PROGRESS_INTERVAL)) => {}
                () = self.cancel.wait() => {}
            }
            self.tick(resent).await?;
        }
        Ok(!self.cancel.is_set())
    }

    /// Writes the events down, sends them, and has the ledger tell it.
    async fn send(&self, turn: Vec<Ready>, resent: &mut Resent) -> Result<(), ResendError> {
        let (stack, backend, now) = (self.resender.stack, self.resender.backend, UnixMillis::now());
        let mut by_lane: HashMap<Lane, Vec<(usize, Outgoing)>> = HashMap::new();
        let mut sources = Vec::with_capacity(turn.len());
        for (place, ready) in turn.into_iter().enumerate() {
            let Ready { record, meta, body } = ready;
            let message = sealed(stack, &meta, body).await?;
            by_lane.entry(record.lane).or_default().push((place, Outgoing { body: message, group: meta.shop.into() }));
            sources.push((record, meta.generation));
        }
        let entry = |(record, generation): &(weir_core::ledger::Record, u32)| ResendEntry {
            event: record.key.event.clone(),
            generation: *generation,
        };
        let new = sources.iter().map(entry).filter(|entry| !resent.chosen.contains_key(&entry.event));
        let chunk = ResendChunk { at: now, entries: new.collect() };
        if !chunk.entries.is_empty() {
            resent.claimed.checkpoint(&backend.jobs, &chunk).await?;
            resent.chosen.extend(chunk.entries.into_iter().map(|entry| (entry.event, entry.generation)));
        }
        let calls = by_lane.into_iter().flat_map(|(lane, messages)| {
            batch::of_messages(messages).into_iter().map(move |messages| (lane, messages))
        });
        let calls = calls.map(async |(lane, messages): (Lane, Vec<(usize, Outgoing)>)| {
            let (places, messages): (Vec<usize>, Vec<Outgoing>) = messages.into_iter().unzip();
            let sent = batch::send(backend, lane, messages).await;
            // What no answer came for is sent again by a resumption, as the same generation: it takes effect once.
            let sent = sent.unwrap_or_else(|_unanswered| vec![false; places.len()]);
            places.into_iter().zip(sent).collect::<Vec<_>>()
        });
        let sent: HashMap<usize, bool> = join_all(calls).await.into_iter().flatten().collect();
        let (by, why) = (resent.job().by.clone(), resent.job().work.options.why.clone());
        let name = resent.name().to_owned();
        let mut recorded = Vec::new();
        for (place, (record, generation)) in sources.iter().enumerate() {
            if sent.get(&place) != Some(&true) {
                resent.claimed.job.work.counts.failed += 1;
                continue;
            }
            resent.claimed.job.work.counts.sent += 1;
            let kind = ActionKind::Replayed { generation: *generation };
            recorded.push((record, Action::new(kind, now, &by, &name, why.as_deref())));
        }
        let writes = recorded.iter().map(async |(record, action)| {
            let body_sha256 = Some(record.body_sha256.as_str());
            let request = ActionRequest { key: &record.key, action, body_sha256, parks: record.parks };
            backend.record(&request).await.is_err()
        });
        let unrecorded = join_all(writes).await.into_iter().filter(|failed| *failed).count();
        resent.claimed.job.work.counts.unrecorded += unrecorded as u64;
        Ok(())
    }

    /// From time to time: writes down how far it got, and says it.
    async fn tick(&mut self, resent: &mut Resent) -> Result<(), ResendError> {
        if self.told.elapsed() >= PROGRESS_INTERVAL {
            self.told = Instant::now();
            (self.progress)(resent.job());
            resent.claimed.save(&self.resender.backend.jobs, UnixMillis::now()).await?;
        }
        Ok(())
    }
}

/// How many more may be sent.
fn room(resent: &Resent) -> usize {
    let work = &resent.job().work;
    let room = work.options.limit.map_or(u64::MAX, |limit| limit.saturating_sub(work.counts.sent));
    usize::try_from(room).unwrap_or(usize::MAX)
}
