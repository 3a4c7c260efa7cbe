//! Shopify's words, without what they quote: the caller's values, which may be a customer's.

use std::borrow::Cow;

/// The longest message that is shown, in bytes.
const LONGEST: usize = 300;

/// Replaces what is quoted, what looks like an address, and what would steer a terminal.
pub(super) fn redact(message: &str) -> String {
    let mut clean = String::with_capacity(message.len().min(LONGEST));
    let mut until = None;
    let (mut before, mut is_escaped) = (' ', false);
    let mut chars = message.chars().peekable();
    while let Some(c) = chars.next() {
        let is_in_word = chars.peek().is_some_and(|next| next.is_alphanumeric());
        match until {
            // A quotation mark within the value is escaped, or stands within a word, as an apostrophe does.
            Some(quote) if c == quote && !is_escaped && !is_in_word => {
                until = None;
                clean.push(c);
            }
            Some(_) => is_escaped = c == '\\' && !is_escaped,
            // An apostrophe within a word quotes nothing.
            None if matches!(c, '"' | '`') || (c == '\'' && !before.is_alphanumeric()) => {
                (until, is_escaped) = (Some(c), false);
                clean.push(c);
                clean.push('…');
            }
            None => clean.push(c),
        }
        before = c;
        if clean.len() >= LONGEST {
            clean.push('…');
            break;
        }
    }
    let words = clean.split_inclusive(char::is_whitespace);
    let words =
        words.map(|word| if (word.contains('@') && !is_directive(word)) || is_token(word) { "… " } else { word });
    plain(&words.collect::<String>()).into_owned()
}

/// `@idempotent`, perhaps with a comma behind it.
fn is_directive(word: &str) -> bool {
    word.starts_with('@') && !word[1..].contains('@')
}

/// Shopify's tokens and secrets begin so: `shpat_`, `shpca_`, `shprt_`, `shpss_`, `shpua_`.
fn is_token(word: &str) -> bool {
    word.match_indices("shp").any(|(at, _)| word.as_bytes().get(at + 5) == Some(&b'_'))
}

/// A code, or a part of a path: a name or a number, as GraphQL has them. Anything else may be a value.
pub(super) fn name(text: &str) -> &str {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '$');
    if text.len() <= 60 && text.chars().all(is_name) && !is_token(text) { text } else { "…" }
}

/// A text that may go to a terminal, which obeys control characters.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { text.replace(char::is_control, " ").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_values_are_redacted_from_errors() {
        for (message, shown) in [
            (
                "Variable $email was provided invalid value \"ann@example.com\"",
                "Variable $email was provided invalid value \"…\"",
            ),
            ("Email ann@example.com is taken", "Email … is taken"),
            ("Email @ann@example.com is taken", "Email … is taken"),
            ("This shop's plan does not have access", "This shop's plan does not have access"),
            ("The @idempotent directive is required", "The @idempotent directive is required"),
            ("Invalid id 'gid://shopify/Customer/1'", "Invalid id '…'"),
            ("Token shpat_0123 is invalid", "Token … is invalid"),
        ] {
            assert_eq!(redact(message), shown);
        }
    }

    #[test]
    fn a_path_of_anything_but_names_is_not_repeated() {
        for text in ["input", "quantities", "0", "THROTTLED", "$email", "metafields.0"] {
            assert_eq!(name(text), text);
        }
        for text in ["ann@example.com", "Ann Smith", "+49 30 1", "shpat_0123", "\u{1b}[2J", &"x".repeat(61)] {
            assert_eq!(name(text), "…", "{text}");
        }
    }

    #[test]
    fn a_quotation_mark_within_a_value_does_not_end_it() {
        for message in
            [r#"Title "5\" by Ann" is taken"#, r#"Title "Ann\\\" Lee" is taken"#, r#"Title "6"x4 Ann" is taken"#]
        {
            assert_eq!(redact(message), r#"Title "…" is taken"#, "{message}");
        }
        assert_eq!(redact("Title 'Ann's lamp' is taken"), "Title '…' is taken");
        assert_eq!(redact(r#"Path "c:\\" and "Ann""#), r#"Path "…" and "…""#);
    }

    #[test]
    fn a_message_steers_no_terminal() {
        assert_eq!(redact("Taken\u{1b}[2J\nnow"), "Taken [2J now");
    }
}
