//! From a message of a lane back to the body.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::value::RawValue;

use super::{Data, Envelope, wire};
use crate::sha256;

/// The message is no envelope of weir's. Says what is wrong, and shows nothing of the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not JSON, or an attribute is missing or of another type.
    #[error("not a CloudEvents envelope (line {line}, column {column})")]
    Syntax {
        /// Counted from one.
        line: usize,
        /// Counted from one.
        column: usize,
    },
    /// Of a version or encoding that this build does not know.
    #[error("the envelope's {0} is unknown to this version of weir")]
    Unknown(&'static str),
    /// No body, or more than one.
    #[error("the envelope carries {0} bodies: expected one of data, data_base64 and dataref")]
    Bodies(usize),
}

/// The body can't be had from its envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyDecodeError {
    /// `data_base64` or its compression is damaged.
    #[error("the envelope's body can't be decoded")]
    Encoding,
    /// The bytes are not those that were signed.
    #[error("the body does not match its SHA-256: it was altered after it was taken in")]
    Hash,
}

/// No body grows beyond this when it is decompressed: the most that ingest takes in, and some.
const MAX_OPENED_BYTES: usize = 2 * super::MAX_BODY_BYTES;

impl Envelope {
    /// Reads a message. The body stays encoded, so that a duplicate costs no decoding.
    pub fn parse(message: &str) -> Result<Self, EnvelopeError> {
        let wire: wire::Wire<'_> =
            serde_json::from_str(message).map_err(|e| EnvelopeError::Syntax { line: e.line(), column: e.column() })?;
        if wire.specversion != wire::SPEC_VERSION {
            return Err(EnvelopeError::Unknown("specversion"));
        }
        let meta = wire.meta().ok_or(EnvelopeError::Unknown("receivedat"))?;
        let parked = wire.parked().ok_or(EnvelopeError::Unknown("parkedat"))?;
        let bodies = [wire.data.is_some(), wire.data_base64.is_some(), wire.dataref.is_some()];
        let data = match (wire.data, wire.data_base64, wire.dataref, wire.dataencoding.as_deref()) {
            (Some(json), None, None, None) => Data::Json(with_white_space(message, json).to_owned()),
            (None, Some(text), None, None) => Data::Base64(text.into_owned()),
            (None, Some(text), None, Some(wire::ZSTD)) => Data::Zstd(text.into_owned()),
            (None, None, Some(uri), None) => Data::Reference(uri.into_owned()),
            (.., Some(_)) => return Err(EnvelopeError::Unknown("dataencoding")),
            _ => return Err(EnvelopeError::Bodies(bodies.into_iter().filter(|there| *there).count())),
        };
        Ok(Self { meta, parked, data })
    }

    /// Where the body lies, if it is not in the message.
    pub fn reference(&self) -> Option<&str> {
        match &self.data {
            Data::Reference(uri) => Some(uri),
            _ => None,
        }
    }

    /// The body, unchecked, if it lies in the message as JSON: for what is only told, never acted on.
    pub fn peek(&self) -> Option<&RawValue> {
        match &self.data {
            Data::Json(text) => serde_json::from_str(text).ok(),
            Data::Base64(_) | Data::Zstd(_) | Data::Reference(_) => None,
        }
    }

    /// The bytes that Shopify signed. `fetched` is what lies at [`reference`](Self::reference), for a body
    /// that is not in the message. Every body is checked against its hash.
    pub fn open(self, fetched: Option<Vec<u8>>) -> Result<Vec<u8>, BodyDecodeError> {
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| BodyDecodeError::Encoding);
        let body = match self.data {
            Data::Json(text) => as_signed(text, &self.meta.body_sha256).into_bytes(),
            Data::Base64(text) => decode(&text)?,
            Data::Zstd(text) => unpack(&decode(&text)?)?,
            Data::Reference(_) => fetched.ok_or(BodyDecodeError::Encoding)?,
        };
        if sha256::hex(&body) == self.meta.body_sha256 { Ok(body) } else { Err(BodyDecodeError::Hash) }
    }
}

/// What JSON takes for white space.
const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// The value with the white space around it: Shopify may have signed it too.
fn with_white_space<'a>(message: &'a str, json: &RawValue) -> &'a str {
    // The value is a part of the message, which it borrows from.
    let start = json.get().as_ptr() as usize - message.as_ptr() as usize;
    let (before, after) = (&message[..start], &message[start + json.get().len()..]);
    let start = before.trim_end_matches(WHITE_SPACE).len();
    let end = message.len() - after.trim_start_matches(WHITE_SPACE).len();
    &message[start..end]
}

/// The hash tells whether the white space is the body's, or that of somebody who printed the envelope anew.
fn as_signed(text: String, body_sha256: &str) -> String {
    let trimmed = text.trim_matches(WHITE_SPACE);
    if trimmed.len() < text.len() && sha256::hex(trimmed.as_bytes()) == body_sha256 { trimmed.to_owned() } else { text }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, BodyDecodeError> {
    // The frame says its size, as all of ours do; without the check a forged frame could ask for any memory.
    let size = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten().ok_or(BodyDecodeError::Encoding)?;
    let size = usize::try_from(size).ok().filter(|size| *size <= MAX_OPENED_BYTES).ok_or(BodyDecodeError::Encoding)?;
    zstd::bulk::decompress(packed, size).map_err(|_| BodyDecodeError::Encoding)
}
