//! YAML by its indentation: the entries of a mapping and the items of a list, each with the lines that belong to it.
//!
//! Sources stay text from the first step to the last, so comments and CloudFormation's tags come out as they went in.

use super::error::{Line, Result};

/// One entry or item: a head, and the lines below it that are indented further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// The comments directly above the head.
    pub(super) comments: Vec<Line>,
    pub(super) head: Line,
    pub(super) body: Vec<Line>,
}

impl Block {
    /// The key, if the head is the entry of a mapping.
    pub(super) fn key(&self) -> Option<&str> {
        key(self.head.content())
    }

    /// What follows the key on its line, without a comment behind it.
    pub(super) fn value(&self) -> &str {
        let rest = self.key().map_or("", |key| &self.head.content()[key.len() + 1..]);
        rest.split_once(" #").map_or(rest, |(value, _)| value).trim()
    }

    /// Whether the head is an item of a list.
    pub(super) fn is_item(&self) -> bool {
        self.head.content().starts_with("- ")
    }

    /// Whether the body is a text, in which nothing is an entry or an item.
    pub(super) fn is_text(&self) -> bool {
        [">-", ">", "|", "|-"]
            .iter()
            .any(|mark| self.value().ends_with(mark) || self.head.content().ends_with(&format!("- {mark}")))
    }

    /// The value, which may go on below its key's line, without the quotation marks around it.
    pub(super) fn text(&self) -> String {
        let mut text = self.value().to_owned();
        for line in &self.body {
            text = format!("{text} {}", line.content());
        }
        unquoted(text.trim()).replace("\\\"", "\"")
    }

    /// The entries or items of the body.
    pub(super) fn children(&self) -> Vec<Self> {
        blocks(&self.body)
    }

    /// The key, of what has to be an entry.
    pub(super) fn entry(&self) -> Result<&str> {
        self.key().ok_or_else(|| self.head.error("an entry of the form `Key: value` is expected here"))
    }
}

/// Cuts lines of one level into blocks. Comments and empty lines above a head are its own.
pub(super) fn blocks(lines: &[Line]) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut waiting = Vec::new();
    let Some(level) = lines.iter().find(|line| !line.is_comment()).map(Line::indent) else { return found };
    for line in lines {
        let belongs = line.indent() > level && !line.content().is_empty();
        match found.last_mut() {
            Some(block) if belongs => {
                block.body.append(&mut waiting);
                block.body.push(line.clone());
            }
            _ if line.content().is_empty() => {}
            _ if line.is_comment() => waiting.push(line.clone()),
            _ => found.push(Block { comments: std::mem::take(&mut waiting), head: line.clone(), body: Vec::new() }),
        }
    }
    found
}

/// The key of an entry: it ends with a colon that a space or the line's end follows.
pub(super) fn key(content: &str) -> Option<&str> {
    if content.starts_with(['\'', '{', '[', '#', '!', '&', '|', '>']) || content.starts_with("- ") {
        return None;
    }
    // What is quoted may hold colons of its own.
    let quoted = content.strip_prefix('"').map(|rest| rest.find('"').map_or(content.len(), |end| end + 2));
    let after = quoted.unwrap_or(0);
    let rest = &content[after..];
    let ends =
        rest.find(": ").or_else(|| rest.strip_suffix(':').map(str::len)).filter(|end| quoted.is_none() || *end == 0)?;
    Some(&content[..after + ends])
}

/// Without the quotation marks around it.
pub(super) fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}
