//! What went wrong, in one line.

use std::error::Error;

/// The error and its sources, joined by colons. The SDK's own rendering adds the whole reply to it, which is
/// too long for a ledger or a log line.
pub fn reason(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        // Wrappers repeat what they wrap.
        if !parts.last().is_some_and(|last| last.contains(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Wrapper(&'static str, #[source] Option<Box<Wrapper>>);

    #[test]
    fn sources_are_told_once() {
        let inner = Wrapper("refused", None);
        let middle = Wrapper("connect: refused", Some(Box::new(inner)));
        assert_eq!(reason(&Wrapper("dispatch failure", Some(Box::new(middle)))), "dispatch failure: connect: refused");
    }
}
