//! docs/operations/runbook.md and the guides, as tests read them.

use std::path::Path;

/// What commands that are not there yet begin with; empty, once they all are.
pub const NOT_YET: &[&str] = &[];

/// The sections of a document.
pub struct Document(Vec<Section>);

/// From one heading to the next.
pub struct Section {
    /// As links name it.
    pub anchor: String,
    /// All of it.
    pub text: String,
}

impl Document {
    /// docs/operations/runbook.md.
    ///
    /// # Panics
    /// If it is not there.
    pub fn runbook() -> Self {
        Self::read("operations/runbook.md")
    }

    /// The document of this path in `docs`.
    ///
    /// # Panics
    /// If it is not there.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn read(path: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(path);
        let text = std::fs::read_to_string(path).expect("the document can be read");
        let mut sections = Vec::new();
        // What stands before the first heading is a section without an anchor.
        for (index, section) in text.split("\n## ").enumerate() {
            let (heading, text) = section.split_once('\n').expect("a section has text");
            let anchor = if index == 0 { String::new() } else { heading.to_lowercase().replace(' ', "-") };
            sections.push(Section { anchor, text: text.to_owned() });
        }
        Self(sections)
    }

    /// Those with a heading.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        self.0.iter().filter(|section| !section.anchor.is_empty())
    }

    /// All of it, the beginning too.
    pub fn parts(&self) -> &[Section] {
        &self.0
    }
}

impl Section {
    /// The lines of its blocks of `sh`.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        self.blocks("sh").flat_map(str::lines)
    }

    /// Its blocks of code in this language.
    pub fn blocks(&self, language: &str) -> impl Iterator<Item = &str> {
        let begin = format!("```{language}\n");
        let parts: Vec<&str> = self.text.split(begin.as_str()).skip(1).collect();
        parts.into_iter().filter_map(|rest| rest.split("```").next())
    }
}

/// A command's words, as a shell splits them; of its quoting, only quotes.
pub fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in command.chars() {
        match (quote, c) {
            (Some(mark), _) if c == mark => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        assert_eq!(
            words(r#"weir  dlq list --error "a b" 'c"d' """#),
            ["weir", "dlq", "list", "--error", "a b", "c\"d", ""]
        );
    }
}
