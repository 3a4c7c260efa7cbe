//! State and history as bytes. Most of an order's JSON is names and stamps that repeat, so it is compressed: a written
//! kilobyte is a write unit.

use std::io::{Read, Write};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde::{Deserialize, Serialize};

use crate::{OrderState, history::History};

/// No order grows beyond this when it is decompressed. DynamoDB takes 400 KB.
const MAX_JSON_BYTES: u64 = 32 * 1024 * 1024;

#[derive(Serialize)]
struct Written<'a> {
    state: &'a OrderState,
    history: &'a History,
}

#[derive(Deserialize)]
struct Stored {
    state: OrderState,
    #[serde(default)]
    history: History,
}

/// The bytes are no order's, or another version of weir wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored order can't be read: another version of weir wrote it, or something else did")]
pub struct CodecError;

pub(super) fn encode(state: &OrderState, history: &History) -> Result<Vec<u8>, CodecError> {
    let json = serde_json::to_vec(&Written { state, history }).map_err(|_| CodecError)?;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&json).map_err(|_| CodecError)?;
    encoder.finish().map_err(|_| CodecError)
}

pub(super) fn decode(bytes: &[u8]) -> Result<(OrderState, History), CodecError> {
    let mut json = Vec::new();
    DeflateDecoder::new(bytes).take(MAX_JSON_BYTES).read_to_end(&mut json).map_err(|_| CodecError)?;
    let stored: Stored = serde_json::from_slice(&json).map_err(|_| CodecError)?;
    Ok((stored.state, stored.history))
}
