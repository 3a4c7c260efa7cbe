//! Reads everything that is dead-lettered, and leaves it as it was.

use std::{collections::HashMap, ops::ControlFlow};

use weir_aws::{Bodies, BodyError, dead_letters::DeadLetter};
use weir_core::{
    Lane,
    envelope::{BodyDecodeError, Envelope},
    ledger::{Key, Record},
};

use super::{
    Cancel,
    backend::{DeadLetterBackend, StackBackend},
    entry::{DeadLetterEntry, DeadLetterInfo},
    error::DeadLetterError,
    filter::Filter,
    reader::Reader,
};
use crate::{Stack, StackError};

/// What was there.
pub struct Scanned {
    /// The messages.
    pub found: Vec<DeadLetterEntry>,
    /// How many messages others have at the moment.
    pub elsewhere: u64,
    /// Whether there is more than can be read at once.
    pub is_cut: bool,
    /// How many messages could not be given back, and come back by themselves.
    pub late: usize,
    /// Whether somebody stopped it.
    pub interrupted: bool,
}

/// Reads these lanes' queues to their end, or until `see` breaks, and gives everything back.
///
/// # Errors
/// If a queue or the ledger can't be read.
pub async fn scan(
    backend: &StackBackend,
    lanes: Vec<Lane>,
    cancel: &Cancel,
    mut see: impl FnMut(usize, &DeadLetterEntry, &DeadLetter) -> ControlFlow<()>,
) -> Result<Scanned, DeadLetterError> {
    let mut reader = Reader::new(backend, lanes, false);
    let mut all = Vec::new();
    let read = read(&mut reader, cancel, &mut all, &mut see).await;
    let late = reader.give_back().await;
    read?;
    let (elsewhere, is_cut) = (reader.elsewhere(), reader.is_cut);
    Ok(Scanned { found: all, elsewhere, is_cut, late, interrupted: cancel.is_set() })
}

async fn read<O: DeadLetterBackend>(
    reader: &mut Reader<'_, O>,
    cancel: &Cancel,
    all: &mut Vec<DeadLetterEntry>,
    see: &mut impl FnMut(usize, &DeadLetterEntry, &DeadLetter) -> ControlFlow<()>,
) -> Result<(), DeadLetterError> {
    while !reader.is_over() && !cancel.is_set() {
        let round = reader.round().await?;
        for (found, letter) in join(reader.backend(), round.fresh).await? {
            let seen = see(all.len() + 1, &found, &letter);
            all.push(found);
            if seen.is_break() {
                return Ok(());
            }
        }
        reader.renew().await;
    }
    Ok(())
}

/// Each message with its record.
pub(super) async fn join<O: DeadLetterBackend>(
    backend: &O,
    letters: Vec<(Lane, DeadLetter)>,
) -> Result<Vec<(DeadLetterEntry, DeadLetter)>, DeadLetterError> {
    if letters.is_empty() {
        return Ok(Vec::new());
    }
    let read = |(lane, letter): (Lane, DeadLetter)| {
        (DeadLetterInfo::read(lane, letter.id.clone(), letter.group.clone(), letter.sent_at, &letter.body), letter)
    };
    let read: Vec<(DeadLetterInfo, DeadLetter)> = letters.into_iter().map(read).collect();
    let keys: Vec<Key> = read.iter().map(|(letter, _)| letter.key()).collect();
    let records = backend.records(&keys).await?;
    let records: HashMap<Key, Record> = records.into_iter().map(|record| (record.key.clone(), record)).collect();
    let found = |(letter, dead): (DeadLetterInfo, DeadLetter)| {
        let record = records.get(&letter.key()).cloned();
        (DeadLetterEntry::new(letter, record), dead)
    };
    Ok(read.into_iter().map(found).collect())
}

/// The first message that the filter takes, received and given back. `progress` is called with how many were read.
///
/// # Errors
/// If a queue or the ledger can't be read.
pub async fn find(
    backend: &StackBackend,
    filter: &Filter,
    cancel: &Cancel,
    mut progress: impl FnMut(usize),
) -> Result<Option<(DeadLetterEntry, DeadLetter)>, DeadLetterError> {
    let mut hit = None;
    let scanned = scan(backend, filter.lanes(), cancel, |read, found, letter| {
        progress(read);
        if !filter.takes(found) {
            return ControlFlow::Continue(());
        }
        hit = Some((found.clone(), letter.clone()));
        ControlFlow::Break(())
    });
    scanned.await?;
    Ok(hit)
}

/// The body of a message can't be read.
#[derive(Debug, thiserror::Error)]
pub enum MessageBodyError {
    /// The stack lacks the output.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// S3.
    #[error(transparent)]
    Bucket(#[from] BodyError),
    /// It is not the one that was accepted.
    #[error(transparent)]
    Damaged(#[from] BodyDecodeError),
}

/// The bytes that Shopify signed; of what is no envelope, the message.
///
/// # Errors
/// If the body lies in S3 and can't be read there, or is not the one that was accepted.
pub async fn message_body(stack: &Stack, letter: &DeadLetter) -> Result<Vec<u8>, MessageBodyError> {
    let Ok(envelope) = Envelope::parse(&letter.body) else { return Ok(letter.body.clone().into_bytes()) };
    let fetched = match envelope.reference() {
        Some(reference) => {
            let bodies = Bodies::new(&stack.config, stack.output("BodiesBucket")?);
            Some(bodies.get(reference).await?)
        }
        None => None,
    };
    Ok(envelope.open(fetched)?)
}
