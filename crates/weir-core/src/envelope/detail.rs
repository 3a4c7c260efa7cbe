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

/// How deep arrays and objects of a body may nest. Shopify's nest some ten deep; parsers of receivers recurse, and
/// EventBridge refuses what is far deeper.
pub const MAX_DEPTH: usize = 512;

/// The body can reach neither a handler nor the bus. Says where, never what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadJson {
    /// It is not JSON.
    #[error("the body is not JSON (line {line}, column {column})")]
    Syntax {
        /// Counted from one.
        line: usize,
        /// Counted from one.
        column: usize,
    },
    /// Its arrays and objects nest deeper than [`MAX_DEPTH`].
    #[error("the body's JSON nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// The body as JSON, its digits untouched.
pub fn json(body: &[u8]) -> Result<&RawValue, BadJson> {
    let json = serde_json::from_slice(body).map_err(|e| BadJson::Syntax { line: e.line(), column: e.column() })?;
    if is_too_deep(body) { Err(BadJson::TooDeep) } else { Ok(json) }
}

/// Of a text that is JSON. Few bodies have so many brackets that their nesting has to be looked at.
fn is_too_deep(json: &[u8]) -> bool {
    let is_open = |byte: &&u8| matches!(byte, b'[' | b'{');
    if json.iter().filter(is_open).count() <= MAX_DEPTH {
        return false;
    }
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// The body of an event on the bus.
#[derive(Clone, Copy)]
pub enum BusBody<'a> {
    /// In the event, as JSON.
    Inline(&'a RawValue),
    /// In S3, at this address: the body is too large for the bus.
    Reference(&'a str),
}

/// The `detail` of the event on the bus: the same CloudEvent, its body always as JSON or as a `dataref`.
pub fn detail(meta: &Meta, body: BusBody<'_>) -> String {
    let mut wire = wire::Wire::new(meta);
    match body {
        BusBody::Inline(json) => escape_noncharacters(wire.write_with(json.get())),
        BusBody::Reference(uri) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(), BadJson>) {
        assert_eq!(json(text.as_bytes()).map(|_| ()), expected, "{} bytes", text.len());
    }

    #[test]
    fn body_nested_deeper_than_the_limit_is_refused_and_one_at_the_limit_is_not() {
        let nested = |open: &str, inner: &str, close: &str, depth: usize| {
            format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
        };
        for (open, inner, close) in [("[", "", "]"), ("{\"a\":", "1", "}"), (" [ ", "\"]]\"", " ] ")] {
            check(&nested(open, inner, close, MAX_DEPTH), Ok(()));
            check(&nested(open, inner, close, MAX_DEPTH + 1), Err(BadJson::TooDeep));
            check(&nested(open, inner, close, 200_000), Err(BadJson::TooDeep));
        }
        check(&format!("{{\"a\":{}}}", nested("[", "{}", "]", MAX_DEPTH - 1)), Err(BadJson::TooDeep));
    }

    #[test]
    fn brackets_side_by_side_and_brackets_in_strings_do_not_nest() {
        check(&format!("[{}[]]", "[{}],".repeat(2000)), Ok(()));
        check(&format!("\"{}\"", "[{".repeat(2000)), Ok(()));
        check(&format!("[\"\\\\\\\"{}\"]", "[".repeat(2000)), Ok(()));
        check(&format!("{{\"{}\":[]}}", "\\\\{".repeat(2000)), Ok(()));
    }
}
