//! Each function may do what it calls, and nothing else.
//!
//! What it calls, the linker knows: an operation of the AWS SDK that nothing in a function leads to is not in its executable.
//! So the executables are asked, not the source: whoever adds a call, takes one away or links another adapter is told of it.

use std::{collections::BTreeSet, path::Path};

use object::{Object, ObjectSymbol};
use serde_json::Value;
use weir_local::{Checkout, build_functions};

use crate::{
    binary,
    model::{Template, allowed, at, entries, items, refers_to, text},
};

/// The SDK's crates, and what IAM calls their services.
const SERVICES: [(&str, &str, &str); 6] = [
    ("aws_sdk_dynamodb", "dynamodb", "AWS::DynamoDB::Table"),
    ("aws_sdk_eventbridge", "events", "AWS::Events::EventBus"),
    ("aws_sdk_s3", "s3", "AWS::S3::Bucket"),
    ("aws_sdk_secretsmanager", "secretsmanager", "AWS::SecretsManager::Secret"),
    ("aws_sdk_sqs", "sqs", "AWS::SQS::Queue"),
    ("aws_sdk_ssm", "ssm", "AWS::SSM::Parameter"),
];

/// What is needed and not called by a function: by whom, the actions, and why.
const NOT_CALLED: [(&str, &[&str]); 9] = [
    // Lambda writes what a function prints, as the function.
    ("weir-", &["logs:CreateLogStream", "logs:PutLogEvents"]),
    // So does X-Ray's daemon, where it is on.
    ("weir-", &["xray:PutTraceSegments", "xray:PutTelemetryRecords"]),
    // Lambda reads the queue, as the function.
    ("weir-worker", &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
    ("weir-archive", &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
    ("weir-orders", &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
    ("weir-inventory", &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
    ("weir-notifier", &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
    // With it, S3 answers 404 for what is not there, and not 403.
    ("weir-worker", &["s3:ListBucket"]),
    ("weir-orders", &["s3:ListBucket"]),
];

#[tokio::test]
async fn each_function_may_do_what_it_calls_and_nothing_else() {
    let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a checkout");
    let functions = build_functions(&checkout, true).await.expect("the functions can't be built");
    let template = Template::read();
    for (id, function) in template.of_type("AWS::Serverless::Function") {
        let binary = binary(&template, id);
        let mut needed = called(&functions.join(binary));
        assert!(needed.len() > 1, "{binary} calls nothing: are symbols mangled in another way now?");
        let beside = NOT_CALLED.iter().filter(|(by, _)| binary.starts_with(by)).flat_map(|(_, actions)| *actions);
        needed.extend(beside.map(|action| (*action).to_owned()));
        let statements = statements(&template, function);
        let actions = statements.iter().flat_map(|statement| items(&statement["Action"])).map(text);
        let permitted: BTreeSet<String> = actions.map(str::to_owned).collect();
        let dead: Vec<_> = permitted.difference(&needed).collect();
        let missing: Vec<_> = needed.difference(&permitted).collect();
        assert!(
            dead.is_empty() && missing.is_empty(),
            "{id}: allowed for nothing {dead:?}, called and not allowed {missing:?}"
        );
    }
}

/// A function is allowed something on exactly what its environment names, and what it drains.
#[test]
fn each_function_is_allowed_something_on_what_it_is_told_of_and_nothing_else() {
    let template = Template::read();
    for (id, function) in template.of_type("AWS::Serverless::Function") {
        let variables = at(function, &["Environment", "Variables"]);
        let mut told = named(&template, variables);
        told.extend(prefixed(&template, &variables["WEIR_QUEUE_PREFIX"]));
        for (_, event) in entries(&function["Events"]) {
            told.extend(named(&template, &event["Properties"]["Queue"]));
        }
        let statements = statements(&template, function);
        let allowed = statements.iter().flat_map(|statement| named(&template, &statement["Resource"])).collect();
        assert_eq!(told, allowed, "{id}: what it is told of, and what it is allowed something on");
    }
}

#[test]
fn an_action_is_allowed_on_its_services_resources_only() {
    let template = Template::read();
    for statement in template.allowed() {
        for resource in named(&template, &statement["Resource"]) {
            let kind = text(&template.resource(&resource)["Type"]);
            let (_, service, _) = SERVICES.iter().find(|(_, _, of)| *of == kind).expect("a known type");
            for action in items(&statement["Action"]).into_iter().map(text) {
                assert_eq!(action.split(':').next(), Some(*service), "{action} on {resource}");
            }
        }
    }
}

/// As IAM names them: the operations whose code is in an executable.
fn called(executable: &Path) -> BTreeSet<String> {
    let data = std::fs::read(executable).expect("the function");
    let file = object::File::parse(&*data).expect("an executable");
    let operations = file.symbols().filter_map(|symbol| operation(symbol.name().ok()?));
    operations.collect()
}

/// Of `aws_sdk_sqs::operation::send_message::SendMessage::orchestrate`, as the compiler mangles it, `sqs:SendMessage`.
fn operation(symbol: &str) -> Option<String> {
    let path = segments(symbol.trim_start_matches('_').strip_prefix("ZN")?);
    let [krate, "operation", _, name, "orchestrate", ..] = path[..] else { return None };
    let (_, service, _) = SERVICES.iter().find(|(known, ..)| *known == krate)?;
    match (*service, name) {
        // The SDK makes sessions for directory buckets, which the template has none of.
        ("s3", "CreateSession") => None,
        // A transaction is allowed by what it is made of: here, writes of whole items.
        ("dynamodb", "TransactWriteItems") => Some("dynamodb:PutItem".to_owned()),
        // Batches are allowed by what they are made of.
        ("sqs", batch) => Some(format!("sqs:{}", batch.strip_suffix("Batch").unwrap_or(batch))),
        (service, name) => Some(format!("{service}:{name}")),
    }
}

/// `3foo5hello` is `foo`, `hello`.
fn segments(mut mangled: &str) -> Vec<&str> {
    let mut found = Vec::new();
    while let Some(end) = mangled.find(|c: char| !c.is_ascii_digit())
        && let Ok(length) = mangled[..end].parse::<usize>()
        && let Some(segment) = mangled.get(end..end + length)
    {
        found.push(segment);
        mangled = &mangled[end + length..];
    }
    found
}

/// All that a function's role is allowed: its own policies, those that it refers to, and those that refer to it.
pub(crate) fn statements<'a>(template: &'a Template, function: &'a Value) -> Vec<&'a Value> {
    let id = refers_to(at(function, &["Role"]));
    let role = &template.resource(id)["Properties"];
    let mut found = allowed(&role["Policies"]);
    for policy in role["ManagedPolicyArns"].as_array().into_iter().flatten() {
        found.extend(allowed(template.resource(refers_to(policy))));
    }
    for (_, policy) in template.of_type("AWS::IAM::Policy") {
        if items(at(policy, &["Roles"])).into_iter().any(|role| refers_to(role) == id) {
            found.extend(allowed(policy));
        }
    }
    found
}

/// The lanes' queues, of which a function is told what their URLs have before the lane's name.
fn prefixed(template: &Template, prefix: &Value) -> BTreeSet<String> {
    let Some(prefix) = prefix["Fn::Sub"].as_str() else { return BTreeSet::new() };
    let (_, name) = prefix.rsplit_once('/').expect("a URL");
    let queue = |lane: weir_core::Lane| {
        let is_named = |(_, queue): &(&str, &Value)| queue["QueueName"]["Fn::Sub"] == format!("{name}{lane}");
        let found = template.of_type("AWS::SQS::Queue").find(is_named);
        found.unwrap_or_else(|| panic!("lane {lane} has no queue {name}{lane}")).0.to_owned()
    };
    weir_core::Lane::ALL.map(queue).into()
}

/// The resources of known types that a part of the template refers to.
fn named(template: &Template, part: &Value) -> BTreeSet<String> {
    let is_known = |id: &&str| {
        let resource = template.ids().find(|known| known == id).map(|id| &template.resource(id)["Type"]);
        resource.is_some_and(|kind| SERVICES.iter().any(|(_, _, of)| *kind == *of))
    };
    let mut found = BTreeSet::new();
    let mut next = vec![part];
    while let Some(value) = next.pop() {
        let mut ids: Vec<&str> = value["Ref"].as_str().into_iter().collect();
        ids.extend(value["Fn::GetAtt"][0].as_str());
        ids.extend(value["Fn::GetAtt"].as_str().and_then(|text| text.split('.').next()));
        let sub = value["Fn::Sub"].as_str().unwrap_or_default();
        ids.extend(sub.split("${").skip(1).filter_map(|rest| rest.split(['}', '.']).next()));
        found.extend(ids.into_iter().filter(is_known).map(str::to_owned));
        match value {
            Value::Object(map) => next.extend(map.values()),
            Value::Array(list) => next.extend(list),
            _ => {}
        }
    }
    found
}

#[test]
fn an_operation_is_read_from_a_symbol() {
    let sent = "_ZN11aws_sdk_sqs9operation12send_message11SendMessage11orchestrate17h920fd7c8d83a4e54E";
    assert_eq!(operation(sent).as_deref(), Some("sqs:SendMessage"));
    let batch =
        "_ZN11aws_sdk_sqs9operation31change_message_visibility_batch28ChangeMessageVisibilityBatch11orchestrate17hE";
    assert_eq!(operation(batch).as_deref(), Some("sqs:ChangeMessageVisibility"));
    assert_eq!(operation("_ZN11aws_sdk_sqs6Client3new17hE"), None);
    assert_eq!(operation("main"), None);
}
