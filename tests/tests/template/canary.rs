//! What the code takes for granted of the way in which a new version of ingest takes over.

use std::collections::BTreeSet;

use serde_json::Value;
use weir_tests::translated;

use crate::{
    alarms::Alarm,
    model::{Template, at, entries, items, text},
};

#[tokio::test]
async fn without_a_canary_nothing_of_code_deploy_is_there() {
    let off = translated(&[]).await;
    let left: Vec<_> = entries(&off["Resources"]).filter(|(_, resource)| is_code_deploy(resource)).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(off["Resources"]["CodeDeployServiceRole"].is_null());
    assert!(at(&off, &["Resources", "IngestFunctionAliaslive"])["UpdatePolicy"].is_null());
}

#[tokio::test]
async fn with_a_canary_ingest_alone_is_shifted_and_goes_back_when_an_alarm_goes_on() {
    let on = translated(&[("Canary", "true"), ("CanaryType", "Linear10PercentEvery1Minute")]).await;
    let groups: Vec<_> = entries(&on["Resources"])
        .filter(|(_, resource)| resource["Type"] == "AWS::CodeDeploy::DeploymentGroup")
        .map(|(id, group)| (id, &group["Properties"]))
        .collect();
    let [(id, group)] = &groups[..] else { panic!("{groups:?}") };
    let alias = at(&on, &["Resources", "IngestFunctionAliaslive"]);
    assert_eq!(alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"]["Ref"], *id);
    assert_eq!(group["DeploymentConfigName"]["Fn::Sub"][1]["ConfigName"], "Linear10PercentEvery1Minute");
    let events = at(group, &["AutoRollbackConfiguration", "Events"]).to_string();
    assert!(events.contains("DEPLOYMENT_STOP_ON_ALARM"), "{events}");
    let configuration = &at(group, &["AlarmConfiguration", "Fn::If"]);
    assert_eq!(configuration[0], "IsOnAws");
    let alarms = items(at(&configuration[1], &["Alarms"]));
    let alarms: Vec<_> = alarms.into_iter().map(|alarm| text(&alarm["Name"]["Ref"])).collect();
    assert_eq!(alarms, ["Ingest5xxAlarm", "IngestP99Alarm"], "on AWS");
    for alarm in alarms {
        assert_eq!(on["Resources"][alarm]["Type"], "AWS::CloudWatch::Alarm", "{alarm}");
    }
}

/// What is over before an alarm can go on takes nothing back.
#[test]
fn a_shift_lasts_longer_than_its_alarms_need_to_go_on() {
    let template = Template::read();
    let needed = ["Ingest5xxAlarm", "IngestP99Alarm"].map(|id| {
        let alarm = Alarm::named(&template, id);
        let periods = alarm.count("DatapointsToAlarm").or(alarm.count("EvaluationPeriods")).unwrap();
        // A sliding window sees the first breaching datapoint within its first period, if the rest of it is slow as well.
        let period = alarm.metrics().iter().map(|used| used.period).max().unwrap() / 60;
        if periods == 1 { 1 } else { period * u64::try_from(periods).unwrap() + 1 }
    });
    let needed = needed.into_iter().max().unwrap();
    for kind in items(at(template.parameter("CanaryType"), &["AllowedValues"])).into_iter().map(text) {
        let numbers: Vec<u64> =
            kind.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
        let [percent, minutes] = numbers[..] else { panic!("{kind}") };
        let lasts = if kind.starts_with("Linear") { (100 / percent - 1) * minutes } else { minutes };
        assert!(lasts > needed, "{kind} lasts {lasts} min, and its alarms need {needed}");
    }
}

/// A changed parameter replaces a version under the same logical id.
#[tokio::test]
async fn version_that_was_replaced_stays_to_go_back_to() {
    let on = translated(&[("Canary", "true")]).await;
    let versions: Vec<_> =
        entries(&on["Resources"]).filter(|(_, resource)| resource["Type"] == "AWS::Lambda::Version").collect();
    let [(id, version)] = &versions[..] else { panic!("{versions:?}") };
    assert_eq!(
        (&version["UpdateReplacePolicy"], &version["DeletionPolicy"]),
        (&"Retain".into(), &"Retain".into()),
        "{id}"
    );
}

/// With the canary API Gateway invokes the alias, else the function: it may do both before it is asked to.
#[test]
fn the_integration_may_invoke_whichever_it_points_at() {
    let template = Template::read();
    let uri = at(template.resource("IngestIntegration"), &["Properties", "IntegrationUri", "Fn::If"]);
    assert_eq!((&uri[0], &uri[1]["Ref"]), (&"HasCanary".into(), &"IngestFunction.Alias".into()));
    let of = |permission: &str| &template.resource(permission)["Properties"];
    let (function, alias) = (of("IngestPermission"), of("IngestAliasPermission"));
    assert_eq!(function["FunctionName"]["Ref"], "IngestFunction");
    assert_eq!(alias["FunctionName"]["Ref"], "IngestFunction.Alias");
    for permission in ["IngestPermission", "IngestAliasPermission"] {
        assert!(template.resource(permission)["Condition"].is_null(), "{permission}");
    }
    assert_eq!(function["SourceArn"], alias["SourceArn"]);
}

/// SAM publishes a version when the template or the code changes, and sees no parameter's value. A parameter that is not in
/// the version's description would change, and the alias would go on with the old one.
#[test]
fn a_version_is_told_by_every_parameter_that_ingest_depends_on() {
    let template = Template::read();
    let mut function = template.resource("IngestFunction")["Properties"].clone();
    let told = parameters_in(&template, &function["VersionDescription"]["Fn::If"][1]);
    // What is reserved is the function's, not the version's.
    for beside in ["VersionDescription", "Description", "DeploymentPreference", "ReservedConcurrentExecutions"] {
        function.as_object_mut().unwrap().remove(beside).expect(beside);
    }
    let mut needed = parameters_in(&template, &function);
    needed.extend(parameters_in(&template, template.globals()));
    assert!(needed.len() > 5, "the walk found too little: {needed:?}");
    assert_eq!(told, needed);
}

/// Otherwise turning it on or off would publish the same function twice, which Lambda refuses.
#[test]
fn turning_the_canary_on_or_off_changes_the_function() {
    let template = Template::read();
    let description = at(template.resource("IngestFunction"), &["Properties", "Description", "Fn::If"]);
    assert_eq!(description[0], "HasCanary");
    assert_ne!(description[1], description[2]);
}

fn is_code_deploy(resource: &Value) -> bool {
    text(&resource["Type"]).starts_with("AWS::CodeDeploy::")
}

/// The parameters that a part of the template refers to, by conditions too.
fn parameters_in(template: &Template, part: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next = vec![part];
    while let Some(value) = next.pop() {
        let mut names: Vec<&str> = value["Ref"].as_str().into_iter().collect();
        let sub = value["Fn::Sub"].as_str().or_else(|| value["Fn::Sub"][0].as_str()).unwrap_or_default();
        names.extend(sub.split("${").skip(1).filter_map(|rest| rest.split('}').next()));
        found.extend(names.into_iter().filter(|name| template.has_parameter(name)).map(str::to_owned));
        let condition = value["Fn::If"][0].as_str().or_else(|| value["Condition"].as_str());
        next.extend(condition.map(|name| template.condition(name)));
        match value {
            Value::Object(map) => next.extend(map.values()),
            Value::Array(list) => next.extend(list),
            _ => {}
        }
    }
    found
}
