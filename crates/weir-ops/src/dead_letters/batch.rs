//! Calls for ten messages at once: what is refused is tried again, alone.

use std::time::Duration;

pub(crate) use weir_aws::dead_letters::MAX_ENTRIES;
use weir_aws::dead_letters::{MAX_BATCH_BYTES, Outgoing, QueueError};
use weir_core::Lane;

use super::backend::DeadLetterBackend;

/// So often a call is made for what it did not do before.
const ROUNDS: u32 = 4;

/// The pause after the first; each is three times the one before.
const PAUSE: Duration = Duration::from_millis(200);

/// Messages in batches that SQS takes.
pub(crate) fn of_messages(messages: Vec<(usize, Outgoing)>) -> Vec<Vec<(usize, Outgoing)>> {
    let (mut batches, mut bytes) = (vec![Vec::new()], 0);
    for (place, message) in messages {
        let last = batches.last().map_or(0, Vec::len);
        if last == MAX_ENTRIES || (last > 0 && bytes + message.body.len() > MAX_BATCH_BYTES) {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += message.body.len();
        if let Some(batch) = batches.last_mut() {
            batch.push((place, message));
        }
    }
    batches.retain(|batch| !batch.is_empty());
    batches
}

/// Sends them. Returns which the lane took for sure; one whose reply was lost is sent again, and the ledger makes one of
/// both.
pub(crate) async fn send<O: DeadLetterBackend>(
    backend: &O,
    lane: Lane,
    messages: Vec<Outgoing>,
) -> Result<Vec<bool>, QueueError> {
    let mut sent = vec![false; messages.len()];
    let mut left: Vec<(usize, Outgoing)> = messages.into_iter().enumerate().collect();
    let mut answer = Ok(());
    for round in 0..ROUNDS {
        if round > 0 {
            tokio::time::sleep(PAUSE * 3_u32.pow(round - 1)).await;
        }
        let call: Vec<Outgoing> = left.iter().map(|(_, message)| message.clone()).collect();
        match backend.send(lane, &call).await {
            Ok(refusals) => {
                answer = Ok(());
                let mut again = Vec::new();
                for ((place, message), refusal) in left.into_iter().zip(refusals) {
                    match refusal {
                        None => sent[place] = true,
                        Some(refusal) if refusal.for_good => {}
                        Some(_) => again.push((place, message)),
                    }
                }
                left = again;
            }
            Err(error) => answer = Err(error),
        }
        if left.is_empty() {
            break;
        }
    }
    // Of what was sent in an earlier round the caller must know.
    if sent.contains(&true) { Ok(sent) } else { answer.map(|()| sent) }
}

/// Deletes them. Returns which are gone for sure.
pub(crate) async fn delete<O: DeadLetterBackend>(backend: &O, lane: Lane, receipts: Vec<String>) -> Vec<bool> {
    let mut gone = vec![false; receipts.len()];
    let mut left: Vec<(usize, String)> = receipts.into_iter().enumerate().collect();
    for round in 0..ROUNDS {
        if round > 0 {
            tokio::time::sleep(PAUSE * 3_u32.pow(round - 1)).await;
        }
        let call: Vec<String> = left.iter().map(|(_, receipt)| receipt.clone()).collect();
        if let Ok(refusals) = backend.delete(lane, &call).await {
            let mut again = Vec::new();
            for ((place, receipt), refusal) in left.into_iter().zip(refusals) {
                match refusal {
                    None => gone[place] = true,
                    Some(refusal) if refusal.for_good => {}
                    Some(_) => again.push((place, receipt)),
                }
            }
            left = again;
        }
        if left.is_empty() {
            break;
        }
    }
    gone
}
