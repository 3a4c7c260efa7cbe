//! Settings: read once, whole, with every problem reported at once.

use std::{fmt, str::FromStr};

/// What is wrong with one setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// Not set, or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// Set to something else than expected. The value is not shown.
    #[error("{name} can't be read: {reason}")]
    Malformed {
        /// The setting.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// Everything that is wrong with a function's settings.
#[derive(Clone, PartialEq, Eq)]
pub struct SettingsError(pub Vec<SettingError>);

impl fmt::Debug for SettingsError {
    /// As for people: it is what Rust prints when `main` returns it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the function's environment is not what template.yaml sets:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for SettingsError {}

/// Reads settings by name and collects what is wrong.
pub struct Reader<F> {
    lookup: F,
    problems: Vec<SettingError>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    /// A reader over an environment, or over whatever a test gives it.
    pub fn new(lookup: F) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// A text that must be there. An empty string stands in for one that is not: [`finish`](Self::finish)
    /// then gives no settings at all.
    pub fn text(&mut self, name: &'static str) -> String {
        let value = (self.lookup)(name).filter(|value| !value.is_empty());
        value.unwrap_or_else(|| {
            self.problems.push(SettingError::Missing(name));
            String::new()
        })
    }

    /// A value that must be there and be read by its type; `stand_in` until [`finish`](Self::finish) refuses.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str, stand_in: T) -> T {
        self.parsed_or_none(name).unwrap_or(stand_in)
    }

    /// A value that must be there and be read by its type; `None` where [`finish`](Self::finish) refuses.
    pub fn parsed_or_none<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|reason: T::Err| self.refuse(name, reason)).ok()
    }

    /// Refuses a setting for a reason that does not show its value.
    pub fn refuse(&mut self, name: &'static str, reason: impl fmt::Display) {
        self.problems.push(SettingError::Malformed { name, reason: reason.to_string() });
    }

    /// A text that may be missing or empty.
    pub fn optional(&mut self, name: &'static str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// A list, separated by commas, of which each entry passes `valid`; at least one.
    pub fn list(&mut self, name: &'static str, valid: fn(&str) -> bool, expected: &str) -> Vec<String> {
        let text = self.text(name);
        let entries: Vec<String> = text.split(',').map(|entry| entry.trim().to_owned()).collect();
        if !text.is_empty() && !entries.iter().all(|entry| valid(entry)) {
            self.refuse(name, format!("expected {expected}"));
        }
        entries
    }

    /// The settings, if nothing is wrong with any of them.
    pub fn finish<T>(self, settings: T) -> Result<T, SettingsError> {
        if self.problems.is_empty() { Ok(settings) } else { Err(SettingsError(self.problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_reported_at_once() {
        let mut reader = Reader::new(|name| match name {
            "COUNT" => Some("many".into()),
            "EMPTY" => Some(String::new()),
            "APPS" => Some("a, B!".into()),
            "FINE" => Some("fine".into()),
            _ => None,
        });
        assert_eq!(reader.text("FINE"), "fine");
        reader.text("EMPTY");
        reader.text("NONE");
        reader.parsed("COUNT", 0u32);
        reader.list("APPS", |entry| entry.bytes().all(|b| b.is_ascii_lowercase()), "names in lower case");
        let problems = reader.finish(()).unwrap_err();
        assert_eq!(problems.0.len(), 4);
        assert!(problems.to_string().contains("COUNT can't be read: invalid digit"), "{problems}");
    }
}
