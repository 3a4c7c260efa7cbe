//! Patterns for shops and apps.

use std::fmt;

/// A name in which `*` stands for any characters, none included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Reads a pattern; `None` if it could fit neither a domain nor an app's name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'*');
        (!text.is_empty() && text.len() <= 100 && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }

    /// Whether it fits the whole name.
    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        meet(self.0.as_bytes(), name.as_bytes())
    }

    /// Whether some name fits both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        meet(self.0.as_bytes(), other.0.as_bytes())
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether some text fits both. Row by row over the first's bytes, so that no pattern takes long.
fn meet(one: &[u8], other: &[u8]) -> bool {
    // `row[j]`: what was read of `one` and the first `j` bytes of `other` can be the same text.
    let mut row = vec![false; other.len() + 1];
    for i in 0..=one.len() {
        let mut above_left = false;
        for j in 0..=other.len() {
            let above = row[j];
            row[j] = match (i, j) {
                (0, 0) => true,
                (0, _) => row[j - 1] && other[j - 1] == b'*',
                (_, 0) => above && one[i - 1] == b'*',
                _ => match (one[i - 1], other[j - 1]) {
                    (b'*', _) | (_, b'*') => above || row[j - 1],
                    (a, b) => above_left && a == b,
                },
            };
            above_left = above;
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (text, name, fits) in [
            ("*", "north.myshopify.com", true),
            ("north.*", "north.myshopify.com", true),
            ("*-eu.myshopify.com", "north-eu.myshopify.com", true),
            ("*-eu.myshopify.com", "north-us.myshopify.com", false),
            ("north", "north.myshopify.com", false),
            ("n*h*com", "north.myshopify.com", true),
            ("**", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(pattern(text).fits(name), fits, "{text} {name}");
        }
    }

    #[test]
    fn two_patterns_meet_if_one_name_fits_both() {
        for (one, other, meets) in [
            ("*", "north", true),
            ("n*", "*h", true),
            ("n*", "s*", false),
            ("*-eu", "*-us", false),
            ("a*c", "ab*", true),
            ("a", "a", true),
        ] {
            assert_eq!(pattern(one).meets(&pattern(other)), meets, "{one} {other}");
            assert_eq!(pattern(other).meets(&pattern(one)), meets, "{other} {one}");
        }
    }

    #[test]
    fn pattern_that_matches_no_topic_is_refused() {
        for text in ["", "North", "a b", "a/b", "a?"] {
            assert_eq!(Pattern::parse(text), None, "{text}");
        }
    }
}
