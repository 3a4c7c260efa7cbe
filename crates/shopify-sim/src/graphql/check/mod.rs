//! Parsing and validating a document, with the complaints that the Admin API has.
//!
//! apollo-compiler decides what is valid; this walks the document for the faults whose wording clients meet most, and
//! quotes apollo-compiler for the others.

mod literal;
mod unused;

use apollo_compiler::{
    ExecutableDocument, Node, Schema,
    ast::{Definition, Document, Field, OperationDefinition, Selection},
    parser::SourceMap,
    schema::{ExtendedType, FieldDefinition},
    validation::Valid,
};
use serde_json::{Value, json};

use self::literal::Argument;
use crate::graphql_error::GraphqlError;

/// A valid document, or what is wrong with it.
pub(crate) fn document(schema: &Valid<Schema>, text: &str) -> Result<Valid<ExecutableDocument>, Vec<GraphqlError>> {
    let ast = Document::parse(text, "query.graphql").map_err(|broken| vec![syntax(text, &broken.errors)])?;
    if !ast.definitions.iter().any(|definition| matches!(definition, Definition::OperationDefinition(_))) {
        return Err(vec![GraphqlError::new("syntax error, unexpected end of file", Value::Null)]);
    }
    let mut walk = Walk { schema, document: &ast, sources: &ast.sources, problems: Vec::new(), refused: Vec::new() };
    for definition in &ast.definitions {
        match definition {
            Definition::OperationDefinition(operation) => walk.operation(operation),
            Definition::FragmentDefinition(fragment) => {
                let path = vec![json!(format!("fragment {}", fragment.name))];
                walk.selections(&fragment.selection_set, &fragment.type_condition, &path);
            }
            _ => {}
        }
    }
    if !walk.problems.is_empty() {
        return Err(walk.problems);
    }
    ExecutableDocument::parse_and_validate(schema, text, "query.graphql").map_err(|broken| {
        let told = broken.errors.iter().map(|fault| {
            let location = fault.line_column_range().map(|range| (range.start.line, range.start.column));
            let message = fault.error.unstable_compat_message().unwrap_or_else(|| fault.error.to_string());
            let code = fault.error.unstable_error_name().map(uncapitalized).unwrap_or_default();
            GraphqlError::code(message, &code).at(location)
        });
        told.collect()
    })
}

fn syntax(text: &str, faults: &apollo_compiler::validation::DiagnosticList) -> GraphqlError {
    let blank = text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    let first = faults.iter().next().and_then(|fault| fault.line_column_range());
    let (last_line, last_column) =
        (text.lines().count().max(1), text.lines().last().map_or(0, |line| line.chars().count()));
    let Some(start) = first.map(|range| range.start).filter(|_| !blank) else {
        return GraphqlError::new("syntax error, unexpected end of file", Value::Null);
    };
    let at = (start.line, start.column);
    let what = if start.line >= last_line && start.column >= last_column {
        "syntax error, unexpected end of file".to_owned()
    } else {
        format!("syntax error, unexpected token at [{}, {}]", start.line, start.column)
    };
    GraphqlError::new(what, Value::Null).at(Some(at))
}

fn uncapitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

struct Walk<'a> {
    schema: &'a Valid<Schema>,
    document: &'a Document,
    sources: &'a SourceMap,
    problems: Vec<GraphqlError>,
    /// The variables that stand for arguments which nobody accepts.
    refused: Vec<String>,
}

