//! What Shopify has against a document before it starts a bulk mutation.

use std::collections::BTreeSet;

use apollo_compiler::{Schema, ast, validation::Valid};

use crate::graphql;

/// What is wrong with a mutation.
pub(super) enum Fault {
    /// It is none, or none that can be read.
    Unreadable(String),
    /// It can't be run in bulk.
    Forbidden(&'static str),
}

/// The first thing that is wrong with a mutation. What it looks like comes before what the schema says.
pub(super) fn fault(schema: &Valid<Schema>, text: &str) -> Option<Fault> {
    if let Ok(ast) = ast::Document::parse(text, "mutation.graphql") {
        let operations: Vec<_> = ast.definitions.iter().filter_map(ast::Definition::as_operation_definition).collect();
        if let Some(fault) = operations.first().and_then(|operation| shape(&ast, operation)) {
            return Some(fault);
        }
    }
    let unreadable = |message: &str| Some(Fault::Unreadable(format!("Failed to parse the mutation - {message}")));
    let document = match graphql::document(schema, text) {
        Ok(document) => document,
        Err(problems) => {
            let message = problems.into_iter().next().map(|problem| problem.message).unwrap_or_default();
            return match message.strip_suffix("unexpected end of file") {
                Some(_) => unreadable(&format!("{message}{}", last_token(text))),
                None => unreadable(&message),
            };
        }
    };
    match document.operations.get(None) {
        Ok(_) => None,
        Err(_) => unreadable("exactly one operation is expected"),
    }
}

fn shape(document: &ast::Document, operation: &ast::OperationDefinition) -> Option<Fault> {
    if operation.operation_type != ast::OperationType::Mutation {
        let message = "Invalid operation type. Only `mutation` operations are supported.";
        return Some(Fault::Unreadable(message.to_owned()));
    }
    let fields: Vec<_> = operation.selection_set.iter().filter_map(ast::Selection::as_field).collect();
    match fields[..] {
        // A bulk operation inside another one would have no end.
        [field] if field.name.starts_with("bulkOperation") => {
            Some(Fault::Forbidden("You must use an allowed mutation name."))
        }
        [field] if connections(document, &field.selection_set, &mut BTreeSet::new()) > 1 => {
            Some(Fault::Forbidden("Bulk mutations cannot contain more than 1 connection."))
        }
        [_] => None,
        _ => Some(Fault::Forbidden("You must specify a single top level mutation.")),
    }
}

/// How many connections a selection has: what is selected by `edges` or `nodes` is one, whether or not the schema here
/// has it. Each fragment is gone through once, as they may name each other.
fn connections<'a>(document: &'a ast::Document, set: &'a [ast::Selection], seen: &mut BTreeSet<&'a str>) -> usize {
    let mut count = 0;
    for selection in set {
        count += match selection {
            ast::Selection::Field(field) => {
                let mut parts = field.selection_set.iter().filter_map(ast::Selection::as_field);
                let is_one = parts.any(|part| ["edges", "nodes"].contains(&part.name.as_str()));
                usize::from(is_one) + connections(document, &field.selection_set, seen)
            }
            ast::Selection::InlineFragment(inline) => connections(document, &inline.selection_set, seen),
            ast::Selection::FragmentSpread(spread) if seen.insert(spread.fragment_name.as_str()) => {
                let mut fragments = document.definitions.iter().filter_map(ast::Definition::as_fragment_definition);
                let named = fragments.find(|fragment| fragment.name == spread.fragment_name);
                named.map_or(0, |fragment| connections(document, &fragment.selection_set, seen))
            }
            ast::Selection::FragmentSpread(_) => 0,
        };
    }
    count
}

/// Where the last word of a text that breaks off begins: ` at [1, 16]`.
fn last_token(text: &str) -> String {
    let text = text.trim_end();
    if text.is_empty() {
        return String::new();
    }
    let (before, line) = text.rsplit_once('\n').map_or(("", text), |(before, line)| (before, line));
    let number = if before.is_empty() { 1 } else { before.lines().count() + 1 };
    let start = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    format!(" at [{number}, {}]", line[..start].chars().count() + 1)
}
