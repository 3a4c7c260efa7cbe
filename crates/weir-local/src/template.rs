//! Reads template.yaml: CloudFormation's short tags become its long JSON form.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, json};
use serde_saphyr::Tagged;

/// The functions that are written `!Name` in YAML and `Fn::Name` in JSON. `!Ref` and `!Condition` are without `Fn::`.
const FUNCTIONS: [&str; 20] = [
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "Equals",
    "FindInMap",
    "ForEach",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
];

/// The template could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// There is no such file, or it cannot be read.
    #[error("could not read {path}")]
    Io {
        /// The template.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// It is not a YAML file of CloudFormation.
    #[error("{path} is not a template: {reason}")]
    Yaml {
        /// The template.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// A function names no binary, so that nothing can be packaged for it.
    #[error("{path}: function {function} names no binary")]
    NoBinary {
        /// The template.
        path: PathBuf,
        /// The function's logical id.
        function: String,
    },
}

/// A text is not a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotATemplate {
    /// The line at fault, counted from 1, if there is one.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub reason: String,
}

/// Checks that a text is YAML, and that its short tags are CloudFormation's.
///
/// # Errors
/// The first line that is not.
pub fn check_template(yaml: &str) -> Result<(), NotATemplate> {
    parse(yaml).map(drop)
}

/// A template in JSON form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template(Value);

/// A function to package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) logical_id: String,
    pub(crate) binary: String,
}

impl Template {
    pub(crate) fn read(path: &Path) -> Result<Self, TemplateError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| TemplateError::Io { path: path.to_owned(), source })?;
        let parsed = parse(&text).map(Self);
        parsed.map_err(|error| TemplateError::Yaml { path: path.to_owned(), reason: error.reason })
    }

    /// Every `AWS::Serverless::Function` with the binary that is its bootstrap.
    pub(crate) fn functions(&self, path: &Path) -> Result<Vec<Function>, TemplateError> {
        let resources = self.0.get("Resources").and_then(Value::as_object);
        resources
            .into_iter()
            .flatten()
            .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function")
            .map(|(id, resource)| {
                let binary = resource.pointer("/Metadata/BuildProperties/Binary").and_then(Value::as_str);
                binary
                    .map(|binary| Function { logical_id: id.clone(), binary: binary.to_owned() })
                    .ok_or_else(|| TemplateError::NoBinary { path: path.to_owned(), function: id.clone() })
            })
            .collect()
    }

    /// What a packager does: the code of `function` is the zip at `uri`.
    pub(crate) fn set_code(&mut self, function: &Function, uri: String) {
        let resource = self.0["Resources"][&function.logical_id].as_object_mut();
        let properties = resource.map(|resource| resource.entry("Properties").or_insert_with(|| json!({})));
        if let Some(properties) = properties.and_then(Value::as_object_mut) {
            properties.insert("CodeUri".to_owned(), Value::String(uri));
        }
    }

    pub(crate) fn into_value(self) -> Value {
        self.0
    }

    pub(crate) fn to_json(&self) -> String {
        self.0.to_string()
    }
}

fn parse(yaml: &str) -> Result<Value, NotATemplate> {
    // An account number with a leading zero is no octal number.
    let options = serde_saphyr::options! { leading_zero_numbers_as_strings: true };
    let at_fault = |error: serde_saphyr::Error| NotATemplate {
        line: error.location().and_then(|location| usize::try_from(location.line()).ok()),
        reason: error.to_string(),
    };
    let Long(value) = serde_saphyr::from_str_with_options(yaml, options).map_err(at_fault)?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(NotATemplate { line: None, reason: "it has no sections".to_owned() })
    }
}

/// A node in long form.
struct Long(Value);

impl<'de> Deserialize<'de> for Long {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Tagged(Plain(value), tag) = Tagged::deserialize(deserializer)?;
        match tag {
            None => Ok(Self(value)),
            Some(tag) => lengthen(&tag, value).map(Self).map_err(de::Error::custom),
        }
    }
}

fn lengthen(tag: &str, value: Value) -> Result<Value, String> {
    // YAML's own tags (`!!str`) have had their effect.
    let Some(name) = tag.strip_prefix('!') else { return Ok(value) };
    match (name, value) {
        ("Ref" | "Condition", value) => Ok(json!({ name: value })),
        ("GetAtt", Value::String(path)) => {
            // An attribute may have dots of its own, as in `Nested.Outputs.Url`: the logical id ends at the first.
            let (id, attribute) = path.split_once('.').ok_or(format!("!GetAtt {path} names no attribute"))?;
            Ok(json!({ "Fn::GetAtt": [id, attribute] }))
        }
        (name, value) if FUNCTIONS.contains(&name) => Ok(json!({ format!("Fn::{name}"): value })),
        (name, _) => Err(format!("!{name} is not a function of CloudFormation")),
    }
}

/// A node without its tag; what is inside it is in long form.
struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(Self)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping, a sequence or a scalar")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Long(value))) = entries.next_entry::<String, Long>()? {
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Long(value)) = items.next_element()? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number must be finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests;
