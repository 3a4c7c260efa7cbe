//! The event as it stands on the bus.

use serde_json::value::RawValue;

use super::{Meta, wire};

/// The most that one `PutEvents` call may carry (1 MB since January 2026), less room for what EventBridge puts
/// around an event: the same limit then holds for SQS queues that rules send it on to.
pub const MAX_ENTRY_BYTES: usize = 1_000_000 - 16 * 1024;

/// Whether a text has U+FFFE or U+FFFF, which JSON allows unescaped and SQS does not take. Looks for the first of their
/// three bytes: to decode each character would cost more than to parse the JSON.
pub(super) fn has_noncharacters(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(0xEF, bytes).any(|at| matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])))
}

/// The body is not JSON. Says where, never what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not JSON (line {line}, column {column})")]
pub struct NotJson {
    /// Counted from one.
    pub line: usize,
    /// Counted from one.
    pub column: usize,
}

/// The body as JSON, its digits untouched.
pub fn json(body: &[u8]) -> Result<&RawValue, NotJson> {
    serde_json::from_slice(body).map_err(|e| NotJson { line: e.line(), column: e.column() })
}

/// The `detail` of the event on the bus: the same CloudEvent, its body always as JSON or as a `dataref`.
pub fn detail(meta: &Meta, body: Result<&RawValue, &str>) -> String {
    let mut wire = wire::Wire::new(meta);
    match body {
        Ok(json) => escape_noncharacters(wire.write_with(json.get())),
        Err(uri) => {
            wire.dataref = Some(uri.into());
            wire.write()
        }
    }
}

/// Within JSON these characters can only stand in strings, where an escape means the same.
fn escape_noncharacters(text: String) -> String {
    if !has_noncharacters(&text) {
        return text;
    }
    text.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff")
}
