//! A grouped result: each parent with its children.

use serde::de::DeserializeOwned;
use shopify_webhook::ShopDomain;

use super::{
    BulkError, LineError, LineFault, ResultFile,
    lines::{RawLine, RawLines},
};
use crate::{Call, Client};

/// Roots of type `R`, each with what belongs to it, of a query that was started with [`Order::Grouped`](super::Order).
///
/// A root may have more below it than fits into memory: it comes in parts of a given size.
pub struct Groups<R, C> {
    lines: RawLines,
    most: usize,
    /// The line behind the last part.
    ahead: Option<RawLine>,
    root: Option<Root<R>>,
    children: Vec<Child<C>>,
}

struct Root<R> {
    id: Option<String>,
    object: R,
    /// The object just below the root that came last: what belongs to it follows it.
    last_child: Option<String>,
    part: u64,
}

/// A root, and some or all of what belongs to it.
pub struct Group<'a, R, C> {
    /// The root.
    pub root: &'a R,
    /// Its children and theirs, in the order of the file.
    pub children: Vec<Child<C>>,
    /// Counted from zero: only the first part of a root's is the first time that it comes.
    pub part: u64,
    /// Whether nothing more of this root follows.
    pub is_last: bool,
}

/// An object below a root.
#[derive(Clone, PartialEq, Eq)]
pub struct Child<C> {
    /// The number of its line, counted from one.
    pub number: u64,
    /// The id of the object that it belongs to: the root, or a child of the root's.
    pub parent: String,
    /// The object.
    pub object: C,
}

impl<R: DeserializeOwned, C: DeserializeOwned> Groups<R, C> {
    /// Reads a grouped result from its beginning, until the call's deadline; at most `most` children at once.
    pub fn new(client: &Client, shop: &ShopDomain, file: &ResultFile, most: usize, call: &Call) -> Self {
        let lines = RawLines::new(client, shop, file, call);
        Self { lines, most: most.max(1), ahead: None, root: None, children: Vec::new() }
    }

    /// The next root, or the next part of it; `None` after the last.
    ///
    /// # Errors
    /// As [`Lines::next`](super::Lines::next); and if the result turns out not to be grouped. The group is lost then.
    pub async fn next(&mut self) -> Result<Option<Group<'_, R, C>>, BulkError> {
        self.children.clear();
        if self.ahead.is_none() {
            self.ahead = self.lines.next().await?;
        }
        match self.ahead.take() {
            None => return Ok(None),
            Some(line) if line.parent.is_none() => {
                let object = line.read()?;
                self.root = Some(Root { id: line.id, object, last_child: None, part: 0 });
            }
            Some(line) => {
                let root = self.root.as_mut().ok_or_else(|| ungrouped(&line))?;
                root.part += 1;
                self.children.push(child(root, line)?);
            }
        }
        let Some(root) = &mut self.root else { return Ok(None) };
        let is_last = loop {
            match self.lines.next().await? {
                None => break true,
                Some(line) if line.parent.is_none() || self.children.len() == self.most => {
                    let is_last = line.parent.is_none();
                    self.ahead = Some(line);
                    break is_last;
                }
                Some(line) => self.children.push(child(root, line)?),
            }
        };
        let children = std::mem::take(&mut self.children);
        Ok(Some(Group { root: &root.object, children, part: root.part, is_last }))
    }
}

fn child<R, C: DeserializeOwned>(root: &mut Root<R>, line: RawLine) -> Result<Child<C>, BulkError> {
    let object = line.read()?;
    match &line.parent {
        Some(parent) if Some(parent) == root.id.as_ref() => root.last_child.clone_from(&line.id),
        Some(parent) if Some(parent) == root.last_child.as_ref() => {}
        _ => return Err(ungrouped(&line)),
    }
    Ok(Child { number: line.number, parent: line.parent.unwrap_or_default(), object })
}

fn ungrouped(line: &RawLine) -> BulkError {
    LineError { number: line.number, column: 0, fault: LineFault::Ungrouped }.into()
}
