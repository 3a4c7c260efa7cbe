//! Text from outside, made fit for a terminal.
//!
//! Shops, topics, errors and bodies were written by strangers. A terminal acts on control characters (it moves the cursor,
//! sets its title, fills the clipboard), and reorders or hides text after format characters. The [printer](crate::printer)
//! shows each of them as an escape, such as `\u{202e}`, in whatever a command prints. A view calls [`line`] for each
//! string that it puts into a line, so that a line break in it can't pass for a line of the view.

use std::borrow::Cow;

use weir_ops::names::escaped_unless;
pub(crate) use weir_ops::names::{escaped as line, is_hidden, unescaped};

/// Lines: line breaks stay.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    escaped_unless(text, |c| c == '\n' || !is_hidden(c))
}

/// A body on a terminal: line breaks and tabs stay; bytes that are not UTF-8 become `\xff`.
pub(crate) fn body(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&escaped_unless(chunk.valid(), |c| matches!(c, '\n' | '\t') || !is_hidden(c)));
        out.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    out
}

/// A JSON document: hidden characters can only stand in its strings, where `\uXXXX` means the same.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push(c),
            c if is_hidden(c) => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out += &format!("\\u{unit:04x}")),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind: C0, DEL, C1, bidirectional, zero width, a mark of byte order, separators, a tag, a filler.
    const HIDDEN: &str = "\0\u{7}\u{8}\t\n\r\u{1b}\u{7f}\u{80}\u{9b}\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\
                          \u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{3164}\u{fe0f}\u{feff}\u{fff9}\u{e0001}\u{e007f}";

    #[test]
    fn hidden_character_in_a_line_is_escaped_visibly() {
        for c in HIDDEN.chars() {
            assert!(is_hidden(c), "{c:?}");
            let shown = line(&format!("a{c}b")).into_owned();
            assert!(shown.starts_with("a\\") && shown.ends_with('b') && !shown.contains(is_hidden), "{shown:?}");
        }
        assert_eq!(line("\u{1b}]0;x\u{7}"), "\\u{1b}]0;x\\u{7}");
        assert_eq!(line("zażółć 東京 🙂 ▸ é"), "zażółć 東京 🙂 ▸ é");
    }

    #[test]
    fn line_break_stays_between_lines_and_not_within_one() {
        assert_eq!((lines("a\nb\r"), line("a\nb\r")), ("a\nb\\r".into(), "a\\nb\\r".into()));
    }

    #[test]
    fn body_on_a_terminal_shows_every_byte_that_is_hidden() {
        assert_eq!(body(b"{\n\t\"a\": \"\x1b[2J\xff\"}"), "{\n\t\"a\": \"\\u{1b}[2J\\xff\"}");
    }

    #[test]
    fn json_means_the_same_without_hidden_characters() {
        let value = serde_json::json!({ "a": HIDDEN, HIDDEN: [1, "\u{202e}\u{e0041}"] });
        let text = serde_json::to_string(&value).unwrap();
        let shown = json(&text);
        assert!(!shown.contains(is_hidden), "{shown:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        assert!(shown.contains(r"\u202e\udb40\udc41"), "{shown}");
    }
}
