//! The dashboard of template.yaml: one screen, of declared metrics and all alarms.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::alarms::{Used, alarms_and_composites, assert_declared};
use crate::model::{Template, at, items, text};

fn body(template: &Template) -> Value {
    let (text, choices) = source(template);
    let choices: String = choices.iter().map(|choice| text_of_sub(&choice["Fn::If"][1])).collect();
    // The one number among what is filled in; all others stand within texts.
    let text = text.replace("${IngestP99AlarmMs}", "50").replace("${AlarmsOfChoices}", &choices);
    serde_json::from_str(&text).expect("the dashboard's body is JSON")
}

/// The body's text, and the alarms that only some stacks have.
fn source(template: &Template) -> (&str, Vec<&Value>) {
    let body = at(template.resource("Dashboard"), &["Properties", "DashboardBody", "Fn::Sub"]);
    let choices = &at(&body[1], &["AlarmsOfChoices", "Fn::Join"])[1];
    (text(&body[0]), items(choices))
}

fn text_of_sub(value: &Value) -> &str {
    text(at(value, &["Fn::Sub"]))
}

fn widgets(body: &Value) -> Vec<&Value> {
    items(&body["widgets"])
}

/// The metrics of a widget: `[namespace, name, dimension, value, …, {options}]`.
fn metrics(widget: &Value) -> Vec<Used> {
    let properties = &widget["properties"];
    let lists = items(&properties["metrics"]).into_iter().filter_map(Value::as_array);
    lists
        .filter(|list| list[0].is_string())
        .map(|list| {
            let options = list.last().filter(|last| last.is_object());
            let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            let [namespace, name, dimensions @ ..] = &words[..] else { panic!("{list:?}") };
            let stat = options.and_then(|options| options["stat"].as_str()).unwrap_or(text(&properties["stat"]));
            Used {
                id: options.and_then(|options| options["id"].as_str()).unwrap_or_default().to_owned(),
                namespace: (*namespace).to_owned(),
                name: (*name).to_owned(),
                dimensions: dimensions.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].into())).collect(),
                statistic: stat.to_owned(),
                period: properties["period"].as_u64().expect("a period"),
            }
        })
        .collect()
}

#[test]
fn graphs_are_of_declared_metrics() {
    let template = Template::read();
    let body = body(&template);
    let mut count = 0;
    for widget in widgets(&body) {
        let title = text(&widget["properties"]["title"]);
        for used in metrics(widget) {
            assert_declared(title, &used);
            count += 1;
        }
    }
    assert!(count > 60, "only {count} metrics were found");
}

#[test]
fn every_metric_that_weir_emits_is_to_be_seen() {
    let template = Template::read();
    let body = body(&template);
    let shown: BTreeSet<String> = widgets(&body).into_iter().flat_map(metrics).map(|used| used.name).collect();
    // Told by others: what an operation takes, by `weir audit`.
    let elsewhere = ["ShopifyLatency"];
    let missing: Vec<&str> = weir_telemetry::metrics::EMITTED
        .iter()
        .map(|metric| metric.name)
        .filter(|name| !shown.contains(*name) && !elsewhere.contains(name))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn dashboard_references_only_resources_of_the_template() {
    let template = Template::read();
    let (text, _) = source(&template);
    for part in text.split("${").skip(1) {
        let name = part.split('}').next().expect("a name").split('.').next().expect("a name");
        if name.starts_with("AWS::") || ["IngestP99AlarmMs", "AlarmsOfChoices"].contains(&name) {
            continue;
        }
        assert!(template.ids().any(|id| id == name), "{name}");
        // What a stack may be without would fail its deployment.
        assert!(template.resource(name)["Condition"].is_null(), "{name} is not always there");
    }
}

/// 24 columns; a screen holds some 32 rows of them, in a browser that is zoomed out a little.
#[test]
fn it_is_one_screen_on_which_nothing_covers_another() {
    let template = Template::read();
    let body = body(&template);
    let mut taken = BTreeSet::new();
    for widget in widgets(&body) {
        let [x, y, width, height] = ["x", "y", "width", "height"].map(|key| widget[key].as_u64().expect("a number"));
        assert!(x + width <= 24 && y + height <= 32, "{}", widget["properties"]["title"]);
        for cell in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{} covers another at {cell:?}", widget["properties"]["title"]);
        }
    }
    assert!(widgets(&body).len() <= 30);
}

#[test]
fn it_shows_every_alarm_and_none_that_is_not_there() {
    let template = Template::read();
    let body = body(&template);
    let first = widgets(&body)[0];
    assert_eq!((&first["type"], &first["y"]), (&"alarm".into(), &0.into()), "they stand on top");
    let name = |arn: &Value| text(arn).rsplit(":alarm:").next().expect("a name").to_owned();
    let shown: BTreeSet<String> = items(&first["properties"]["alarms"]).into_iter().map(name).collect();
    let alarm_name = |alarm: &Value| text(at(alarm, &["AlarmName", "Fn::Sub"])).to_owned();
    let there: BTreeSet<String> =
        alarms_and_composites(&template).into_iter().map(|(_, alarm)| alarm_name(alarm)).collect();
    assert_eq!(shown, there);
    assert!(shown.len() <= 100, "CloudWatch takes no more in a widget");

    // One that some stacks are without is shown where it is.
    let (always, choices) = source(&template);
    for (id, alarm) in alarms_and_composites(&template) {
        let (name, condition) = (format!(":alarm:{}\"", alarm_name(alarm)), &template.resource(id)["Condition"]);
        let choice = choices.iter().find(|choice| text_of_sub(&choice["Fn::If"][1]).contains(&name));
        let on_aws = condition == "HasMonitorOnAws" && choice.is_some_and(|choice| choice["Fn::If"][0] == "HasMonitor");
        match choice {
            Some(choice) => assert!(on_aws || choice["Fn::If"][0] == *condition, "{id}"),
            None => assert!(always.contains(&name) && (condition.is_null() || condition == "IsOnAws"), "{id}"),
        }
    }
}
