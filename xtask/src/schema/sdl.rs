//! An introspection, said as SDL.
//!
//! Ours: the crate that does this (cynic-introspection) is under the MPL, which deny.toml does not allow, and Shopify's
//! answer has fields of its own beside the standard ones.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Deserialize;

/// Raise it when the text changes for the same introspection.
pub(super) const EDITION: u32 = 1;

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "__schema")]
    schema: Schema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema {
    query_type: Named,
    mutation_type: Option<Named>,
    types: Vec<Type>,
    directives: Vec<Directive>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Type {
    kind: Kind,
    name: String,
    description: Option<String>,
    is_one_of: Option<bool>,
    fields: Option<Vec<Member>>,
    input_fields: Option<Vec<Member>>,
    interfaces: Option<Vec<Named>>,
    enum_values: Option<Vec<Member>>,
    possible_types: Option<Vec<Named>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    InputObject,
    List,
    NonNull,
}

/// A field, an argument, an input field or a value of an enum.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    name: String,
    description: Option<String>,
    #[serde(default)]
    args: Vec<Member>,
    r#type: Option<Reference>,
    default_value: Option<String>,
    #[serde(default)]
    is_deprecated: bool,
    deprecation_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    kind: Kind,
    name: Option<String>,
    of_type: Option<Box<Reference>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Directive {
    name: String,
    description: Option<String>,
    locations: Vec<String>,
    args: Vec<Member>,
    is_repeatable: Option<bool>,
}

/// What every GraphQL schema has, and no SDL says. (`@oneOf` is said: parsers older than 2025 don't have it.)
const BUILT_IN: [&str; 9] = ["String", "Int", "Float", "Boolean", "ID", "include", "skip", "deprecated", "specifiedBy"];

/// The SDL of the answer to an introspection query.
pub(super) fn from_introspection(json: &[u8]) -> Result<String> {
    let Answer { data: Data { schema } } = serde_json::from_slice(json)?;
    let mut out = String::new();
    writeln!(out, "schema {{\n  query: {}", schema.query_type.name)?;
    if let Some(mutation) = &schema.mutation_type {
        writeln!(out, "  mutation: {}", mutation.name)?;
    }
    out.push_str("}\n");
    for directive in schema.directives.iter().filter(|directive| is_said(&directive.name)) {
        out.push('\n');
        describe(&mut out, directive.description.as_deref(), "");
        write!(out, "directive @{}", directive.name)?;
        arguments(&mut out, &directive.args);
        let repeatable = if directive.is_repeatable == Some(true) { " repeatable" } else { "" };
        writeln!(out, "{repeatable} on {}", directive.locations.join(" | "))?;
    }
    for of in schema.types.iter().filter(|of| is_said(&of.name)) {
        out.push('\n');
        describe(&mut out, of.description.as_deref(), "");
        named(&mut out, of);
    }
    Ok(out)
}

fn is_said(name: &str) -> bool {
    !name.starts_with("__") && !BUILT_IN.contains(&name)
}

fn named(out: &mut String, of: &Type) {
    let keyword = match of.kind {
        Kind::Scalar => "scalar",
        Kind::Interface => "interface",
        Kind::Union => "union",
        Kind::Enum => "enum",
        Kind::InputObject => "input",
        Kind::Object | Kind::List | Kind::NonNull => "type",
    };
    out.extend([keyword, " ", &of.name]);
    if let Some(interfaces) = of.interfaces.as_deref().filter(|interfaces| !interfaces.is_empty()) {
        out.extend([" implements ", &names(interfaces, " & ")]);
    }
    if of.is_one_of == Some(true) {
        out.push_str(" @oneOf");
    }
    if let (Kind::Union, Some(possible)) = (of.kind, &of.possible_types) {
        out.extend([" = ", &names(possible, " | ")]);
    }
    if let Some(members) = of.fields.as_ref().or(of.input_fields.as_ref()).or(of.enum_values.as_ref()) {
        out.push_str(" {\n");
        for member in members {
            describe(out, member.description.as_deref(), "  ");
            out.push_str("  ");
            said(out, member);
            out.push('\n');
        }
        out.push('}');
    }
    out.push('\n');
}

/// `name(arguments): Type = default @deprecated(reason: "…")`, as much of it as there is.
fn said(out: &mut String, member: &Member) {
    out.push_str(&member.name);
    arguments(out, &member.args);
    if let Some(of) = &member.r#type {
        out.extend([": ", &reference(of)]);
    }
    if let Some(default) = &member.default_value {
        out.extend([" = ", default]);
    }
    if member.is_deprecated {
        let reason = member.deprecation_reason.as_deref().unwrap_or("No longer supported");
        out.extend([" @deprecated(reason: ", &quoted(reason), ")"]);
    }
}

