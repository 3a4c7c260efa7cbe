//! A look at all that is dead-lettered, which leaves everything as it was.

use std::{collections::HashMap, ops::ControlFlow};

use weir_aws::dead_letters::DeadLetter;
use weir_core::{
    Lane,
    ledger::{Key, Record},
};

use super::{
    backend::DeadLetterBackend,
    letter::{Found, Letter},
    problem::Problem,
    reader::Reader,
    stop::Stop,
};

/// What was there.
pub(crate) struct Scanned {
    pub(crate) found: Vec<Found>,
    /// How many messages others have at the moment.
    pub(crate) elsewhere: u64,
    /// Whether there is more than can be read at once.
    pub(crate) is_cut: bool,
    /// How many messages could not be given back, and come back by themselves.
    pub(crate) late: usize,
    pub(crate) interrupted: bool,
}

/// Reads these lanes' queues to their end, or until `see` breaks, and gives everything back.
pub(crate) async fn scan<O: DeadLetterBackend>(
    outside: &O,
    lanes: Vec<Lane>,
    stop: &Stop,
    mut see: impl FnMut(usize, &Found, &DeadLetter) -> ControlFlow<()>,
) -> Result<Scanned, Problem> {
    let mut reader = Reader::new(outside, lanes, false);
    let mut all = Vec::new();
    let read = read(&mut reader, stop, &mut all, &mut see).await;
    let late = reader.give_back().await;
    read?;
    let (elsewhere, is_cut) = (reader.elsewhere(), reader.is_cut);
    Ok(Scanned { found: all, elsewhere, is_cut, late, interrupted: stop.is_set() })
}

async fn read<O: DeadLetterBackend>(
    reader: &mut Reader<'_, O>,
    stop: &Stop,
    all: &mut Vec<Found>,
    see: &mut impl FnMut(usize, &Found, &DeadLetter) -> ControlFlow<()>,
) -> Result<(), Problem> {
    while !reader.is_over() && !stop.is_set() {
        let round = reader.round().await?;
        for (found, letter) in join(reader.outside(), round.fresh).await? {
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
pub(crate) async fn join<O: DeadLetterBackend>(
    outside: &O,
    letters: Vec<(Lane, DeadLetter)>,
) -> Result<Vec<(Found, DeadLetter)>, Problem> {
    if letters.is_empty() {
        return Ok(Vec::new());
    }
    let read = |(lane, letter): (Lane, DeadLetter)| {
        (Letter::read(lane, letter.id.clone(), letter.group.clone(), letter.sent_at, &letter.body), letter)
    };
    let read: Vec<(Letter, DeadLetter)> = letters.into_iter().map(read).collect();
    let keys: Vec<Key> = read.iter().map(|(letter, _)| letter.key()).collect();
    let records = outside.records(&keys).await?;
    let records: HashMap<Key, Record> = records.into_iter().map(|record| (record.key.clone(), record)).collect();
    let found = |(letter, dead): (Letter, DeadLetter)| {
        let record = records.get(&letter.key()).cloned();
        (Found::new(letter, record), dead)
    };
    Ok(read.into_iter().map(found).collect())
}
