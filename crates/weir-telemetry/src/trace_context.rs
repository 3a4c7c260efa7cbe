//! W3C trace context: what ties one event's log lines, spans and calls together, from ingest to the bus.
//!
//! Ids are random and are arguments here: this module makes none itself.

use std::fmt;

/// A place in a trace: which trace, and which span of it is the parent of what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    sampled: bool,
}

impl TraceContext {
    /// A new trace of these ids, neither of them zero.
    pub fn new(trace_id: u128, span_id: u64, sampled: bool) -> Self {
        Self { trace_id: trace_id.max(1), span_id: span_id.max(1), sampled }
    }

    /// Reads a `traceparent` by the W3C's Trace Context: lower-case hex, no id of zeros; of a later version only what
    /// the first one has.
    pub fn parse(traceparent: &str) -> Option<Self> {
        let (version, rest) = traceparent.split_at_checked(2)?;
        let (ids, later) = rest.split_at_checked(53)?;
        let is_whole = if version == "00" { later.is_empty() } else { later.is_empty() || later.starts_with('-') };
        let mut parts = ids.strip_prefix('-')?.split('-');
        let (trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?);
        let has_lengths = (trace_id.len(), span_id.len(), flags.len(), parts.next()) == (32, 16, 2, None);
        let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !is_whole || !has_lengths || version == "ff" || ![version, trace_id, span_id, flags].into_iter().all(is_hex)
        {
            return None;
        }
        let trace_id = u128::from_str_radix(trace_id, 16).ok().filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(span_id, 16).ok().filter(|id| *id != 0)?;
        Some(Self { trace_id, span_id, sampled: u8::from_str_radix(flags, 16).ok()? & 1 == 1 })
    }

    /// Reads X-Ray's header (`Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled=1`), as Lambda gives it to each
    /// invocation; `None` if it names no trace or no parent.
    pub fn from_xray(header: &str) -> Option<Self> {
        let field = |name: &str| header.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let (time, random) = field("Root")?.strip_prefix("1-")?.split_once('-')?;
        let sampled = u8::from(field("Sampled") == Some("1"));
        Self::parse(&format!("00-{time}{random}-{}-0{sampled}", field("Parent")?).to_ascii_lowercase())
    }

    /// The same trace, from a span of it on.
    #[must_use]
    pub fn child(self, span_id: u64) -> Self {
        Self { span_id: span_id.max(1), ..self }
    }

    /// The same place, said to be recorded if it was or `also` says so.
    #[must_use]
    pub fn sampled_if(self, also: bool) -> Self {
        Self { sampled: self.sampled || also, ..self }
    }

    /// Whether it is recorded.
    pub fn is_sampled(self) -> bool {
        self.sampled
    }

    /// The trace: 32 hex digits.
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace_id)
    }

    /// The span: 16 hex digits.
    pub fn span_id(self) -> String {
        format!("{:016x}", self.span_id)
    }

    /// As X-Ray's header.
    pub fn xray(self) -> String {
        let id = self.trace_id();
        let (time, random) = id.split_at(8);
        format!("Root=1-{time}-{random};Parent={};Sampled={}", self.span_id(), u8::from(self.sampled))
    }
}

impl fmt::Display for TraceContext {
    /// As `traceparent`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_and_written() {
        let context = TraceContext::parse(PARENT).unwrap();
        assert_eq!(context.to_string(), PARENT);
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!((context.span_id().as_str(), context.is_sampled()), ("00f067aa0ba902b7", true));
        let later = TraceContext::parse("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more").unwrap();
        assert_eq!(later, context, "a later version: what the first one has of it");
    }

    #[test]
    fn invalid_traceparent_is_none() {
        for text in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "é0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_child_stays_in_the_trace_and_recording_is_never_taken_back() {
        let parent = TraceContext::parse(PARENT).unwrap();
        assert_eq!(parent.child(7).to_string(), "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000007-01");
        assert!(parent.sampled_if(false).is_sampled());
        assert_eq!(TraceContext::new(0, 0, false).to_string(), TraceContext::new(1, 1, false).to_string());
    }

    #[test]
    fn an_x_ray_header_is_the_same_trace() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let context = TraceContext::from_xray(header).unwrap();
        assert_eq!(context.to_string(), "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01");
        assert_eq!(context.xray(), header);
        for text in ["", "Root=1-5759e988-bd862e3fe1be46a994272793", "Root=1-x-y;Parent=z", "Parent=53995c3f42cd8ad8"] {
            assert_eq!(TraceContext::from_xray(text), None, "{text}");
        }
    }
}
