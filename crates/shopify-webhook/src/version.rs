//! Versions of the Admin API.

use crate::text::text_type;

text_type! {
    /// The version that serialized a payload: `2026-10` or `unstable`.
    ApiVersion
}

impl ApiVersion {
    /// A year of four digits and a month of two, or `unstable`.
    pub fn parse(text: &str) -> Option<Self> {
        let dated = || {
            let (year, month) = text.split_once('-')?;
            let digits = |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
            (digits(year, 4) && digits(month, 2) && ("01"..="12").contains(&month)).then_some(())
        };
        (text == "unstable" || dated().is_some()).then(|| Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_a_month_or_unstable() {
        for text in ["2026-10", "2026-01", "unstable"] {
            assert_eq!(ApiVersion::parse(text).unwrap(), text);
        }
        for text in ["", "2026", "2026-13", "2026-00", "26-10", "2026-1", "2026-10-01", "Unstable", "2026-1é"] {
            assert_eq!(ApiVersion::parse(text), None, "{text:?}");
        }
    }
}
