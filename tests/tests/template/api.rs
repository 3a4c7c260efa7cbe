//! What API Gateway is told: in which order, and what it logs.

use crate::model::{Template, at, text};

/// API Gateway refuses changes of one API that are made at the same time, and the first deployment ends in a rollback.
#[test]
fn routes_and_stage_of_the_api_are_made_one_after_the_other() {
    let template = Template::read();
    let is_part = |id: &&str| {
        let kind = text(&template.resource(id)["Type"]);
        ["AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::Stage"].contains(&kind)
    };
    let mut left: Vec<&str> = template.ids().filter(is_part).collect();
    let mut after = None;
    while !left.is_empty() {
        let next = left.iter().position(|id| template.resource(id)["DependsOn"].as_str() == after);
        let next = next.unwrap_or_else(|| panic!("nothing is made after {after:?}, and {left:?} are left"));
        after = Some(left.remove(next));
    }
    assert_eq!(after, Some("ApiStage"), "a deployment of a stage is the last change");
}

/// API Gateway escapes none of its variables: what a sender chooses could end the JSON, and a path may hold a secret.
#[test]
fn access_log_has_nothing_that_a_sender_chooses_and_errors_last() {
    let template = Template::read();
    let format = text(at(template.resource("ApiStage"), &["Properties", "AccessLogSettings", "Format"]));
    let line: serde_json::Value = serde_json::from_str(format).expect("a line is JSON");
    let used = line.as_object().unwrap().values().map(text).collect::<Vec<_>>();
    for chosen in ["path", "requestOverride", "identity.userAgent", "identity.caller", "domainName", "protocol"] {
        assert!(!used.contains(&format!("$context.{chosen}").as_str()), "{chosen}");
    }
    let errors = [format.find("$context.error.message"), format.find("$context.integrationErrorMessage")];
    let last = format.rfind("$context.integrationLatency");
    assert!(errors.iter().all(|error| error.is_some() && *error > last), "{format}");
}

/// Metrics by the route are billed by the route, and alarms and dashboard go by the API.
#[test]
fn no_route_has_metrics_of_its_own() {
    let template = Template::read();
    let settings = at(template.resource("ApiStage"), &["Properties", "DefaultRouteSettings"]);
    assert_eq!(settings["DetailedMetricsEnabled"], false);
}
