//! One line of a log.

use jiff::Timestamp;
use resilience::UnixMillis;
use serde::Deserialize;
use serde_json::Value;
use shopify_client::call_log;

/// What a line says.
#[derive(Debug, PartialEq)]
pub enum Line {
    /// An attempt to call Shopify.
    Call(Call),
    /// It should be one, and can't be read.
    Malformed,
    /// It tells of something else.
    Other,
}

/// An attempt, as [`call_log::Record`] writes it.
#[derive(Debug, PartialEq, Deserialize)]
pub struct Call {
    /// When it ended.
    #[serde(skip, default = "unknown")]
    pub at: UnixMillis,
    /// The shop's domain.
    pub shop: String,
    /// The name of the GraphQL operation.
    pub operation: String,
    /// The app.
    pub app: String,
    /// Equal for calls that ask the same of the same shop.
    pub same: String,
    /// One for the first attempt.
    pub attempt: u32,
    /// How long it took.
    pub took_ms: u64,
    /// The HTTP status.
    pub status: u16,
    /// In points.
    pub cost: Option<u32>,
    /// What went wrong, if something did.
    pub failure: Option<String>,
    /// `foreground`, or `background` for work that nobody waits for.
    pub priority: Option<String>,
}

fn unknown() -> UnixMillis {
    UnixMillis(0)
}

/// The message of the lines. By it CloudWatch finds them too: the functions log no targets.
pub(super) const MESSAGE: &str = "Called Shopify";

impl Call {
    /// Whether its words have no control characters: a file may come from anybody, and a terminal obeys them.
    fn is_printable(&self) -> bool {
        let words = [self.shop.as_str(), self.operation.as_str(), self.failure.as_deref().unwrap_or_default()];
        !words.into_iter().any(|word| word.contains(char::is_control))
    }

    /// Whether it is background work, such as the monitor's: that asks again on purpose, to see what changed.
    #[must_use]
    pub fn is_polling(&self) -> bool {
        self.priority.as_deref() == Some("background")
    }

    /// Whether Shopify refused it for its limits.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.status == 429 || self.failure.as_deref() == Some("throttled")
    }
}

impl Line {
    /// Reads a line. What stands before its JSON (a time, a log stream) is passed over, and so is what some collectors
    /// of logs wrap around it. `at` is when the log says that it came; else the line must say it.
    #[must_use]
    pub fn read(line: &[u8], at: Option<UnixMillis>) -> Self {
        // Most lines of a log are others: parsing them all would take most of the time.
        let text = String::from_utf8_lossy(line);
        if !text.contains(MESSAGE) && !text.contains(call_log::TARGET) {
            return Self::Other;
        }
        // With neither JSON nor that message, it is somebody's prose.
        let Some(json) = text.find('{').map(|start| &text[start..]) else { return Self::Other };
        let Ok(mut value) = serde_json::from_str::<Value>(json) else { return Self::Malformed };
        let mut at = said_at(&value).or(at);
        if let Some(wrapped) = value["message"].as_str().filter(|message| message.starts_with('{')) {
            let Ok(inner) = serde_json::from_str(wrapped) else { return Self::Malformed };
            value = inner;
            at = said_at(&value).or(at);
        }
        // The fields stand at the top, or under `fields` where the subscriber does not flatten them.
        let fields = value.get("fields").unwrap_or(&value);
        let is_call = fields["message"] == MESSAGE || value["target"] == call_log::TARGET;
        if !is_call {
            return Self::Other;
        }
        match (Call::deserialize(fields), at) {
            (Ok(call), Some(at)) if call.is_printable() => Self::Call(Call { at, ..call }),
            _ => Self::Malformed,
        }
    }
}

/// When the line says that it was written.
fn said_at(value: &Value) -> Option<UnixMillis> {
    let at: Timestamp = value["timestamp"].as_str()?.parse().ok()?;
    Some(UnixMillis(at.as_millisecond()))
}

