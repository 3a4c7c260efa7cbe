//! Connections: windows over sorted objects, with cursors as the Admin API makes them.

use std::cmp::Ordering;

use apollo_compiler::{
    resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue},
    response::JsonMap,
};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    context::{Cx, Object, Resolved},
    graphql_error::GraphqlError,
};

/// What objects are sorted by. The id decides between equals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    Number(i64),
    Text(String),
}

/// One object of a connection.
pub(crate) struct Entry {
    pub(crate) sort: Sort,
    pub(crate) id: u64,
    /// What `sort` looks like inside a cursor.
    pub(crate) shown: String,
    pub(crate) object: Object,
}

impl Entry {
    pub(crate) fn by_id(id: u64, object: Object) -> Self {
        Self { sort: Sort::Number(i64::try_from(id).unwrap_or(i64::MAX)), id, shown: id.to_string(), object }
    }

    pub(crate) fn by_time(time: crate::UnixMillis, id: u64, object: Object) -> Self {
        let time = time.whole_second();
        Self { sort: Sort::Number(time.0), id, shown: time.in_cursor(), object }
    }

    pub(crate) fn by_text(text: &str, id: u64, object: Object) -> Self {
        Self { sort: Sort::Text(text.to_owned()), id, shown: text.to_owned(), object }
    }

    /// Where it is sorted, beside the object of a cursor.
    fn place_beside(&self, shown: &str, id: u64) -> Ordering {
        let place = match (&self.sort, shown.parse::<i64>()) {
            (Sort::Number(number), Ok(shown)) => number.cmp(&shown),
            _ => self.shown.as_str().cmp(shown),
        };
        place.then(self.id.cmp(&id))
    }

    fn cursor(&self) -> String {
        let shown = serde_json::Value::from(self.shown.as_str());
        STANDARD.encode(format!(r#"{{"last_id":{},"last_value":{shown}}}"#, self.id))
    }
}

/// The most that a window may ask for.
const MOST: i64 = 250;

/// Sorts and cuts `entries` as the field's arguments ask. In a bulk operation nothing is cut.
pub(crate) fn connection<'a>(cx: &'a Cx<'a>, info: &ResolveInfo<'_>, mut entries: Vec<Entry>) -> Resolved<'a> {
    entries.sort_unstable_by(|a, b| (&a.sort, a.id).cmp(&(&b.sort, b.id)));
    let arguments = info.arguments();
    if flag(arguments, "reverse") {
        entries.reverse();
    }
    let name = info.field_definition().ty.inner_named_type().to_string();
    if cx.bulk {
        return Ok(ResolvedValue::object(Connection { cx, name, entries, before: false, after: false }));
    }
    let total = entries.len();
    let place = |argument: &str| -> Result<Option<usize>, FieldError> {
        let Some(cursor) = text(arguments, argument).filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
        let Some((id, shown)) = read(cursor) else {
            return Err(cx.fail(GraphqlError::code("Invalid cursor for current pagination sort.", "BAD_REQUEST")));
        };
        // The object may be gone by now, or sorted elsewhere because it changed: then the window starts where it was.
        let exact = entries.iter().position(|entry| entry.id == id && entry.shown == shown);
        let beyond = if flag(arguments, "reverse") { Ordering::Less } else { Ordering::Greater };
        let near = || entries.iter().position(|entry| entry.place_beside(&shown, id) == beyond);
        Ok(Some(exact.map_or_else(|| near().unwrap_or(total) << 1, |at| (at << 1) | 1)))
    };
    let start = place("after")?.map_or(0, |at| (at >> 1) + (at & 1));
    let end = place("before")?.map_or(total, |at| at >> 1).max(start);
    let (first, last) = (size(cx, arguments, "first")?, size(cx, arguments, "last")?);
    let (start, end) = match (first, last) {
        (Some(_), Some(_)) => {
            return Err(cx.fail(GraphqlError::code("providing both first and last is not supported", "BAD_REQUEST")));
        }
        (Some(first), None) => (start, end.min(start + first)),
        (None, Some(last)) => (end.saturating_sub(last).max(start), end),
        (None, None) => return Err(cx.fail(GraphqlError::code("you must provide one of first or last", "BAD_REQUEST"))),
    };
    let (start, end) = (start.min(total), end.min(total));
    entries.truncate(end);
    entries.drain(..start);
    Ok(ResolvedValue::object(Connection { cx, name, entries, before: start > 0, after: end < total }))
}

fn size(cx: &Cx<'_>, arguments: &JsonMap, name: &str) -> Result<Option<usize>, FieldError> {
    match arguments.get(name).and_then(|value| value.as_i64()) {
        None => Ok(None),
        Some(size) if (0..=MOST).contains(&size) => Ok(usize::try_from(size).ok()),
        Some(_) => {
            let message = format!("{name} must be between 0 and {MOST}: ask for the next page with a cursor");
            Err(cx.fail(GraphqlError::code(message, "BAD_REQUEST")))
        }
    }
}

pub(crate) fn text<'a>(arguments: &'a JsonMap, name: &str) -> Option<&'a str> {
    arguments.get(name).and_then(|value| value.as_str())
}

pub(crate) fn flag(arguments: &JsonMap, name: &str) -> bool {
    arguments.get(name).and_then(|value| value.as_bool()).unwrap_or(false)
}

fn read(cursor: &str) -> Option<(u64, String)> {
    let value: serde_json::Value = serde_json::from_slice(&STANDARD.decode(cursor).ok()?).ok()?;
    Some((value["last_id"].as_u64()?, value["last_value"].as_str()?.to_owned()))
}

struct Connection<'a> {
    cx: &'a Cx<'a>,
    name: String,
    entries: Vec<Entry>,
    before: bool,
    after: bool,
}

impl ObjectValue for Connection<'_> {
    fn type_name(&self) -> &str {
        &self.name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let base = self.name.trim_end_matches("Connection");
        match info.field_name() {
            "nodes" => Ok(ResolvedValue::list(self.entries.iter().map(|entry| self.cx.object(entry.object.clone())))),
            "edges" => Ok(ResolvedValue::list(
                self.entries
                    .iter()
                    .map(move |entry| ResolvedValue::object(Edge { cx: self.cx, name: format!("{base}Edge"), entry })),
            )),
            "pageInfo" => {
                let cursor = |entry: Option<&Entry>| entry.map(Entry::cursor);
                Ok(self.cx.plain(
                    serde_json::json!({
                        "hasNextPage": self.after,
                        "hasPreviousPage": self.before,
                        "startCursor": cursor(self.entries.first()),
                        "endCursor": cursor(self.entries.last()),
                    }),
                    "PageInfo",
                ))
            }
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

struct Edge<'a> {
    cx: &'a Cx<'a>,
    name: String,
    entry: &'a Entry,
}

impl ObjectValue for Edge<'_> {
    fn type_name(&self) -> &str {
        &self.name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        match info.field_name() {
            "cursor" => Ok(ResolvedValue::leaf(self.entry.cursor())),
            "node" => Ok(self.cx.object(self.entry.object.clone())),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}
