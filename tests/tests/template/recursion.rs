//! Which functions Lambda may take for an endless loop.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    alarms::Alarm,
    model::{Template, entries, items, refers_to, text},
    permissions::statements,
};

/// Lambda drops the invocations of a function that its own messages invoke, after 16 rounds, unless it is allowed. Which
/// functions those are follows from what invokes each and from what its role lets it send to.
#[test]
fn function_that_may_send_to_what_invokes_it_allows_recursion_and_no_other_does() {
    let template = Template::read();
    let loops = functions_in_loops(&template);
    assert_eq!(loops, BTreeSet::from(["BulkWorker", "StandardWorker", "UrgentWorker"]), "workers park on their lanes");
    for (id, function) in template.of_type("AWS::Serverless::Function") {
        let expected = if loops.contains(id) { "Allow".into() } else { serde_json::Value::Null };
        assert_eq!(function["RecursiveLoop"], expected, "{id}");
    }
    assert!(template.globals()["RecursiveLoop"].is_null(), "whoever is in no loop stays guarded");
}

#[test]
fn alarm_tells_of_what_loop_detection_drops_of_each_of_them() {
    let template = Template::read();
    let watched = Alarm::named(&template, "RecursionAlarm").metrics();
    let watched: BTreeSet<String> =
        watched.iter().flat_map(|used| &used.dimensions).map(|(_, value)| refers_to(value).to_owned()).collect();
    let loops: BTreeSet<String> = functions_in_loops(&template).into_iter().map(str::to_owned).collect();
    assert_eq!(watched, loops);
}

/// Those from which a way leads back to themselves.
fn functions_in_loops(template: &Template) -> BTreeSet<&str> {
    let functions: Vec<_> = template.of_type("AWS::Serverless::Function").collect();
    let invokers: BTreeMap<&str, BTreeSet<String>> =
        functions.iter().map(|(id, f)| (*id, invokers(template, id, f))).collect();
    let ways: BTreeMap<&str, BTreeSet<&str>> = functions
        .iter()
        .map(|(id, function)| {
            let sends = sends_to(template, function);
            let next = invokers.iter().filter(|(_, by)| !by.is_disjoint(&sends)).map(|(next, _)| *next);
            (*id, next.collect())
        })
        .collect();
    let leads_back = |start: &&str| {
        let (mut seen, mut next): (BTreeSet<&str>, Vec<&str>) =
            (BTreeSet::new(), ways[start].iter().copied().collect());
        while let Some(id) = next.pop() {
            if seen.insert(id) {
                next.extend(&ways[id]);
            }
        }
        seen.contains(start)
    };
    ways.keys().filter(|id| leads_back(id)).copied().collect()
}

/// The resources whose messages or calls invoke a function: its event sources, what subscribes its queue, itself.
fn invokers(template: &Template, id: &str, function: &serde_json::Value) -> BTreeSet<String> {
    let events = entries(&function["Events"]).flat_map(|(_, event)| entries(&event["Properties"]));
    let sources = events.filter(|(name, _)| ["Queue", "Topic", "Bucket", "Stream"].contains(name));
    let mut found: BTreeSet<String> = sources.map(|(_, source)| refers_to(source).to_owned()).collect();
    for (_, subscription) in template.of_type("AWS::SNS::Subscription") {
        if found.contains(refers_to(&subscription["Endpoint"])) {
            found.insert(refers_to(&subscription["TopicArn"]).to_owned());
        }
    }
    found.insert(id.to_owned());
    found
}

/// The resources that a function's role lets it send to, store in, publish on or call.
fn sends_to(template: &Template, function: &serde_json::Value) -> BTreeSet<String> {
    const SENDS: [&str; 5] =
        ["sqs:SendMessage", "sns:Publish", "s3:PutObject", "lambda:InvokeFunction", "dynamodb:PutItem"];
    let sends = statements(template, function)
        .into_iter()
        .filter(|one| items(&one["Action"]).into_iter().any(|action| SENDS.contains(&text(action))));
    let resources = sends.flat_map(|statement| items(&statement["Resource"]));
    let named = resources.filter_map(|resource| {
        let of_sub = resource["Fn::Sub"].as_str().and_then(|sub| sub.split("${").nth(1)?.split(['.', '}']).next());
        let known = resource["Ref"].as_str().or_else(|| resource["Fn::GetAtt"][0].as_str()).or(of_sub)?;
        Some(known.to_owned())
    });
    named.collect()
}
