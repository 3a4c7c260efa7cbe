//! Pools and journal pages as bytes: JSON, compressed, because a written kilobyte is a write unit.

use std::io::{Read, Write};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde::{Serialize, de::DeserializeOwned};

/// Nothing grows beyond this when it is decompressed. DynamoDB takes 400 KB.
const MAX_JSON_BYTES: u64 = 32 * 1024 * 1024;

/// Bytes that are no pool's, or another version of weir wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored pool can't be read: another version of weir wrote it, or something else did")]
pub struct BadPool;

/// Encodes a value.
///
/// # Errors
/// If it can't be printed as JSON, which no pool can cause.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, BadPool> {
    let json = serde_json::to_vec(value).map_err(|_| BadPool)?;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&json).map_err(|_| BadPool)?;
    encoder.finish().map_err(|_| BadPool)
}

/// Decodes a value.
///
/// # Errors
/// If the bytes are not one.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BadPool> {
    let mut json = Vec::new();
    DeflateDecoder::new(bytes).take(MAX_JSON_BYTES).read_to_end(&mut json).map_err(|_| BadPool)?;
    serde_json::from_slice(&json).map_err(|_| BadPool)
}
