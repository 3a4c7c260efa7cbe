//! Which lines a change takes out and puts in.

use serde::Serialize;

/// The difference between two documents: lines that go and lines that come, without the commas between entries.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Diff {
    /// Lines that go.
    pub removed: Vec<String>,
    /// Lines that come.
    pub added: Vec<String>,
}

impl Diff {
    /// Compares two documents, of which each entry is a line.
    #[must_use]
    pub fn between(before: &str, after: &str) -> Self {
        let (before, after) = (entries(before), entries(after));
        let missing = |from: &[String], of: &[String]| {
            of.iter().filter(|line| !from.contains(line)).map(ToOwned::to_owned).collect()
        };
        Self { removed: missing(&after, &before), added: missing(&before, &after) }
    }

    /// Whether both are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}

fn entries(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(' '));
    lines.map(|line| line.strip_suffix(',').unwrap_or(line).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use weir_core::controls::Controls;

    use super::*;

    #[test]
    fn a_changed_entry_goes_and_comes_and_the_others_stay_out() {
        let text = |text: &str| Controls::parse(text).unwrap().to_text();
        let before = text(r#"{"off":[{"lane":"bulk"}],"limits":[{"destination":"erp","per_second":5}]}"#);
        let after =
            text(r#"{"off":[{"lane":"bulk"},{"lane":"urgent"}],"limits":[{"destination":"erp","per_second":6}]}"#);
        let diff = Diff::between(&before, &after);
        assert_eq!(diff.removed, [r#"{"destination":"erp","per_second":5}"#]);
        assert_eq!(diff.added, [r#"{"lane":"urgent"}"#, r#"{"destination":"erp","per_second":6}"#]);
        assert!(Diff::between(&before, &before).is_empty());
        assert_eq!(Diff::between(&before, "{}").removed.len(), 2);
    }
}
