//! What kind of operation a document holds.

/// Whether repeating an operation may do harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// It reads.
    Query,
    /// It writes, and Shopify tells a repeat by its `@idempotent` key.
    IdempotentMutation,
    /// It writes, each time that it is sent.
    Mutation,
}

impl OperationKind {
    /// The kind of a document's first operation: the most harmful kind that its words allow, so that a comment or a
    /// string can't make a mutation look like a query.
    pub fn of(document: &str) -> Self {
        let words = words(document);
        let mutates = words.contains(&"mutation");
        match (mutates, words.contains(&"@idempotent")) {
            (false, _) => Self::Query,
            (true, true) => Self::IdempotentMutation,
            (true, false) => Self::Mutation,
        }
    }
}

/// Names and directives, without strings and comments.
fn words(document: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = document;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' if rest.starts_with("\"\"\"") => rest[3..].find("\"\"\"").map_or(rest.len(), |end| end + 6),
            '"' => string_end(rest),
            '@' | '_' | 'a'..='z' | 'A'..='Z' => {
                let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
                let end = rest[1..].find(|c| !is_name(c)).map_or(rest.len(), |end| end + 1);
                words.push(&rest[..end]);
                end
            }
            other => other.len_utf8(),
        };
        rest = &rest[end..];
    }
    words
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str, expected: OperationKind) {
        assert_eq!(OperationKind::of(document), expected, "{document}");
    }

    #[test]
    fn a_mutation_is_told_whatever_stands_around_it() {
        check("query Shop { shop { id } }", OperationKind::Query);
        check("{ shop { id } }", OperationKind::Query);
        check("mutation A { tagsAdd(id: 1) { node { id } } }", OperationKind::Mutation);
        check("# a query\nfragment F on Shop { id }\nmutation{x}", OperationKind::Mutation);
        check("mutation A($k: String!) { b @idempotent(key: $k) { id } }", OperationKind::IdempotentMutation);
    }

    #[test]
    fn words_in_strings_and_comments_make_nothing_idempotent() {
        check("mutation A { b(note: \"@idempotent \\\" @idempotent\") { id } }", OperationKind::Mutation);
        check("mutation A { b { id } } # @idempotent", OperationKind::Mutation);
        check("mutation A { b(n: \"\"\"@idempotent\"\"\") { id } }", OperationKind::Mutation);
        check("query A { b(q: \"mutation\") { mutations } }", OperationKind::Query);
    }

    #[test]
    fn unfinished_text_ends() {
        for text in ["\"", "\"\"\"", "#", "@", "\"\\", "\u{e9}\"\u{e9}"] {
            check(text, OperationKind::Query);
        }
    }
}
