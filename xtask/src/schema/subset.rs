//! The part of a schema that operations use.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::{Result, anyhow};
use apollo_compiler::{
    ExecutableDocument, Name, Node, Schema,
    executable::{Operation, Selection, SelectionSet},
    schema::{Component, ExtendedType, FieldDefinition, InputValueDefinition},
};

const HEADER: &str = "\
# The part of Shopify's Admin schema that the operations of this workspace use: signatures, no texts.
# Written by `cargo xtask schema --subset`; do not edit.
";

/// The SDL of what `operations` (path, text) use of the schema `real`: types, fields with all their arguments, input
/// types and enums as a whole.
pub(super) fn of(real: &str, operations: &[(PathBuf, String)]) -> Result<String> {
    let schema = Schema::parse_and_validate(real, "the real schema").map_err(|error| anyhow!("{}", error.errors))?;
    let mut used = Used::default();
    for (path, text) in operations {
        let document = ExecutableDocument::parse_and_validate(&schema, text, path)
            .map_err(|error| anyhow!("{} does not fit the schema:\n{}", path.display(), error.errors))?;
        for operation in document.operations.iter() {
            used.operation(&document, operation);
        }
    }
    used.interfaces(&schema);
    used.transitively(&schema);
    let mut subset = schema.into_inner();
    used.prune(&mut subset);
    Ok(format!("{HEADER}\n{subset}"))
}

/// The names of what is used.
#[derive(Default)]
struct Used {
    /// Types, each with the fields used. Without an entry here a type is dropped.
    fields: BTreeMap<Name, BTreeSet<Name>>,
    directives: BTreeSet<Name>,
}

impl Used {
    fn operation(&mut self, document: &ExecutableDocument, operation: &Node<Operation>) {
        for variable in &operation.variables {
            self.named(variable.ty.inner_named_type());
        }
        self.selections(document, &operation.selection_set);
    }

    fn selections(&mut self, document: &ExecutableDocument, set: &SelectionSet) {
        self.named(&set.ty);
        for selection in &set.selections {
            self.directives.extend(selection.directives().iter().map(|directive| directive.name.clone()));
            match selection {
                Selection::Field(field) => {
                    if !field.name.starts_with("__") {
                        self.fields.entry(set.ty.clone()).or_default().insert(field.name.clone());
                    }
                    self.signature(&field.definition);
                    self.selections(document, &field.selection_set);
                }
                Selection::InlineFragment(inline) => self.selections(document, &inline.selection_set),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = spread.fragment_def(document) {
                        self.selections(document, &fragment.selection_set);
                    }
                }
            }
        }
    }

    fn named(&mut self, name: &Name) {
        self.fields.entry(name.clone()).or_default();
    }

    fn signature(&mut self, definition: &FieldDefinition) {
        self.named(definition.ty.inner_named_type());
        for argument in &definition.arguments {
            self.named(argument.ty.inner_named_type());
        }
    }

    /// Who implements a used interface has what is used of it.
    fn interfaces(&mut self, schema: &Schema) {
        for (interface, implementers) in schema.implementers_map() {
            let Some(fields) = self.fields.get(&interface).cloned() else { continue };
            for implementer in implementers.iter().filter(|implementer| schema.types.contains_key(*implementer)) {
                let Some(kept) = self.fields.get_mut(implementer) else { continue };
                kept.extend(fields.iter().cloned());
                for definition in fields.iter().filter_map(|field| schema.type_field(implementer, field).ok()) {
                    self.signature(definition);
                }
            }
        }
    }

    /// Input types bring the types of their fields; so do fields that interfaces added.
    fn transitively(&mut self, schema: &Schema) {
        let mut open: Vec<Name> = self.fields.keys().cloned().collect();
        while let Some(name) = open.pop() {
            let Some(ExtendedType::InputObject(input)) = schema.types.get(&name) else { continue };
            for field in input.fields.values() {
                let inner = field.ty.inner_named_type();
                if !self.fields.contains_key(inner) {
                    self.named(inner);
                    open.push(inner.clone());
                }
            }
        }
    }

    fn prune(&self, schema: &mut Schema) {
        schema.types.retain(|name, of| of.is_built_in() || self.fields.contains_key(name));
        schema.types.sort_keys();
        // `@oneOf` stands on input types, `@idempotent` in operations.
        let on_types: BTreeSet<Name> = schema
            .types
            .values()
            .flat_map(|of| of.directives().iter())
            .map(|directive| directive.name.clone())
            .collect();
        schema.directive_definitions.retain(|name, definition| {
            definition.is_built_in() || self.directives.contains(name) || on_types.contains(name)
        });
        for definition in schema.directive_definitions.values_mut().filter(|definition| !definition.is_built_in()) {
            let definition = definition.make_mut();
            definition.description = None;
            definition.arguments.iter_mut().for_each(bare_input);
        }
        schema.schema_definition.make_mut().description = None;
        for (name, of) in schema.types.iter_mut().filter(|(_, of)| !of.is_built_in()) {
            if let Some(used) = self.fields.get(name) {
                self.bare(of, used);
            }
        }
    }

    fn bare(&self, of: &mut ExtendedType, used: &BTreeSet<Name>) {
        match of {
            ExtendedType::Scalar(scalar) => {
                let scalar = scalar.make_mut();
                scalar.description = None;
                scalar.directives.clear();
            }
            ExtendedType::Object(object) => {
                let object = object.make_mut();
                object.description = None;
                object.implements_interfaces.retain(|interface| self.fields.contains_key(&interface.name));
                object.fields.retain(|name, _| used.contains(name));
                object.fields.values_mut().for_each(bare_field);
            }
            ExtendedType::Interface(interface) => {
                let interface = interface.make_mut();
                interface.description = None;
                interface.implements_interfaces.retain(|interface| self.fields.contains_key(&interface.name));
                interface.fields.retain(|name, _| used.contains(name));
                interface.fields.values_mut().for_each(bare_field);
            }
            ExtendedType::Union(union_) => {
                let union_ = union_.make_mut();
                union_.description = None;
                union_.members.retain(|member| self.fields.contains_key(&member.name));
            }
            ExtendedType::Enum(of) => {
                let of = of.make_mut();
                of.description = None;
                for value in of.values.values_mut().map(|component| component.make_mut()) {
                    value.description = None;
                    without_reasons(&mut value.directives);
                }
            }
            ExtendedType::InputObject(input) => {
                let input = input.make_mut();
                input.description = None;
                for field in input.fields.values_mut().map(|component| component.make_mut()) {
                    field.description = None;
                    without_reasons(&mut field.directives);
                }
            }
        }
    }
}

