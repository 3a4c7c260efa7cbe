//! Variables held to their types, with the complaints that the Admin API has.

use apollo_compiler::{
    Schema,
    ast::{Type, Value as Literal},
    executable::Operation,
    parser::SourceMap,
    response::JsonMap,
    schema::ExtendedType,
    validation::Valid,
};
use serde_json::{Value, json};

use crate::graphql_error::GraphqlError;

/// The most elements that an array in the input may have.
const MOST: usize = 250;

/// What is wrong with the variables, one complaint a variable.
pub(crate) fn check(
    schema: &Valid<Schema>,
    operation: &Operation,
    sources: &SourceMap,
    variables: &serde_json::Map<String, Value>,
) -> Result<JsonMap, Vec<GraphqlError>> {
    let mut wrong = Vec::new();
    for definition in &operation.variables {
        let name = definition.name.as_str();
        let given = variables.get(name);
        if given.is_none() && definition.default_value.is_some() {
            continue;
        }
        let value = given.cloned().unwrap_or(Value::Null);
        let mut faults = Vec::new();
        Walk { schema, faults: &mut faults }.value(&value, &definition.ty, &mut Vec::new());
        if faults.is_empty() {
            continue;
        }
        let told: Vec<String> = faults.iter().filter_map(Fault::told).collect();
        let told = if told.is_empty() { String::new() } else { format!(" for {}", told.join(", ")) };
        let problems: Vec<Value> = faults.iter().map(Fault::problem).collect();
        let at = definition.line_column_range(sources).map(|range| (range.start.line, range.start.column));
        let message = format!("Variable ${name} of type {} was provided invalid value{told}", definition.ty);
        let extensions = json!({ "code": "INVALID_VARIABLE", "value": value, "problems": problems });
        wrong.push(GraphqlError::new(message, extensions).at(at));
    }
    if wrong.is_empty() { Ok(known(operation, variables)) } else { Err(wrong) }
}

fn known(operation: &Operation, variables: &serde_json::Map<String, Value>) -> JsonMap {
    (operation.variables.iter())
        .filter_map(|definition| {
            let value = variables.get(definition.name.as_str())?;
            Some((definition.name.as_str().into(), value.clone().into()))
        })
        .collect()
}

/// A literal with its variables put in, as far as the lengths of its arrays go: other literals are null.
pub(crate) fn written_out(literal: &Literal, variables: &serde_json::Map<String, Value>) -> Value {
    match literal {
        Literal::Variable(name) => variables.get(name.as_str()).cloned().unwrap_or_default(),
        Literal::List(values) => values.iter().map(|value| written_out(value, variables)).collect(),
        Literal::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.to_string(), written_out(value, variables)));
            Value::Object(fields.collect())
        }
        _ => Value::Null,
    }
}

/// An array in the input that is too long: its path inside the variable, and its length.
pub(crate) fn too_long(value: &Value, path: &mut Vec<Value>) -> Option<(Vec<Value>, usize)> {
    match value {
        Value::Array(values) if values.len() > MOST => Some((path.clone(), values.len())),
        Value::Array(values) => values.iter().enumerate().find_map(|(index, value)| inside(value, json!(index), path)),
        Value::Object(map) => map.iter().find_map(|(name, value)| inside(value, json!(name), path)),
        _ => None,
    }
}

fn inside(value: &Value, step: Value, path: &mut Vec<Value>) -> Option<(Vec<Value>, usize)> {
    path.push(step);
    let found = too_long(value, path);
    path.pop();
    found
}

/// What the Admin API says to an array of `length`.
pub(crate) fn too_long_problem(length: usize, path: Vec<Value>, at: Option<(usize, usize)>) -> GraphqlError {
    let message = format!("The input array size of {length} is greater than the maximum allowed of {MOST}.");
    GraphqlError::code(message, "MAX_INPUT_SIZE_EXCEEDED").at(at).on(path)
}

struct Fault {
    path: Vec<Value>,
    why: String,
    /// Whether the scalar itself complains: then the problem says it twice.
    coercion: bool,
}

impl Fault {
    fn told(&self) -> Option<String> {
        let steps: Vec<String> =
            self.path.iter().map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned)).collect();
        (!steps.is_empty()).then(|| format!("{} ({})", steps.join("."), self.why))
    }

    fn problem(&self) -> Value {
        let mut problem = json!({ "path": self.path, "explanation": self.why });
        if self.coercion {
            problem["message"] = self.why.as_str().into();
        }
        problem
    }
}

struct Walk<'a> {
    schema: &'a Valid<Schema>,
    faults: &'a mut Vec<Fault>,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value, ty: &Type, path: &mut Vec<Value>) {
        match (value, ty) {
            (Value::Null, ty) if ty.is_non_null() => self.fault(path, "Expected value to not be null".to_owned()),
            (Value::Null, _) => {}
            (Value::Array(values), Type::List(item) | Type::NonNullList(item)) => {
                for (index, value) in values.iter().enumerate() {
                    path.push(json!(index));
                    self.value(value, item, path);
                    path.pop();
                }
            }
            (value, Type::List(item) | Type::NonNullList(item)) => self.value(value, item, path),
            (value, Type::Named(name) | Type::NonNullNamed(name)) => self.named(value, name, path),
        }
    }

    fn named(&mut self, value: &Value, name: &str, path: &mut Vec<Value>) {
        match self.schema.types.get(name) {
            Some(ExtendedType::InputObject(ty)) => {
                let Value::Object(given) = value else {
                    return self.fault(path, format!("Expected {} to be a key-value object.", compact(value)));
                };
                for (key, value) in given {
                    path.push(json!(key));
                    match ty.fields.get(key.as_str()) {
                        Some(field) => self.value(value, &field.ty, path),
                        None => self.fault(path, format!("Field is not defined on {name}")),
                    }
                    path.pop();
                }
                for (key, field) in ty.fields.iter().filter(|(_, field)| field.is_required()) {
                    if !given.contains_key(key.as_str()) {
                        path.push(json!(key.as_str()));
                        self.value(&Value::Null, &field.ty, path);
                        path.pop();
                    }
                }
            }
            Some(ExtendedType::Enum(ty)) => {
                if !value.as_str().is_some_and(|value| ty.values.contains_key(value)) {
                    let mut all: Vec<&str> = ty.values.keys().map(|value| value.as_str()).collect();
                    all.sort_unstable();
                    let given = value.as_str().map_or_else(|| compact(value), str::to_owned);
                    self.fault(path, format!("Expected \"{given}\" to be one of: {}", all.join(", ")));
                }
            }
            _ => {
                let fits = match name {
                    "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
                    "Float" => value.is_number(),
                    "Boolean" => value.is_boolean(),
                    "String" => value.is_string(),
                    "ID" => {
                        // A number is taken for its text, which is no global id.
                        let number = value.as_i64().map(|number| number.to_string());
                        let text = value.as_str().map(str::to_owned).or(number);
                        if let Some(id) = text.as_ref().filter(|id| crate::store::Gid::parse(id).is_none()) {
                            let why = format!("Invalid global id '{id}'");
                            self.faults.push(Fault { path: path.clone(), why, coercion: true });
                            return;
                        }
                        text.is_some()
                    }
                    _ => true,
                };
                if !fits {
                    self.fault(path, format!("Could not coerce value {} to {name}", compact(value)));
                }
            }
        }
    }

    fn fault(&mut self, path: &[Value], why: String) {
        self.faults.push(Fault { path: path.to_vec(), why, coercion: false });
    }
}

fn compact(value: &Value) -> String {
    value.to_string()
}
