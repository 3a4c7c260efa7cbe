//! What `weir check` repeats of the template is what the template says.

use std::collections::BTreeSet;

use serde_json::Value;
use weir_core::check;
use weir_ops::check::{DEFAULTS, NEEDS, Need, On};

use crate::{
    model::{Template, at, items, text},
    permissions::statements,
};

/// An action and what it is on, as both sides spell it: `dynamodb:Query Ledger/index/by_unsettled`.
type Right = String;

#[test]
fn needs_that_a_check_simulates_are_what_the_roles_allow() {
    let template = Template::read();
    for (id, function) in template.of_type("AWS::Serverless::Function") {
        let function_name = id.strip_suffix("Function").unwrap_or(id);
        let allowed: BTreeSet<Right> = statements(&template, function)
            .into_iter()
            .flat_map(|statement| {
                let resources: Vec<String> = items(&statement["Resource"]).into_iter().map(resource).collect();
                let actions = items(&statement["Action"]).into_iter().map(text);
                actions.flat_map(|action| resources.iter().map(move |on| format!("{action} {on}"))).collect::<Vec<_>>()
            })
            // A check adds these to every role.
            .filter(|right| !right.starts_with("logs:") && !right.starts_with("xray:"))
            .collect();
        let lane = function_name.strip_suffix("Worker");
        let is_its = |need: &&Need| match lane {
            Some(lane) => need.function.replace("<Lane>", lane) == function_name,
            None => need.function == function_name,
        };
        let needed: BTreeSet<Right> = NEEDS.iter().filter(is_its).flat_map(|need| rights(need, lane)).collect();
        assert!(!needed.is_empty(), "{id} needs nothing");
        assert_eq!(needed, allowed, "{id}: what a check simulates, and what the template allows");
    }
}

fn rights(need: &Need, lane: Option<&str>) -> Vec<Right> {
    let lanes = lane.map_or_else(|| ["Urgent", "Standard", "Bulk"].to_vec(), |lane| vec![lane]);
    let each = |name: &str| match name.contains("<Lane>") {
        true => lanes.iter().map(|lane| name.replace("<Lane>", lane)).collect(),
        false => vec![name.to_owned()],
    };
    let resources = match need.on {
        On::Resource(name) => each(name),
        On::Part(name, part) => each(name).into_iter().map(|name| format!("{name}{part}")).collect(),
        On::AppSecrets => vec!["secret:/apps/*".to_owned()],
        On::Controls => vec!["parameter/controls".to_owned()],
        On::FallbackQueues => ["urgent", "standard", "bulk"].map(|lane| format!("fallback -{lane}")).into(),
        On::FallbackBodies => vec!["fallback bodies/*".to_owned()],
        On::Parameter(name) => vec![name.to_owned()],
        On::Logs | On::Traces => Vec::new(),
    };
    let actions = need.actions.iter();
    actions.flat_map(|action| resources.iter().map(move |on| format!("{action} {on}"))).collect()
}

/// A resource of a statement, in short.
fn resource(value: &Value) -> String {
    let attribute =
        || value["Fn::GetAtt"].as_str().map(str::to_owned).or(value["Fn::GetAtt"][0].as_str().map(str::to_owned));
    if let Some(name) = value["Ref"].as_str().map(str::to_owned).or_else(attribute) {
        return name.trim_end_matches(".Arn").to_owned();
    }
    let Some(sub) = value["Fn::Sub"].as_str() else { return text(value).to_owned() };
    // The longest first.
    [
        ("arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${AWS::StackName}", "secret:"),
        ("arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${AWS::StackName}", "parameter"),
        ("arn:${AWS::Partition}:sqs:${FallbackRegion}:${AWS::AccountId}:${AWS::StackName}", "fallback "),
        ("arn:${AWS::Partition}:s3:::${FallbackBodiesBucket}", "fallback bodies"),
        (".Arn}", ""),
        ("${", ""),
    ]
    .iter()
    .fold(sub.to_owned(), |text, (long, short)| text.replace(long, short))
}

#[test]
fn defaults_that_a_check_knows_are_those_of_the_template() {
    let template = Template::read();
    for (name, expected) in DEFAULTS {
        let default = at(template.parameter(name), &["Default"]);
        let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        assert_eq!(default, expected, "{name}");
    }
}

/// A rule without a source would hand what a check sends to a service.
#[test]
fn no_rule_of_the_bus_takes_what_a_check_sends() {
    let template = Template::read();
    let rules = template.of_type("AWS::Events::Rule").filter(|(_, rule)| !rule["EventBusName"].is_null());
    let mut count = 0;
    for (id, rule) in rules.filter(|(id, _)| *id != "TapRule") {
        let sources = items(at(rule, &["EventPattern", "source"]));
        assert!(!sources.is_empty(), "{id} takes events of every source");
        for source in sources {
            let source = source.as_str().unwrap_or_else(|| panic!("{id} has a pattern for its source: {source}"));
            assert_ne!(source, check::SOURCE, "{id}");
            count += 1;
        }
    }
    assert!(count > 0, "there are no rules");
}
