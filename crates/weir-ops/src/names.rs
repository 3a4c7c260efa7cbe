//! Names that strangers chose, in a form that can be shown and typed.
//!
//! Shops, topics and ids come from envelopes that anybody may have written. A terminal acts on control characters in
//! them, and reorders or hides text after format characters. Every front end shows such a character as an escape, such as
//! `\u{202e}`, and takes the name back in that form.

use std::borrow::Cow;

/// Whether a terminal acts on this character, or shows nothing for it: control characters (C0, DEL, C1), format
/// characters, what Unicode says to ignore by default, and the separators of lines and paragraphs.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
            | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The text with an escape in place of each hidden character, line breaks too.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    escaped_unless(text, |c| !is_hidden(c))
}

/// The text with an escape in place of each character that does not stay.
#[must_use]
pub fn escaped_unless(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(&stays) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if stays(c) { out.push(c) } else { out.extend(c.escape_default()) }
    }
    Cow::Owned(out)
}

/// Whether an operator typed `name`: as it is, or [`escaped`], because a name is copied from what was shown.
#[must_use]
pub fn is_named(name: &str, typed: &str) -> bool {
    name == typed || (typed.contains('\\') && escaped(name) == typed)
}

/// The text of which [`escaped`] makes this.
#[must_use]
pub fn unescaped(shown: &str) -> String {
    let mut out = String::with_capacity(shown.len());
    let mut rest = shown;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (c, after) = match escape(after) {
            Some((c, length)) => (c, &after[length..]),
            None => ('\\', after),
        };
        out.push(c);
        rest = after;
    }
    out + rest
}

/// The character of an escape whose backslash was read, and how long the rest of the escape is.
fn escape(after: &str) -> Option<(char, usize)> {
    match after.chars().next()? {
        'n' => Some(('\n', 1)),
        'r' => Some(('\r', 1)),
        't' => Some(('\t', 1)),
        'u' => {
            let (digits, _) = after.strip_prefix("u{")?.split_once('}')?;
            let c = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).filter(|c| is_hidden(*c))?;
            Some((c, digits.len() + 3))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind: C0, DEL, C1, bidirectional, zero width, a mark of byte order, separators, a tag, a filler.
    const HIDDEN: &str = "\0\u{7}\u{8}\t\n\r\u{1b}\u{7f}\u{80}\u{9b}\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\
                          \u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{3164}\u{fe0f}\u{feff}\u{fff9}\u{e0001}\u{e007f}";

    #[test]
    fn hidden_character_is_escaped_visibly() {
        for c in HIDDEN.chars() {
            assert!(is_hidden(c), "{c:?}");
            let shown = escaped(&format!("a{c}b")).into_owned();
            assert!(shown.starts_with("a\\") && shown.ends_with('b') && !shown.contains(is_hidden), "{shown:?}");
        }
        assert_eq!(escaped("\u{1b}]0;x\u{7}"), "\\u{1b}]0;x\\u{7}");
        assert_eq!(escaped("zażółć 東京 🙂 ▸ é"), "zażółć 東京 🙂 ▸ é");
    }

    #[test]
    fn name_that_was_printed_is_understood_again() {
        for name in ["north.myshopify.com#7", "no\u{202e}rth#\u{1b}7\n", "a\\b", HIDDEN] {
            assert_eq!(unescaped(&escaped(name)), name);
            assert!(is_named(name, &escaped(name)) && is_named(name, name));
        }
        assert!(!is_named("a\u{202e}", "a"));
        for text in ["\\", "\\u{", "\\u{zz}", "\\u{110000}", "\\u{61}", "a\\q"] {
            assert_eq!(unescaped(text), text);
        }
    }
}