fn bare_field(field: &mut Component<FieldDefinition>) {
    let field = field.make_mut();
    field.description = None;
    without_reasons(&mut field.directives);
    field.arguments.iter_mut().for_each(bare_input);
}

fn bare_input(input: &mut Node<InputValueDefinition>) {
    let input = input.make_mut();
    input.description = None;
    without_reasons(&mut input.directives);
}

/// `@deprecated` stays; why is Shopify's text.
fn without_reasons(directives: &mut apollo_compiler::ast::DirectiveList) {
    for directive in directives.iter_mut() {
        directive.make_mut().arguments.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: &str = r#"
        "The text of somebody else."
        schema { query: Root }
        directive @once(key: String!) on FIELD
        directive @unused on FIELD
        directive @oneOf on INPUT_OBJECT
        interface Node { id: ID! }
        interface Unused { id: ID! }
        type Root { thing(by: By, "text" old: Int @deprecated(reason: "text")): Thing, node: Node, other: Other }
        "text"
        type Thing implements Node & Unused { id: ID!, kind: Kind!, weight: Int }
        type Other implements Node { id: ID! }
        input By @oneOf { id: ID, within: Within }
        input Within { kind: Kind = SMALL }
        enum Kind { SMALL LARGE @deprecated(reason: "text") }
    "#;

    fn subset(operation: &str) -> String {
        let subset = of(REAL, &[("test.graphql".into(), operation.to_owned())]).unwrap();
        Schema::parse_and_validate(subset.clone(), "subset").unwrap();
        subset.strip_prefix(HEADER).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn fields_keep_all_arguments_and_input_types_are_whole() {
        let expected = "schema { query: Root } directive @once(key: String!) on FIELD directive @oneOf on INPUT_OBJECT \
            input By @oneOf { id: ID within: Within } \
            enum Kind { SMALL LARGE @deprecated } \
            type Root { thing( by: By, old: Int @deprecated, ): Thing } \
            type Thing { weight: Int } \
            input Within { kind: Kind = SMALL }";
        assert_eq!(subset(r#"query A { thing @once(key: "a") { weight } }"#), expected);
    }

    #[test]
    fn implementation_of_a_used_interface_has_its_fields() {
        let expected = "schema { query: Root } enum Kind { SMALL LARGE @deprecated } interface Node { id: ID! } \
            type Root { node: Node } type Thing implements Node { id: ID! kind: Kind! }";
        assert_eq!(subset("query A { node { id ... on Thing { kind } } }"), expected);
    }

    #[test]
    fn an_operation_that_does_not_fit_is_named() {
        let error = of(REAL, &[("test.graphql".into(), "query A { nothing }".into())]).unwrap_err().to_string();
        assert!(error.starts_with("test.graphql does not fit the schema"), "{error}");
    }

    #[test]
    fn the_committed_subset_is_what_the_operations_use() {
        let Some(real) = shopify_schema::real_schema().unwrap() else {
            eprintln!("skipped: admin.graphql was not made anew. {}", shopify_schema::HOW_TO_GET_THE_REAL_SCHEMA);
            return;
        };
        let subset = of(&real.sdl, &super::super::operations().unwrap()).unwrap();
        assert!(subset == shopify_schema::ADMIN_SDL, "run `cargo xtask schema --subset`");
    }
}
