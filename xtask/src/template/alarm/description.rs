//! An alarm's description: what it means, "First:" a command, "Runbook:" a section. The notifier takes it apart again.

use crate::template::{
    block::Block,
    error::{Line, Result},
};

/// The longest line of a description.
const LINE: usize = 120;

/// From the fields `Text` and `First`.
pub(super) fn lines(text: &Block, first: &Block) -> Result<Vec<Line>> {
    let next = first.text();
    let Some((command, section)) = next.rsplit_once(", then ") else {
        return Err(first
            .head
            .error("`COMMAND, then SECTION` is expected here: a section of docs/operations/runbook.md"));
    };
    let whole = format!("{} First: {command} Runbook: docs/operations/runbook.md#{section}", text.text());
    let mut out = vec![text.head.with("      AlarmDescription: !Sub >-")];
    out.extend(folded(&whole).iter().map(|line| text.head.with(format!("        {line}"))));
    Ok(out)
}

/// In lines that are no longer than those of the sources. YAML joins them again.
fn folded(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= LINE => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