#[cfg(test)]
pub(super) mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
        time::Duration,
    };

    use shopify_client::budget::Priority;

    use super::*;

    pub(in super::super) const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

    const WITHOUT_TIME: &str = r#"{"message":"Called Shopify","app":"a","shop":"s","operation":"o","same":"1","attempt":1,"took_ms":5,"status":200}"#;

    /// A call that succeeded.
    pub(in super::super) fn call(at: UnixMillis, operation: &str, shop: &str, same: &str) -> Call {
        Call {
            at,
            shop: format!("{shop}.myshopify.com"),
            operation: operation.into(),
            app: "default".into(),
            same: same.into(),
            attempt: 1,
            took_ms: 100,
            status: 200,
            cost: Some(3),
            failure: None,
            priority: Some("foreground".into()),
        }
    }

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What the client logs, in the form that a subscriber gives it.
    fn logged(failure: Option<&'static str>, is_flat: bool) -> Vec<u8> {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let format = tracing_subscriber::fmt().json().flatten_event(is_flat).with_target(!is_flat);
        tracing::subscriber::with_default(format.with_writer(move || writer.clone()).finish(), || {
            let record = call_log::Record {
                app: "default",
                shop: "north.myshopify.com",
                operation: "ProductsByIds",
                same: "a1b2",
                attempt: 2,
                priority: Priority::Foreground,
                took: Duration::from_millis(120),
                status: 200,
                requested: Some(7),
                cost: failure.is_none().then_some(5),
                request_id: None,
                failure,
            };
            record.write();
        });
        buffer.0.lock().unwrap().clone()
    }

    #[test]
    fn call_lines_of_the_client_are_parsed() {
        // As the functions log, and as tracing does by default.
        for is_flat in [true, false] {
            let Line::Call(call) = Line::read(&logged(None, is_flat), None) else { panic!("flat: {is_flat}") };
            assert!(call.at.0 > 1_700_000_000_000);
            assert_eq!((call.operation.as_str(), call.same.as_str()), ("ProductsByIds", "a1b2"));
            assert!(!call.is_polling() && call.priority.is_some());
            assert_eq!((call.attempt, call.took_ms, call.cost, call.failure), (2, 120, Some(5), None));
            let Line::Call(call) = Line::read(&logged(Some("throttled"), is_flat), None) else { panic!() };
            assert!(call.is_throttled() && call.cost.is_none());
        }
    }

    #[test]
    fn a_line_that_was_wrapped_as_text_is_unwrapped() {
        let bare = logged(None, true);
        let wrapped =
            |text: &str| serde_json::json!({"timestamp": "2026-11-27T05:00:00.5Z", "message": text}).to_string();
        let line = wrapped(str::from_utf8(&bare).unwrap());
        assert_eq!(Line::read(line.as_bytes(), None), Line::read(&bare, None));
        let line = wrapped(WITHOUT_TIME);
        let Line::Call(call) = Line::read(line.as_bytes(), None) else { panic!() };
        assert_eq!(call.at, NOW + Duration::from_millis(500));
        assert_eq!(Line::read(wrapped(r#"{"message":"Called Shopify","sh"#).as_bytes(), None), Line::Malformed);
    }

    #[test]
    fn control_characters_in_a_log_line_are_not_shown() {
        let line = WITHOUT_TIME.replace(r#""o""#, r#""\u001b[2J""#);
        assert!(line.contains("u001b"));
        assert_eq!(Line::read(line.as_bytes(), Some(NOW)), Line::Malformed);
    }

    #[test]
    fn prefix_of_a_json_line_is_skipped() {
        let line = [b"2026-11-27T05:00:00 2026/11/27/[$LATEST]abc ".as_slice(), &logged(None, true)].concat();
        assert!(matches!(Line::read(&line, None), Line::Call(_)));
    }

    #[test]
    fn other_lines_are_told_from_broken_ones() {
        for (line, expected) in [
            ("", Line::Other),
            ("START RequestId: 1", Line::Other),
            (r#"{"message":"Handled","shop":"north.myshopify.com"}"#, Line::Other),
            (r#"{"message":"Read","note":"it says Called Shopify"}"#, Line::Other),
            ("nobody Called Shopify", Line::Other),
            (r#"{"message":"Called Shopify","shop":"north"#, Line::Malformed),
            (r#"{"message":"Called Shopify","shop":"north.myshopify.com"}"#, Line::Malformed),
            (r#"{"message":"Called Shopify","fields":7}"#, Line::Other),
            ("{\u{fffd}Called Shopify", Line::Malformed),
        ] {
            assert_eq!(Line::read(line.as_bytes(), Some(NOW)), expected, "{line}");
        }
        assert_eq!(Line::read(b"\xff{\xffCalled Shopify", None), Line::Malformed);
    }

    #[test]
    fn a_line_without_a_time_takes_that_of_the_log() {
        let line = WITHOUT_TIME.as_bytes();
        assert_eq!(Line::read(line, None), Line::Malformed);
        let Line::Call(call) = Line::read(line, Some(NOW)) else { panic!() };
        assert_eq!((call.at, call.cost), (NOW, None));
    }
}
