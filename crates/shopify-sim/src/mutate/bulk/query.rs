//! What Shopify has against a document before it starts a bulk query.

use apollo_compiler::{
    ExecutableDocument, Schema,
    executable::{Field, SelectionSet},
    validation::Valid,
};

use crate::graphql;

const MOST_CONNECTIONS: usize = 5;
const DEEPEST: usize = 2;

/// Everything that is wrong with a query; only the first thing, if it can't be read.
pub(super) fn faults(schema: &Valid<Schema>, text: &str) -> Vec<String> {
    let document = match graphql::document(schema, text) {
        Ok(document) => document,
        Err(problems) => {
            let first = problems.into_iter().next().map(|problem| problem.message).unwrap_or_default();
            return vec![format!("Invalid bulk query: {first}")];
        }
    };
    let Ok(operation) = document.operations.get(None) else {
        return vec!["Invalid bulk query: exactly one operation is expected".to_owned()];
    };
    if !operation.is_query() {
        return vec!["Invalid operation type. Only `query` operations are supported.".to_owned()];
    }
    let mut found = Found::default();
    found.selection(&document, &operation.selection_set, &Place::default());
    let node = operation.root_fields(&document).any(|field| field.name == "node");
    found.faults(node)
}

/// Whether a field is a connection.
fn is_connection(field: &Field) -> bool {
    field.ty().inner_named_type().ends_with("Connection")
}

#[derive(Default)]
struct Found {
    connections: usize,
    deepest: usize,
    /// Connections that are selected other than by `edges` and `node`.
    without_edges: Vec<String>,
    /// Connections around others whose nodes have no `id`.
    without_id: Vec<String>,
    within_list: bool,
}

/// Where a selection is.
#[derive(Default, Clone, Copy)]
struct Place<'a> {
    depth: usize,
    /// The connection around it, and whether its node selects an `id`.
    parent: Option<(&'a str, bool)>,
    /// Inside a list that is no connection.
    in_list: bool,
}

impl Found {
    fn selection(&mut self, document: &ExecutableDocument, set: &SelectionSet, place: &Place<'_>) {
        for field in set.root_fields(document) {
            if is_connection(field) {
                self.connection(document, field, place);
            } else {
                let in_list = place.in_list || field.ty().is_list();
                self.selection(document, &field.selection_set, &Place { in_list, ..*place });
            }
        }
    }

    fn connection(&mut self, document: &ExecutableDocument, field: &Field, place: &Place<'_>) {
        self.connections += 1;
        let depth = place.depth + 1;
        self.deepest = self.deepest.max(depth);
        self.within_list |= place.in_list;
        if let Some((parent, false)) = place.parent {
            note(&mut self.without_id, parent);
        }
        let name = field.name.as_str();
        let mut edges = false;
        for part in field.selection_set.root_fields(document) {
            if part.name == "nodes" {
                note(&mut self.without_edges, name);
            }
            let nodes: Vec<&SelectionSet> = match part.name.as_str() {
                "nodes" => vec![&part.selection_set],
                "edges" => {
                    let inner = part.selection_set.root_fields(document).filter(|inner| inner.name == "node");
                    inner.map(|node| &node.selection_set).collect()
                }
                _ => continue,
            };
            edges |= part.name == "edges" && !nodes.is_empty();
            for set in nodes {
                let is_id = |field: &&apollo_compiler::Node<Field>| {
                    field.name == "id" && field.response_key() == "id" && field.ty().inner_named_type() == "ID"
                };
                let has_id = set.root_fields(document).any(|field| is_id(&field));
                self.selection(document, set, &Place { depth, parent: Some((name, has_id)), in_list: false });
            }
        }
        if !edges {
            note(&mut self.without_edges, name);
        }
    }

    fn faults(self, node: bool) -> Vec<String> {
        let mut faults = Vec::new();
        if let Some(first) = self.without_edges.first() {
            let all = self.without_edges.join("', '");
            faults.push(format!(
                "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: '{first} \
                 {{ edges {{ node {{'. Selecting via 'nodes' is not supported. Invalid connection fields: '{all}'."
            ));
        }
        if node {
            faults.push("Bulk queries cannot contain a top level `node` field.".to_owned());
        }
        if self.deepest > DEEPEST {
            faults.push("Bulk queries cannot contain connections with a nesting depth greater than 2.".to_owned());
        }
        if self.connections > MOST_CONNECTIONS {
            faults.push("Bulk queries cannot contain more than 5 connections.".to_owned());
        }
        if !self.without_id.is_empty() {
            let all = self.without_id.join(", ");
            faults.push(format!(
                "The parent 'node' field for a nested connection must select the 'id' field without an alias and must be \
                 of 'ID' return type. Connection fields without 'id': {all}."
            ));
        }
        if self.within_list {
            faults.push(
                "Queries that contain a connection field within a list field are not currently supported.".to_owned(),
            );
        }
        if self.connections == 0 {
            faults.push("Bulk queries must contain at least one connection.".to_owned());
        }
        faults
    }
}

fn note(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}
