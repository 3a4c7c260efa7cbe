//! Variables that an operation declares and does not use, and directives that nobody knows.

use std::collections::BTreeSet;

use apollo_compiler::{
    Schema,
    ast::{Definition, DirectiveList, Document, OperationDefinition, Selection, Value as Literal},
    validation::Valid,
};
use serde_json::{Value, json};

use crate::graphql_error::GraphqlError;

/// The variables that an operation declares and does not use. `path` names the operation; `refused` has the variables
/// of arguments that nobody accepts, which do not count as used.
pub(super) fn variables(
    document: &Document,
    operation: &OperationDefinition,
    path: &[Value],
    refused: &[String],
) -> Vec<GraphqlError> {
    let mut used = Used { document, names: Vec::new(), spread: BTreeSet::new() };
    used.directives(&operation.directives);
    used.selections(&operation.selection_set);
    let whose = operation
        .name
        .as_ref()
        .map_or_else(|| format!("anonymous {}", operation.operation_type.name()), std::string::ToString::to_string);
    let uses = |name: &str| used.names.iter().filter(|used| **used == name).count();
    let in_vain = |name: &str| refused.iter().filter(|refused| *refused == name).count();
    let unused = operation.variables.iter().filter(|variable| uses(&variable.name) <= in_vain(&variable.name));
    let problem = |name: &str| {
        let message = format!("Variable ${name} is declared by {whose} but not used");
        GraphqlError::new(message, json!({ "code": "variableNotUsed", "variableName": name })).on(path.to_vec())
    };
    unused.map(|variable| problem(variable.name.as_str())).collect()
}

/// The directives of a field that the schema does not have.
pub(super) fn directives(
    schema: &Valid<Schema>,
    document: &Document,
    list: &DirectiveList,
    path: &[Value],
) -> Vec<GraphqlError> {
    let unknown = list.iter().filter(|directive| !schema.directive_definitions.contains_key(&directive.name));
    let problem = |directive: &apollo_compiler::Node<apollo_compiler::ast::Directive>| {
        let name = directive.name.as_str();
        let at = directive.line_column_range(&document.sources).map(|range| (range.start.line, range.start.column));
        let extensions = json!({ "code": "undefinedDirective", "directiveName": name });
        GraphqlError::new(format!("Directive @{name} is not defined"), extensions).at(at).on(path.to_vec())
    };
    unknown.map(problem).collect()
}

struct Used<'a> {
    document: &'a Document,
    /// One for each use.
    names: Vec<&'a str>,
    /// Fragments that were gone through: each once, as they may name each other.
    spread: BTreeSet<&'a str>,
}

impl<'a> Used<'a> {
    fn selections(&mut self, selections: &'a [Selection]) {
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    field.arguments.iter().for_each(|argument| self.value(&argument.value));
                    self.directives(&field.directives);
                    self.selections(&field.selection_set);
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.directives);
                    self.selections(&inline.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives);
                    if !self.spread.insert(spread.fragment_name.as_str()) {
                        continue;
                    }
                    let named = self.document.definitions.iter().find_map(|definition| match definition {
                        Definition::FragmentDefinition(one) if one.name == spread.fragment_name => Some(one),
                        _ => None,
                    });
                    if let Some(fragment) = named {
                        self.selections(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &'a DirectiveList) {
        for directive in directives.iter() {
            directive.arguments.iter().for_each(|argument| self.value(&argument.value));
        }
    }

    fn value(&mut self, value: &'a Literal) {
        match value {
            Literal::Variable(name) => self.names.push(name.as_str()),
            Literal::List(values) => values.iter().for_each(|value| self.value(value)),
            Literal::Object(fields) => fields.iter().for_each(|(_, value)| self.value(value)),
            _ => {}
        }
    }
}
