//! The reference of the template's parameters.

use std::fmt::Write;

use serde_json::Value;

use super::cell;

const HEAD: &str = "\
# Parameters

This page lists the parameters of `template.yaml`. Set them in `samconfig.toml` ([Deploy](../guides/deploy.md#change-parameters)): the
next `sam deploy` forgets a value that was only given on the command line. It is generated: `cargo xtask reference` writes it.
";

pub(super) fn page(template: &Value) -> String {
    let mut page = HEAD.to_owned();
    let groups = &template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    for group in groups.as_array().into_iter().flatten() {
        let _ = write!(page, "\n## {}\n", text(&group["Label"]["default"]));
        page.push_str("\n| parameter | default | allowed | meaning |\n|---|---|---|---|\n");
        for name in group["Parameters"].as_array().into_iter().flatten().map(text) {
            let parameter = &template["Parameters"][&name];
            let (default, allowed) = (default(parameter), allowed(parameter));
            let _ = writeln!(page, "| `{name}` | {default} | {allowed} | {} |", cell(&text(&parameter["Description"])));
        }
    }
    page
}

fn default(parameter: &Value) -> String {
    match &parameter["Default"] {
        Value::Null => "required".to_owned(),
        Value::String(value) if value.is_empty() => "empty".to_owned(),
        value => format!("`{}`", text(value)),
    }
}

fn allowed(parameter: &Value) -> String {
    if let Some(values) = parameter["AllowedValues"].as_array() {
        let values: Vec<String> = values.iter().map(|value| format!("`{}`", text(value))).collect();
        return values.join(", ");
    }
    match (&parameter["MinValue"], &parameter["MaxValue"]) {
        (Value::Null, Value::Null) => cell(&text(&parameter["ConstraintDescription"])),
        (min, Value::Null) => format!("{} or more", text(min)),
        (min, max) => format!("{} to {}", text(min), text(max)),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
}