fn arguments(out: &mut String, arguments: &[Member]) {
    for (at, argument) in arguments.iter().enumerate() {
        out.push_str(if at == 0 { "(" } else { ", " });
        said(out, argument);
    }
    out.push_str(if arguments.is_empty() { "" } else { ")" });
}

fn reference(of: &Reference) -> String {
    let inner = || of.of_type.as_deref().map(reference).unwrap_or_default();
    match of.kind {
        Kind::NonNull => format!("{}!", inner()),
        Kind::List => format!("[{}]", inner()),
        _ => of.name.clone().unwrap_or_default(),
    }
}

fn names(of: &[Named], between: &str) -> String {
    of.iter().map(|named| named.name.as_str()).collect::<Vec<_>>().join(between)
}

fn describe(out: &mut String, description: Option<&str>, indent: &str) {
    if let Some(description) = description.filter(|description| !description.is_empty()) {
        out.extend([indent, &quoted(description), "\n"]);
    }
}

/// A JSON string is a GraphQL string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_of_type_is_said_with_what_belongs_to_it() {
        let int = json!({"kind": "SCALAR", "name": "Int"});
        let list =
            json!({"kind": "NON_NULL", "ofType": {"kind": "LIST", "ofType": {"kind": "NON_NULL", "ofType": int}}});
        let field = json!({"name": "f", "description": "Says \"f\".\nTwice.", "type": list, "isDeprecated": true,
            "deprecationReason": "Use g.", "args": [{"name": "a", "type": int, "defaultValue": "3"}]});
        let answer = json!({"data": {"__schema": {
            "queryType": {"name": "Q"}, "mutationType": null,
            "directives": [
                {"name": "once", "locations": ["FIELD"], "args": [{"name": "key", "type": int}], "isRepeatable": false},
                {"name": "skip", "locations": ["FIELD"], "args": []}],
            "types": [
                {"kind": "SCALAR", "name": "Int"}, {"kind": "OBJECT", "name": "__Type", "fields": []},
                {"kind": "OBJECT", "name": "Q", "fields": [field], "interfaces": [{"name": "I"}, {"name": "J"}], "new": 1},
                {"kind": "INTERFACE", "name": "I", "fields": [], "interfaces": []},
                {"kind": "UNION", "name": "U", "possibleTypes": [{"name": "Q"}, {"name": "R"}]},
                {"kind": "ENUM", "name": "E", "enumValues": [{"name": "ONE", "isDeprecated": false}]},
                {"kind": "INPUT_OBJECT", "name": "N", "isOneOf": true, "inputFields": [{"name": "x", "type": int}]}],
        }}});
        let expected = r#"schema {
  query: Q
}

directive @once(key: Int) on FIELD

type Q implements I & J {
  "Says \"f\".\nTwice."
  f(a: Int = 3): [Int!]! @deprecated(reason: "Use g.")
}

interface I {
}

union U = Q | R

enum E {
  ONE
}

input N @oneOf {
  x: Int
}
"#;
        assert_eq!(from_introspection(answer.to_string().as_bytes()).unwrap(), expected);
    }
}
