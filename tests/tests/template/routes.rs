//! Which requests reach ingest.

use serde_json::Value;

use crate::model::{Template, at};

/// A route's key with a path segment and without.
fn keys(template: &Template, route: &str) -> (String, String) {
    let key = at(template.resource(route), &["Properties", "RouteKey", "Fn::If"]);
    assert_eq!(key[0], "HasPathSegment", "{route}");
    let text = |value: &Value| value["Fn::Sub"].as_str().or(value.as_str()).expect("a text").to_owned();
    (text(&key[1]), text(&key[2]))
}

#[test]
fn with_a_path_segment_only_paths_that_have_it_reach_ingest() {
    let template = Template::read();
    let routes: Vec<&str> = template.of_type("AWS::ApiGatewayV2::Route").map(|(id, _)| id).collect();
    assert_eq!(routes.len(), 3, "{routes:?}");
    for route in routes {
        let (behind, _) = keys(&template, route);
        let (_method, path) = behind.split_once(' ').expect("no catch-all route: scanners would cost invocations");
        assert!(path == "/webhooks/${PathSegment}" || path == "/webhooks/${PathSegment}/{app}", "{route}: {path}");
    }
    assert_eq!(keys(&template, "DefaultAppRoute").1, "POST /webhooks");
    assert_eq!(keys(&template, "AppRoute").1, "POST /webhooks/{app}");
    assert_eq!(keys(&template, "FallbackRoute").1, "$default");
}

#[test]
fn addresses_that_the_stack_tells_have_the_path_segment() {
    let template = Template::read();
    let told = |value: &Value| {
        let parts = at(value, &["Fn::Sub"]);
        let text = parts[0].as_str().expect("a text");
        assert!(text.ends_with("/webhooks${Rest}"), "{text}");
        let rest = at(&parts[1], &["Rest", "Fn::If"]);
        assert_eq!(
            (&rest[0], &rest[1]["Fn::Sub"], &rest[2]),
            (&"HasPathSegment".into(), &"/${PathSegment}".into(), &"".into())
        );
    };
    told(template.output("WebhookUrl"));
    let monitor = at(template.resource("Monitor"), &["Properties", "Environment", "Variables"]);
    let address = at(monitor, &["WEIR_WEBHOOK_URL", "Fn::If"]);
    told(&address[1]);
    told(&address[2]);
}
