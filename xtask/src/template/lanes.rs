//! The table of lanes, and what is repeated for each of them.
//!
//! One rule: an entry whose key names a lane (`<Lane>Queue:`), and an item of a list whose first line does
//! (`- !Ref <Lane>Queue`), is repeated for every lane, with all that is indented below it.

use super::{
    block::{Block, blocks, unquoted},
    error::{Line, Place, Result},
};

/// A lane, and its columns of the table.
#[derive(Debug)]
struct Lane {
    name: String,
    place: Place,
    columns: Vec<(String, String)>,
}

/// The section `Lanes` of the sources.
#[derive(Debug, Default)]
pub(super) struct Lanes(Vec<Lane>);

impl Lanes {
    /// Reads the section's body: a row a lane.
    pub(super) fn read(section: &[Line]) -> Result<Self> {
        let mut lanes: Vec<Lane> = Vec::new();
        for row in blocks(section) {
            let name = row.entry()?.to_owned();
            if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(|c| c.is_ascii_lowercase()) {
                return Err(row.head.error(format!("{name:?} is no name of a lane: lower-case letters are")));
            }
            if let Some(before) = lanes.iter().find(|lane| lane.name == name) {
                return Err(row.head.error(format!("lane {name} is defined at {} already", before.place)));
            }
            let Some(columns) = columns(&row.text()) else {
                return Err(row.head.error("a row of the form `name: { column: value, … }` is expected here"));
            };
            lanes.push(Lane { name, place: row.head.place.clone(), columns });
        }
        Ok(Self(lanes))
    }

    /// Repeats for every lane what names one.
    pub(super) fn expand(&self, lines: &[Line]) -> Result<Vec<Line>> {
        let mut out = Vec::new();
        for block in blocks(lines) {
            self.expand_block(&block, &mut out)?;
        }
        Ok(out)
    }

    fn expand_block(&self, block: &Block, out: &mut Vec<Line>) -> Result<()> {
        out.extend(block.comments.iter().cloned());
        let names_lane = if block.is_item() { block.head.content() } else { block.key().unwrap_or_default() };
        if !placeholders(names_lane).is_empty() {
            for lane in &self.0 {
                for line in std::iter::once(&block.head).chain(&block.body) {
                    out.push(lane.fill(line)?);
                }
            }
            return Ok(());
        }
        refuse(&block.head)?;
        out.push(block.head.clone());
        if block.is_text() || (block.key().is_none() && !block.is_item()) {
            block.body.iter().try_for_each(refuse)?;
            out.extend(block.body.iter().cloned());
            return Ok(());
        }
        out.extend(self.expand(&block.body)?);
        Ok(())
    }
}

impl Lane {
    /// The line with this lane's values. Comments may name placeholders that there are none of.
    fn fill(&self, line: &Line) -> Result<Line> {
        let mut text = line.text.clone();
        for placeholder in placeholders(&line.text) {
            match self.value(placeholder) {
                Some(value) => text = text.replace(&format!("<{placeholder}>"), &value),
                None if line.is_comment() => {}
                None => return Err(self.lacks(placeholder, line)),
            }
        }
        Ok(line.with(text))
    }

    fn value(&self, placeholder: &str) -> Option<String> {
        match placeholder {
            "lane" => Some(self.name.clone()),
            "Lane" => Some(format!("{}{}", self.name[..1].to_uppercase(), &self.name[1..])),
            _ => {
                let column = placeholder.strip_prefix("lane.")?;
                self.columns.iter().find(|(name, _)| name == column).map(|(_, value)| value.clone())
            }
        }
    }

    fn lacks(&self, placeholder: &str, line: &Line) -> super::TemplateError {
        match placeholder.strip_prefix("lane.") {
            Some(column) => {
                self.place.error(format!("lane {} has no column `{column}`, which {} uses", self.name, line.place))
            }
            None => unknown(placeholder, line),
        }
    }
}

/// `{ column: value, column: "a value, with commas" }`
fn columns(row: &str) -> Option<Vec<(String, String)>> {
    let mut rest = row.strip_prefix('{')?.strip_suffix('}')?.trim();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (name, value) = rest.split_once(": ")?;
        let end = match value.strip_prefix('"') {
            Some(quoted) => quoted.find('"')? + 2,
            None => value.find(',').unwrap_or(value.len()),
        };
        found.push((name.trim().to_owned(), unquoted(&value[..end]).to_owned()));
        rest = value[end..].trim_start_matches(',').trim();
    }
    Some(found)
}

/// The names between angle brackets.
fn placeholders(text: &str) -> Vec<&str> {
    let names = text.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(name, _)| name);
    names.filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(is_of_name)).collect()
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '.' || c == '_'
}

/// Fails for a placeholder where nothing is repeated.
fn refuse(line: &Line) -> Result<()> {
    match placeholders(&line.text).first() {
        Some(_) if line.is_comment() => Ok(()),
        None => Ok(()),
        Some(name) if name.eq_ignore_ascii_case("lane") || name.starts_with("lane.") => Err(line.error(format!(
            "<{name}> is used where nothing is repeated: put it into a key, or on the first line of a list's item"
        ))),
        Some(name) => Err(unknown(name, line)),
    }
}

fn unknown(name: &str, line: &Line) -> super::TemplateError {
    line.error(format!("<{name}> is no placeholder: <lane>, <Lane> and <lane.COLUMN> are"))
}
