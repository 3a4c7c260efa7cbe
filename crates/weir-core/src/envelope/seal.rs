//! From a body to a message for a lane.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::value::RawValue;

use super::{COMPRESS_ABOVE_BYTES, Data, Envelope, MAX_MESSAGE_BYTES, Meta, wire};
use crate::park::Parked;

/// The message exceeds what SQS takes, even compressed: the body goes to S3, and [`refer`] to the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message exceeds SQS's limit")]
pub struct TooLarge;

/// Puts the body into an envelope that SQS can carry.
pub fn seal(meta: &Meta, body: &[u8]) -> Result<String, TooLarge> {
    let as_it_is = (body.len() <= COMPRESS_ABOVE_BYTES).then(|| plain(meta, body));
    match as_it_is {
        Some(message) if message.len() <= COMPRESS_ABOVE_BYTES => Ok(message),
        _ => compressed(meta, body),
    }
}

/// The envelope of a body that lies at `uri`, `s3://bucket/key`.
pub fn refer(meta: &Meta, uri: &str) -> String {
    let mut wire = wire::Wire::new(meta);
    wire.dataref = Some(uri.into());
    wire.write()
}

impl Envelope {
    /// The message of a parked copy: the same event, its body byte for byte as it came in this one.
    pub fn park(&self, parked: Parked) -> String {
        self.write(Some(parked))
    }

    /// The message that this envelope came in, or would come in, were it changed since: its body byte for byte as it came.
    pub fn message(&self) -> String {
        self.write(self.parked)
    }

    fn write(&self, parked: Option<Parked>) -> String {
        let mut wire = wire::Wire::new(&self.meta);
        if let Some(parked) = parked {
            wire.park(parked);
        }
        match &self.data {
            Data::Json(text) => return wire.write_with(text),
            Data::Base64(text) => wire.data_base64 = Some(text.into()),
            Data::Zstd(text) => {
                wire.dataencoding = Some(wire::ZSTD.into());
                wire.data_base64 = Some(text.into());
            }
            Data::Reference(uri) => wire.dataref = Some(uri.into()),
        }
        wire.write()
    }
}

fn plain(meta: &Meta, body: &[u8]) -> String {
    let mut wire = wire::Wire::new(meta);
    if let Some(json) = carried_as_it_is(body) {
        return wire.write_with(json);
    }
    wire.data_base64 = Some(STANDARD.encode(body).into());
    wire.write()
}

fn compressed(meta: &Meta, body: &[u8]) -> Result<String, TooLarge> {
    // Level 1: JSON shrinks to a tenth, and more effort costs more CPU than it saves in requests.
    let packed = zstd::bulk::compress(body, 1).map_err(|_out_of_memory| TooLarge)?;
    let mut wire = wire::Wire::new(meta);
    wire.dataencoding = Some(wire::ZSTD.into());
    wire.data_base64 = Some(STANDARD.encode(packed).into());
    let message = wire.write();
    if message.len() <= MAX_MESSAGE_BYTES { Ok(message) } else { Err(TooLarge) }
}

/// The body as text, if it is JSON and SQS takes each of its characters.
///
/// SQS refuses what XML 1.0 does: control characters (which JSON escapes) and U+FFFE, U+FFFF (which it need not).
/// And `null` is left out: in a JSON event it says that there is no data.
fn carried_as_it_is(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let json: &RawValue = serde_json::from_str(text).ok()?;
    (json.get() != "null" && !super::detail::has_noncharacters(text)).then_some(text)
}
