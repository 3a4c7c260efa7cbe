//! Reading one entry of the document, noting all that is wrong with it.

use std::fmt;

use serde_json::{Map, Value};

use super::ShopPattern;

/// A mistake in the document, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct EntryError {
    /// Where: `off[2].percent`. Empty for the document as a whole.
    pub at: String,
    /// What is wrong.
    pub wrong: String,
    /// What to write instead.
    pub instead: String,
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.at.is_empty() { "the document" } else { &self.at };
        write!(f, "{at} {}: {}", self.wrong, self.instead)
    }
}

/// A reason is shown in one line.
const LONGEST_WHY: usize = 200;
const LONGEST_NAME: usize = 100;

/// An object of the document, being read. Its methods note a problem and answer `None` where a field is wrong.
pub(super) struct Entry<'a> {
    at: String,
    fields: &'a Map<String, Value>,
    known: Vec<&'static str>,
    problems: &'a mut Vec<EntryError>,
    before: usize,
}

impl<'a> Entry<'a> {
    pub(super) fn new(at: String, value: &'a Value, problems: &'a mut Vec<EntryError>) -> Option<Self> {
        let Some(fields) = value.as_object() else {
            problems.push(problem(at, "is not an object", "write {…}"));
            return None;
        };
        let before = problems.len();
        Some(Self { at, fields, known: Vec::new(), problems, before })
    }

    pub(super) fn has(&mut self, name: &'static str) -> bool {
        self.known.push(name);
        self.fields.contains_key(name)
    }

    /// A field that need not be there.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        instead: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        self.known.push(name);
        let value = self.fields.get(name)?;
        let read = read(value);
        if read.is_none() {
            self.wrong(name, &format!("can't be {}", shown(value)), instead);
        }
        read
    }

    pub(super) fn shop(&mut self) -> Option<ShopPattern> {
        let instead = "write a shop's domain, as north.myshopify.com, or a pattern, as weir-*; leave it out for all";
        self.read("shop", instead, |value| ShopPattern::parse(value.as_str()?))
    }

    pub(super) fn why(&mut self) -> Option<String> {
        let instead = "write one line of up to 200 bytes, without {{";
        self.read("why", instead, |value| value.as_str().filter(|text| is_why(text)).map(str::to_owned))
    }

    pub(super) fn name(&mut self, field: &'static str) -> Option<String> {
        let instead = "write 1 to 100 letters, digits, hyphens, underscores, dots or colons";
        self.read(field, instead, |value| value.as_str().filter(|text| is_name(text)).map(str::to_owned))
    }

    /// Notes a problem of a field, or of the whole entry where the name is empty.
    pub(super) fn wrong(&mut self, field: &str, wrong: &str, instead: &str) {
        let at = if field.is_empty() { self.at.clone() } else { format!("{}.{field}", self.at) };
        self.problems.push(problem(at, wrong, instead));
    }

    /// Notes the fields that nobody asked for; whether all was well.
    pub(super) fn finish(mut self) -> bool {
        let unknown: Vec<&String> = self.fields.keys().filter(|name| !self.known.contains(&name.as_str())).collect();
        for name in unknown {
            let known = self.known.join(", ");
            self.wrong(name, "is unknown here", &format!("known are {known}; a newer weir may know more"));
        }
        self.problems.len() == self.before
    }
}

/// A plausible name of a handler, a destination or a tier. It becomes part of a key, so it has no slash.
pub(super) fn is_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_.:".contains(&b);
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(fits)
}

/// SSM refuses values with references in `{{…}}`.
fn is_why(text: &str) -> bool {
    (1..=LONGEST_WHY).contains(&text.len()) && !text.contains("{{") && !text.chars().any(char::is_control)
}

pub(super) fn problem(at: impl Into<String>, wrong: impl Into<String>, instead: impl Into<String>) -> EntryError {
    EntryError { at: at.into(), wrong: wrong.into(), instead: instead.into() }
}

/// A value, short enough for a message.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 40 { text } else { text.chars().take(39).chain(['…']).collect() }
}
