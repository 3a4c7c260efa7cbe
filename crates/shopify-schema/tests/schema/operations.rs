//! What weir asks is valid, and asked the way Shopify wants it.

use apollo_compiler::{ExecutableDocument, Node, Schema, executable::Operation, validation::Valid};

use crate::{File, all, real, sent, subset};

fn document(schema: &Valid<Schema>, file: &File) -> Valid<ExecutableDocument> {
    match ExecutableDocument::parse_and_validate(schema, &file.text, &file.path) {
        Ok(document) => document,
        Err(error) => panic!("{} does not fit the schema:\n{}", file.path.display(), error.errors),
    }
}

fn operation(document: &ExecutableDocument) -> &Node<Operation> {
    document.operations.iter().next().expect("a file holds an operation")
}

#[test]
fn each_operation_fits_the_schema_it_is_compiled_with() {
    let schema = subset();
    for file in all() {
        document(&schema, &file);
    }
}

#[test]
fn each_operation_fits_shopifys_schema() {
    let Some(schema) = real("no operation was compared with Shopify's schema") else { return };
    for file in all() {
        document(&schema, &file);
    }
}

#[test]
fn a_file_holds_one_operation_and_is_called_like_it() {
    let schema = subset();
    for file in sent() {
        let document = document(&schema, &file);
        assert_eq!(document.operations.len(), 1, "{}", file.path.display());
        let name = operation(&document).name.as_ref().expect("an operation has a name");
        assert_eq!(snake(name), file.name, "{}", file.path.display());
    }
}

fn snake(camel: &str) -> String {
    let mut out = String::new();
    for c in camel.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[test]
fn a_mutation_is_idempotent_by_key_exactly_where_shopify_offers_it() {
    let schema = subset();
    for file in sent() {
        let document = document(&schema, &file);
        for field in operation(&document).root_fields(&document) {
            let offered = shopify_schema::IDEMPOTENT_MUTATIONS.binary_search(&field.name.as_str()).is_ok();
            let carried = field.directives.get("idempotent").map(ToString::to_string);
            let expected = offered.then(|| "@idempotent(key: $idempotencyKey)".to_owned());
            assert_eq!(carried, expected, "{}", file.path.display());
        }
    }
}

#[test]
fn no_query_asks_a_deprecated_field() {
    let schema = subset();
    for file in sent() {
        let document = document(&schema, &file);
        for field in operation(&document).all_fields(&document) {
            let place = format!("{} in {}", field.name, file.path.display());
            assert!(!field.definition.directives.has("deprecated"), "{place}");
            for argument in &field.arguments {
                let definition = field.definition.argument_by_name(&argument.name).expect("a valid argument");
                assert!(!definition.directives.has("deprecated"), "{} of {place}", argument.name);
            }
        }
    }
}

#[test]
fn a_bulk_query_keeps_shopifys_limits() {
    let schema = subset();
    let mut seen = 0;
    for file in sent().iter().filter(|file| file.text.contains("edges {")) {
        let document = document(&schema, file);
        let connections = connections(&operation(&document).selection_set, 0, file);
        assert!((1..=5).contains(&connections), "{connections} connections in {}", file.path.display());
        assert!(operation(&document).variables.is_empty(), "a bulk query takes no variables");
        seen += 1;
    }
    assert!(seen > 0, "there is a bulk query");
}

/// How many connections; each nests at most two deep, and its nodes have an `id` of that name.
fn connections(set: &apollo_compiler::executable::SelectionSet, depth: usize, file: &File) -> usize {
    let count = |field: &Node<apollo_compiler::executable::Field>| {
        let is_connection = field.ty().inner_named_type().ends_with("Connection");
        let depth = depth + usize::from(is_connection);
        assert!(depth <= 2, "{} is nested too deep in {}", field.name, file.path.display());
        if field.name == "node" {
            let has_id = |field: &Node<apollo_compiler::executable::Field>| field.response_key() == "id";
            assert!(field.selection_set.fields().any(has_id), "a node without an id in {}", file.path.display());
        }
        usize::from(is_connection) + connections(&field.selection_set, depth, file)
    };
    set.fields().map(count).sum()
}
