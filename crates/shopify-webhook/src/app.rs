//! Apps: whose webhooks a delivery is of.

use crate::text::text_type;

text_type! {
    /// The name of an app, as in `/webhooks/{app}`.
    AppName
}

/// The app of `/webhooks`.
const DEFAULT: &str = "default";

impl AppName {
    /// Reads a name: 1 to 63 lower-case letters, digits and hyphens, the first of them no hyphen. This is what template.yaml's
    /// parameter `Apps` takes; secrets, keys and paths are made of it.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let is_name = (1..=63).contains(&text.len())
            && text.bytes().next().is_some_and(lower)
            && text.bytes().all(|b| lower(b) || b == b'-');
        is_name.then(|| Self(text.to_owned()))
    }
}

impl Default for AppName {
    /// The app of `/webhooks`.
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_an_app_fits_into_a_path_and_a_key() {
        for (name, is_one) in
            [("default", true), ("a-1", true), ("", false), ("-a", false), ("A", false), ("a#b", false)]
        {
            assert_eq!(AppName::parse(name).is_some(), is_one, "{name:?}");
        }
        assert_eq!(AppName::parse(&"a".repeat(64)), None);
        assert_eq!(AppName::parse(DEFAULT), Some(AppName::default()));
    }
}
