//! Literals in a document, held to the types of their arguments.

use apollo_compiler::{
    Schema,
    ast::{Type, Value as Literal},
    schema::ExtendedType,
    validation::Valid,
};
use serde_json::{Value, json};

use crate::{graphql_error::GraphqlError, store::Gid};

/// An argument, and where it is.
pub(super) struct Argument<'a> {
    pub(super) name: &'a str,
    pub(super) field: &'a str,
    pub(super) ty: &'a Type,
    /// Where the field begins.
    pub(super) at: Option<(usize, usize)>,
    pub(super) path: Vec<Value>,
}

/// What is wrong with an argument's literal. Variables are held to their own types.
pub(super) fn problems(schema: &Valid<Schema>, argument: &Argument<'_>, value: &Literal) -> Vec<GraphqlError> {
    let walk = Walk { schema };
    let mut found = Vec::new();
    walk.shape(value, argument.ty, &argument.path, argument.at, &mut found);
    if !found.is_empty() {
        return found;
    }
    if let Some(id) = walk.malformed_id(value, argument.ty) {
        let extensions = json!({ "code": "argumentLiteralsIncompatible", "typeName": "CoercionError" });
        let problem = GraphqlError::new(format!("Invalid global id '{id}'"), extensions);
        return vec![problem.at(argument.at).on(argument.path.clone())];
    }
    if walk.fits(value, argument.ty) {
        return Vec::new();
    }
    let Argument { name, field, ty, .. } = argument;
    let message = format!("Argument '{name}' on Field '{field}' has an invalid value ({value}). Expected type '{ty}'.");
    let extensions = json!({ "code": "argumentLiteralsIncompatible", "typeName": "Field", "argumentName": name });
    vec![GraphqlError::new(message, extensions).at(argument.at).on(argument.path.clone())]
}

struct Walk<'a> {
    schema: &'a Valid<Schema>,
}

impl Walk<'_> {
    /// Input objects with fields that they do not have, and without those that they need.
    fn shape(
        &self,
        value: &Literal,
        ty: &Type,
        path: &[Value],
        at: Option<(usize, usize)>,
        found: &mut Vec<GraphqlError>,
    ) {
        match value {
            Literal::List(values) => {
                values.iter().for_each(|value| self.shape(value, ty.item_type(), path, at, found));
            }
            Literal::Object(fields) => {
                let kind = ty.inner_named_type().as_str();
                let Some(ExtendedType::InputObject(object)) = self.schema.types.get(kind) else { return };
                for (name, value) in fields {
                    let path = [path, &[json!(name.as_str())]].concat();
                    if let Some(field) = object.fields.get(name) {
                        self.shape(value, &field.ty, &path, at, found);
                        continue;
                    }
                    let message = format!("InputObject '{kind}' doesn't accept argument '{name}'");
                    let extensions = json!({ "code": "argumentNotAccepted", "name": kind, "typeName": "InputObject", "argumentName": name.as_str() });
                    found.push(GraphqlError::new(message, extensions).at(at).on(path));
                }
                for (name, field) in object.fields.iter().filter(|(_, field)| field.is_required()) {
                    if fields.iter().any(|(given, _)| given == name) {
                        continue;
                    }
                    let ty = &field.ty;
                    let message = format!("Argument '{name}' on InputObject '{kind}' is required. Expected type {ty}");
                    let extensions = json!({ "code": "missingRequiredInputObjectAttribute", "argumentName": name.as_str(), "argumentType": ty.to_string(), "inputObjectType": kind });
                    found.push(
                        GraphqlError::new(message, extensions).at(at).on([path, &[json!(name.as_str())]].concat()),
                    );
                }
            }
            _ => {}
        }
    }

    /// A text that stands for an id and is no global one.
    fn malformed_id(&self, value: &Literal, ty: &Type) -> Option<String> {
        match value {
            Literal::List(values) => values.iter().find_map(|value| self.malformed_id(value, ty.item_type())),
            Literal::Object(fields) => {
                let kind = ty.inner_named_type().as_str();
                let Some(ExtendedType::InputObject(object)) = self.schema.types.get(kind) else { return None };
                let typed = fields.iter().filter_map(|(name, value)| Some((value, &object.fields.get(name)?.ty)));
                typed.into_iter().find_map(|(value, ty)| self.malformed_id(value, ty))
            }
            Literal::String(text) if ty.inner_named_type() == "ID" => Gid::parse(text).is_none().then(|| text.clone()),
            Literal::Int(number) if ty.inner_named_type() == "ID" => Some(number.as_str().to_owned()),
            _ => None,
        }
    }

    /// Whether a literal may stand for this type.
    fn fits(&self, value: &Literal, ty: &Type) -> bool {
        match (value, ty) {
            (Literal::Variable(_), _) => true,
            (Literal::Null, _) => !ty.is_non_null(),
            (Literal::List(values), Type::List(item) | Type::NonNullList(item)) => {
                values.iter().all(|value| self.fits(value, item))
            }
            (value, Type::List(item) | Type::NonNullList(item)) => self.fits(value, item),
            (value, Type::Named(name) | Type::NonNullNamed(name)) => match (self.schema.types.get(name), value) {
                (Some(ExtendedType::Enum(ty)), Literal::Enum(value)) => ty.values.contains_key(value),
                (Some(ExtendedType::Enum(_)), _) => false,
                (Some(ExtendedType::InputObject(ty)), Literal::Object(fields)) => fields
                    .iter()
                    .all(|(name, value)| ty.fields.get(name).is_some_and(|field| self.fits(value, &field.ty))),
                (Some(ExtendedType::InputObject(_)), _) => false,
                (Some(ExtendedType::Scalar(_)), value) => scalar(name, value),
                _ => true,
            },
        }
    }
}

fn scalar(name: &str, value: &Literal) -> bool {
    match name {
        // 32 bits.
        "Int" => value.to_i32().is_some(),
        "Float" => matches!(value, Literal::Int(_) | Literal::Float(_)),
        "Boolean" => matches!(value, Literal::Boolean(_)),
        "String" => matches!(value, Literal::String(_)),
        "ID" => matches!(value, Literal::String(_)),
        _ => true,
    }
}
