//! `X-Shopify-Triggered-At`.

/// When the event happened, as Shopify says: the text it sent (nanoseconds in practice) and the instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggeredAt {
    text: String,
    instant: jiff::Timestamp,
}

impl TriggeredAt {
    /// Reads an RFC 3339 timestamp with an offset or `Z`; a year of four digits, at most nanoseconds. Offsets end at 25:59, as
    /// jiff's do, not at the RFC's 23:59: a clock that is set oddly is no reason to refuse a delivery.
    pub fn parse(text: &str) -> Option<Self> {
        // jiff reads more than RFC 3339 (spaces, annotations, missing seconds or minutes): the shape is held here.
        let rfc3339 = after_shape(text, "0000-00-00T00:00:00").is_some_and(|rest| {
            let offset = match rest.strip_prefix('.') {
                Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
                None => rest,
            };
            let digits = rest.len() - offset.len();
            matches!(digits, 0 | 2..=10)
                && (offset == "Z" || ["+00:00", "-00:00"].iter().any(|it| after_shape(offset, it) == Some("")))
        });
        let instant = rfc3339.then(|| text.parse().ok()).flatten()?;
        Some(Self { text: text.to_owned(), instant })
    }

    /// As Shopify wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The instant it names.
    pub fn instant(&self) -> jiff::Timestamp {
        self.instant
    }
}

/// What follows the shape that `text` begins with; a zero stands for any digit.
fn after_shape<'a>(text: &'a str, shape: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(shape.len())?;
    let fits = |(byte, want): (u8, u8)| if want == b'0' { byte.is_ascii_digit() } else { byte == want };
    head.bytes().zip(shape.bytes()).all(fits).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_nanoseconds_are_read() {
        let at = |text| TriggeredAt::parse(text).unwrap().instant();
        assert_eq!(at("2026-11-27T05:00:00Z"), at("2026-11-27T00:00:00-05:00"));
        assert_eq!(at("2026-11-28T01:00:00Z"), at("2026-11-27T00:00:00-25:00"));
        assert_eq!(at("2026-05-11T17:25:58.123456789Z").subsec_nanosecond(), 123_456_789);
    }

    #[test]
    fn timestamp_that_is_not_rfc_3339_is_refused() {
        for text in [
            "",
            "now",
            "2026-11-27",
            "2026-11-27 05:00:00Z",
            "2026-11-27T05:00:00",
            "2026-11-27T05:00Z",
            "2026-13-27T05:00:00Z",
            "2026-11-27T25:00:00Z",
            "20261127T050000Z",
            "1764219600",
            "2026-11-27T05:00:00Z[UTC]",
            "2026-11-27T05:00:00.1234567891Z",
            "+002026-11-27T05:00:00Z",
            "2026-11-27T05:00:00.Z",
            "2026-11-27T05:00:00+05",
            "2026-11-27T05:00:00+0500",
            "2026-11-27T05:00:00+26:00",
            "2026-11-27T05:00:00+05:00:00",
            "2026-11-27T05:00:00z",
            "2026-11-27T05:00:00Zé",
        ] {
            assert_eq!(TriggeredAt::parse(text), None, "{text:?}");
        }
    }
}
