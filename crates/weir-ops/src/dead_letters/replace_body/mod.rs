//! An event gets another body, and runs as a new generation.

mod source;

use weir_aws::{Bodies, BodyError, dead_letters::Outgoing};
use weir_core::{
    Lane, UnixMillis,
    envelope::{Meta, refer, seal},
    ledger::{Action, ActionKind, ActionRequest, Key, Record, State as Ledger},
    sha256,
};
use weir_jobs::{ClaimedJob, Job, JobState};

use super::{
    Cancel,
    backend::{DeadLetterBackend, StackBackend},
    batch,
    error::DeadLetterError,
    filter::{EventName, Filter},
    operation::{Chunk, Counts, Entry, Kind, Operation, Options, Planned, ReplayWork},
    reader::Reader,
};
use crate::{Stack, StackError, events::LookupProgress};
use source::{Source, before, find, from_ledger, generation};

/// Another body for an event.
#[derive(Debug)]
pub struct ReplaceBody<'a> {
    /// Which message is meant.
    pub filter: &'a Filter,
    /// The event.
    pub event: &'a EventName,
    /// Its new body.
    pub body: Vec<u8>,
    /// Whether it runs once more if it had this very body.
    pub force: bool,
    /// Who does it; `None` for a preview, which changes nothing.
    pub actor: Option<Actor>,
}

/// Who does something, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person or the role.
    pub by: String,
    /// The command.
    pub command: String,
}

/// What was done, or would be.
#[derive(Debug)]
pub struct Replaced {
    /// Whether it was done.
    pub changed: bool,
    /// The name of the operation that did it.
    pub operation: Option<String>,
    /// The event.
    pub event: String,
    /// The lane that it is sent to.
    pub lane: Lane,
    /// The generation that it runs as.
    pub generation: u32,
    /// How long its body was, where that is known.
    pub old_bytes: Option<usize>,
    /// The hash of its body.
    pub old_sha256: String,
    /// How long its new body is.
    pub new_bytes: usize,
    /// The hash of its new body.
    pub new_sha256: String,
    /// Whether a message of it is in the dead-letter queue, and goes.
    pub dead_lettered: bool,
    /// The event had this body before, so that nothing is done; the state of that generation.
    pub repaired_before: Option<&'static str>,
}

/// An event can't get another body.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// A queue, the ledger or the table of operations.
    #[error(transparent)]
    DeadLetter(#[from] DeadLetterError),
    /// The stack lacks an output.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The bucket does not take the body, which no message can carry.
    #[error(transparent)]
    Bucket(#[from] BodyError),
    /// Its message is not in the dead-letter queue, and the ledger does not have what makes another one.
    #[error("{event} is not dead-lettered")]
    Missing {
        /// The event.
        event: String,
        /// Why.
        why: MissingMessage,
    },
    /// Its generation is the last one: weir did not write its message.
    #[error("the event has no later generation")]
    NoGeneration,
    /// The lane did not take the message.
    #[error("the lane did not take the message")]
    NotTaken,
}

/// Why the ledger does not help where there is no message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissingMessage {
    /// Its name has no shop.
    NoShop,
    /// Its id is one of several events.
    Ambiguous(Vec<String>),
    /// The ledger does not know it.
    Unknown,
    /// The ledger knows no topic of it: it was no envelope.
    NoTopic,
}

/// Gives an event another body: with an actor it is done, without one it is only said what would be. `None` if it was
/// stopped before anything was done.
///
/// # Errors
/// If there is no such event, or something does not answer. What was done until then is written down; to repeat it is safe.
pub async fn replace_body(
    stack: &Stack,
    backend: &StackBackend,
    request: ReplaceBody<'_>,
    cancel: &Cancel,
    progress: impl FnMut(LookupProgress),
) -> Result<Option<Replaced>, ReplaceError> {
    let mut reader = Reader::new(backend, request.filter.lanes(), false);
    let done = replace(&mut reader, stack, backend, request, cancel, progress).await;
    reader.give_back().await;
    done
}

async fn replace(
    reader: &mut Reader<'_, StackBackend>,
    stack: &Stack,
    backend: &StackBackend,
    request: ReplaceBody<'_>,
    cancel: &Cancel,
    progress: impl FnMut(LookupProgress),
) -> Result<Option<Replaced>, ReplaceError> {
    let ReplaceBody { filter, event, body, force, actor } = request;
    let dead = find(reader, backend, filter, cancel).await?;
    if cancel.is_set() {
        return Ok(None);
    }
    let source = match dead {
        Some(source) => source,
        None => from_ledger(backend, event, progress).await?,
    };
    let new_sha256 = sha256::hex(&body);
    let history = backend.ledger.history(&Key::of(&source.meta).event).await.map_err(DeadLetterError::from)?;
    let before = before(&history, &source, &new_sha256).filter(|_| !force);
    let generation = match before {
        Some((generation, _)) => generation,
        None => generation(&history, &source, &new_sha256, force).ok_or(ReplaceError::NoGeneration)?,
    };
    let mut replaced = Replaced {
        changed: actor.is_some() && before.is_none(),
        operation: None,
        event: Key::of(&source.meta).event,
        lane: source.lane,
        generation,
        old_bytes: source.bytes,
        old_sha256: source.meta.body_sha256.clone(),
        new_bytes: body.len(),
        new_sha256,
        dead_lettered: source.letter.is_some(),
        repaired_before: before.map(|(_, state)| state),
    };
    let Some(actor) = actor.filter(|_| before.is_none()) else { return Ok(Some(replaced)) };
    let options = Options { body_sha256: Some(replaced.new_sha256.clone()), force, ..Options::default() };
    let operation = operation(actor, filter.clone(), options);
    replaced.operation = Some(carry_out(reader, stack, backend, source, &history, &replaced, body, operation).await?);
    Ok(Some(replaced))
}