impl Walk<'_> {
    fn operation(&mut self, operation: &Node<OperationDefinition>) {
        let name = operation.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        let path = vec![json!(format!("{}{name}", operation.operation_type.name()))];
        let Some(root) = self.schema.root_operation(operation.operation_type) else { return };
        self.selections(&operation.selection_set, &root.clone(), &path);
        let at = operation.line_column_range(self.sources).map(|range| (range.start.line, range.start.column));
        let unused = unused::variables(self.document, operation, &path, &self.refused);
        self.problems.extend(unused.into_iter().map(|problem| problem.at(at)));
    }

    fn selections(&mut self, selections: &[Selection], ty: &str, path: &[Value]) {
        for selection in selections {
            match selection {
                Selection::Field(field) => self.field(field, ty, path),
                Selection::InlineFragment(inline) => {
                    let ty = inline.type_condition.as_ref().map_or(ty, |condition| condition.as_str());
                    let step = inline.type_condition.as_ref().map(|condition| json!(format!("... on {condition}")));
                    let path = [path, &[step.unwrap_or_else(|| json!("..."))]].concat();
                    self.selections(&inline.selection_set, ty, &path);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn field(&mut self, field: &Node<Field>, ty: &str, path: &[Value]) {
        if field.name.starts_with("__") {
            return;
        }
        let path = [path, &[json!(field.response_name().as_str())]].concat();
        let at = field.line_column_range(self.sources).map(|range| (range.start.line, range.start.column));
        let Ok(definition) = self.schema.type_field(ty, &field.name) else {
            if self.schema.types.contains_key(ty) {
                self.problems.push(undefined(&field.name, ty).at(at).on(path));
            }
            return;
        };
        let definition = definition.clone();
        self.problems.extend(unused::directives(self.schema, self.document, &field.directives, &path));
        self.arguments(field, &definition, at, &path);
        let inner = definition.ty.inner_named_type().as_str();
        let leaf = self.schema.types.get(inner).is_some_and(ExtendedType::is_leaf);
        if !leaf && field.selection_set.is_empty() {
            self.problems.push(bare(&field.name, inner).at(at).on(path));
        } else if leaf && !field.selection_set.is_empty() {
            let message = format!("Selections can't be made on scalars (field '{}' returns {inner})", field.name);
            let extensions = json!({ "code": "selectionMismatch", "nodeName": format!("field '{}'", field.name), "typeName": inner });
            self.problems.push(GraphqlError::new(message, extensions).at(at).on(path));
        } else {
            self.selections(&field.selection_set, inner, &path);
        }
    }

    fn arguments(&mut self, field: &Field, definition: &FieldDefinition, at: Option<(usize, usize)>, path: &[Value]) {
        let name = field.name.as_str();
        for argument in &field.arguments {
            let path = [path, &[json!(argument.name.as_str())]].concat();
            let Some(expected) = definition.argument_by_name(&argument.name) else {
                self.refused.extend(argument.value.as_variable().map(ToString::to_string));
                let here = argument.line_column_range(self.sources).map(|range| (range.start.line, range.start.column));
                let message = format!("Field '{name}' doesn't accept argument '{}'", argument.name);
                let extensions = json!({ "code": "argumentNotAccepted", "name": name, "typeName": "Field", "argumentName": argument.name.as_str() });
                self.problems.push(GraphqlError::new(message, extensions).at(here).on(path));
                continue;
            };
            let given = Argument { name: argument.name.as_str(), field: name, ty: &expected.ty, at, path };
            self.problems.extend(literal::problems(self.schema, &given, &argument.value));
        }
        let given = |name: &str| field.arguments.iter().any(|argument| argument.name == name);
        let missing: Vec<&str> = (definition.arguments.iter())
            .filter(|argument| argument.is_required() && !given(&argument.name))
            .map(|argument| argument.name.as_str())
            .collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            let message = format!("Field '{name}' is missing required arguments: {missing}");
            let extensions =
                json!({ "code": "missingRequiredArguments", "className": "Field", "name": name, "arguments": missing });
            self.problems.push(GraphqlError::new(message, extensions).at(at).on(path.to_vec()));
        }
    }
}

fn undefined(field: &str, ty: &str) -> GraphqlError {
    GraphqlError::new(
        format!("Field '{field}' doesn't exist on type '{ty}'"),
        json!({ "code": "undefinedField", "typeName": ty, "fieldName": field }),
    )
}

fn bare(field: &str, ty: &str) -> GraphqlError {
    GraphqlError::new(
        format!(
            "Field must have selections (field '{field}' returns {ty} but has no selections. Did you mean '{field} {{ ... }}'?)"
        ),
        json!({ "code": "selectionMismatch", "nodeName": format!("field '{field}'"), "typeName": ty }),
    )
}