fn operation(actor: Actor, filter: Filter, options: Options) -> Operation {
    let work = ReplayWork {
        kind: Kind::Replay,
        filter,
        options,
        planned: Planned { messages: 1, of: 1, errors: Vec::new() },
        counts: Counts { read: 1, ..Counts::default() },
    };
    Job::new(actor.by, actor.command, work, UnixMillis::now())
}

/// Writes it down, sends the message with the new body, records it in the ledger, and deletes the old message. Returns the
/// name of the operation.
#[expect(clippy::too_many_arguments, reason = "each is one thing that it works on")]
async fn carry_out(
    reader: &mut Reader<'_, StackBackend>,
    stack: &Stack,
    backend: &StackBackend,
    source: Source,
    history: &[Record],
    replaced: &Replaced,
    body: Vec<u8>,
    operation: Operation,
) -> Result<String, ReplaceError> {
    let now = operation.started_at;
    let old = (Key::of(&source.meta), source.meta.body_sha256.clone(), source.parks);
    let generation = replaced.generation;
    let meta = Meta { body_sha256: replaced.new_sha256.clone(), generation, ..source.meta };
    let message = sealed(stack, &meta, body).await?;
    let mut claimed = ClaimedJob::start(backend, operation).await.map_err(DeadLetterError::from)?;
    let message_id = source.letter.as_ref().map_or_else(String::new, |(_, id)| id.clone());
    let entry = Entry { event: replaced.event.clone(), generation, message: message_id };
    let chunk = Chunk { at: now, entries: vec![entry] };
    claimed.checkpoint(backend, &chunk).await.map_err(DeadLetterError::from)?;

    let outgoing = Outgoing { body: message, group: meta.shop.to_string() };
    let sent = batch::send(backend, source.lane, vec![outgoing]).await;
    let taken = sent.as_ref().is_ok_and(|sent| sent.contains(&true));
    let counts = &mut claimed.job.work.counts;
    (counts.sent, counts.forced, counts.failed) = (u64::from(taken), u64::from(taken), u64::from(!taken));
    claimed.job.state = if taken { JobState::Done } else { JobState::Failed };
    if taken {
        let kind = ActionKind::Repaired { generation, body_sha256: replaced.new_sha256.clone() };
        let action = Action::new(kind, now, &claimed.job.by, claimed.name(), None);
        // The event gets the body all the same; how many did not record it is known.
        claimed.job.work.counts.unrecorded = record(backend, history, &old, &action).await;
    }
    if let (true, Some(id)) = (taken, source.letter) {
        let receipt = reader.receipt(&id).map(str::to_owned);
        let gone = batch::delete(backend, id.0, receipt.into_iter().collect()).await;
        claimed.job.work.counts.undeleted = u64::from(!gone.contains(&true));
        reader.deleted(id);
    }
    claimed.save(backend, UnixMillis::now()).await.map_err(DeadLetterError::from)?;
    sent.map_err(DeadLetterError::from)?;
    if taken { Ok(claimed.name().to_owned()) } else { Err(ReplaceError::NotTaken) }
}

/// The message of an event with this body, which lies in S3 where no message can carry it.
pub(crate) async fn sealed(stack: &Stack, meta: &Meta, body: Vec<u8>) -> Result<String, SealError> {
    match seal(meta, &body) {
        Ok(message) => Ok(message),
        Err(_too_large) => {
            let bodies = Bodies::new(&stack.config, stack.output("BodiesBucket")?);
            Ok(refer(meta, &bodies.put(meta, body).await?))
        }
    }
}

/// A message can't be made.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The stack lacks an output.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The bucket does not take the body, which no message can carry.
    #[error(transparent)]
    Bucket(#[from] BodyError),
}

impl From<SealError> for ReplaceError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Stack(error) => Self::Stack(error),
            SealError::Bucket(error) => Self::Bucket(error),
        }
    }
}

/// Records the action with the generation that is replaced, and with every other that would still count as failed. Returns
/// how many did not take it.
async fn record(backend: &StackBackend, history: &[Record], old: &(Key, String, u32), action: &Action) -> u64 {
    let (key, body, parks) = old;
    let mut unrecorded = 0;
    let others = history.iter().filter(|record| matches!(record.state, Ledger::Failed(_)) && record.key != *key);
    let others = others.filter(|record| record.key.generation < new_generation(action));
    for key in std::iter::once(key).chain(others.map(|record| &record.key)) {
        let request = ActionRequest { key, action, body_sha256: Some(body), parks: *parks };
        unrecorded += u64::from(backend.record(&request).await.is_err());
    }
    unrecorded
}

fn new_generation(action: &Action) -> u32 {
    match action.kind {
        ActionKind::Repaired { generation, .. } | ActionKind::Replayed { generation } => generation,
        ActionKind::Dropped => 0,
    }
}
