//! What the code takes for granted of template.yaml.

mod alarms;
mod api;
mod archive;
mod bodies;
mod canary;
mod check;
mod cost;
mod dashboard;
mod fallback;
mod health;
mod model;
mod notifier;
mod parameters;
mod permissions;
mod quotas;
mod recursion;
mod retention;
mod routes;
mod sources;
mod stores;
mod transport;

use std::{
    cell::RefCell,
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use alarms::Alarm;
use model::{Lane, Template, at, items, refers_to, seconds, text};
use resilience::{Clock, MemoryState};
use serde_json::Value;
use weir_consumer::{
    HandlerContext,
    destination::{CALL_TIMEOUT, RATE_LIMIT_WAIT_TIMEOUT},
    router::Router,
};
use weir_core::{CLOCK_SKEW, MAX_LEASE, UnixMillis, effects_until, is_believed, lease_until};

/// Lambda's advice for queues that it polls: with less, a throttled batch is handed out a second time.
#[test]
fn a_message_stays_hidden_for_six_invocations() {
    for lane in Template::read().lanes() {
        let batching = lane.event_source["MaximumBatchingWindowInSeconds"].as_u64().unwrap_or(0);
        let needed = timeout(&lane) * 6 + Duration::from_secs(batching);
        assert!(visibility(&lane) >= needed, "{}: {:?} < {needed:?}", lane.queue_id, visibility(&lane));
    }
}

#[test]
fn a_lease_ends_before_the_first_redelivery() {
    for lane in Template::read().lanes() {
        // The invocation may start at once, and may take all its time.
        let received = UnixMillis(0);
        let ends = lease_until(received + timeout(&lane));
        assert!(ends < received + visibility(&lane), "{}: the lease ends at {ends}", lane.queue_id);
        // A clock that is behind believes in it too; and in none that would outlive a redelivery.
        assert!(is_believed(ends, received - CLOCK_SKEW), "{}: the lease ends at {ends}", lane.queue_id);
        assert!(MAX_LEASE <= visibility(&lane), "{}", lane.queue_id);
    }
}

/// A call of a handler that hangs ends, and tells the circuit so, before the invocation's effects do.
#[test]
fn an_invocation_has_time_for_a_call_that_hangs() {
    for lane in Template::read().lanes() {
        let effects = effects_until(UnixMillis(0) + timeout(&lane)).since(UnixMillis(0));
        assert!(CALL_TIMEOUT + RATE_LIMIT_WAIT_TIMEOUT < effects, "{}: {effects:?}", lane.queue_id);
        assert!(CALL_TIMEOUT * 2 < effects, "{}: {effects:?}", lane.queue_id);
    }
}

#[test]
fn functions_are_given_the_settings_that_they_read() {
    let template = Template::read();
    for (id, function) in template.of_type("AWS::Serverless::Function") {
        let mut read = match binary(&template, id) {
            "weir-ingest" => names(|env| drop(weir_ingest::settings::Settings::read(env))),
            "weir-worker" => worker_names(),
            "weir-monitor" => names(|env| drop(weir_monitor::settings::Settings::read(env))),
            "weir-notifier" => names(|env| drop(weir_notifier::settings::Settings::read(env))),
            "weir-archive" => names(|env| drop(weir_archive::settings::Settings::read(env))),
            "weir-inventory" => names(|env| drop(weir_inventory::settings::Settings::read(env))),
            "weir-orders" => names(|env| drop(weir_orders::settings::Settings::read(env))),
            other => panic!("{id} runs {other}: say here who reads its settings"),
        };
        // Read by the SDK's configuration, which all functions share.
        read.extend(["WEIR_ENDPOINT_URL", "WEIR_TLS_ROOTS"].map(str::to_owned));
        assert_eq!(template.environment(function), read, "{id}: what template.yaml sets, and what is read");
    }
}

#[test]
fn every_log_level_that_can_be_chosen_can_be_read() {
    for level in items(at(Template::read().parameter("LogLevel"), &["AllowedValues"])) {
        let env = |name: &str| (name == "WEIR_LOG").then(|| text(level).to_owned());
        let problems = weir_worker::settings::Settings::read(env).unwrap_err().to_string();
        assert!(!problems.contains("WEIR_LOG"), "{level}: {problems}");
    }
}

#[test]
fn each_lane_has_a_queue_that_ingest_fills_and_its_worker_drains() {
    let template = Template::read();
    let (_, ingest) = template
        .of_type("AWS::Serverless::Function")
        .find(|(id, _)| binary(&template, id) == "weir-ingest")
        .expect("there is an ingest");
    let mut drained = Vec::new();
    for lane in template.lanes() {
        let variable = |function, name: &str| at(function, &["Environment", "Variables", name]);
        let name: weir_core::Lane = text(variable(lane.worker, "WEIR_LANE")).parse().unwrap();
        let prefix = text(at(variable(ingest, "WEIR_QUEUE_PREFIX"), &["Fn::Sub"]));
        let queue = text(at(lane.queue, &["QueueName", "Fn::Sub"]));
        assert_eq!(
            format!("{prefix}{name}"),
            format!("https://sqs.${{AWS::Region}}.${{AWS::URLSuffix}}/${{AWS::AccountId}}/{queue}"),
            "ingest fills another queue than {name}'s worker drains"
        );
        assert_eq!(refers_to(variable(lane.worker, "WEIR_QUEUE_URL")), lane.queue_id, "{name}");
        assert_eq!(
            lane.event_source["FunctionResponseTypes"],
            serde_json::json!(["ReportBatchItemFailures"]),
            "{name}"
        );
        drained.push(name);
    }
    drained.sort();
    assert_eq!(drained, weir_core::Lane::ALL);
}

#[test]
fn every_lane_has_a_dead_letter_queue_and_alarms_on_both() {
    let template = Template::read();
    let lanes = template.lanes();
    let known: BTreeSet<&str> = lanes.iter().flat_map(|lane| [lane.queue_id, lane.dlq_id]).collect();
    for (id, _) in template.of_type("AWS::SQS::Queue") {
        let beside = ["IsLocal", "HasSlack", "HasBodyArchive", "HasOrders", "HasStock"]
            .iter()
            .any(|condition| template.resource(id)["Condition"] == *condition);
        assert!(known.contains(id) || beside, "{id} is neither a lane nor a lane's dead-letter queue");
    }
    for lane in &lanes {
        let source = at(lane.dlq, &["RedriveAllowPolicy", "sourceQueueArns"]);
        let name = at(lane.queue, &["QueueName"])["Fn::Sub"].as_str().unwrap();
        assert!(source.to_string().contains(&format!("{name}\"")), "{} takes none from {}", lane.dlq_id, lane.queue_id);
        assert!(has_alarm(&template, lane.dlq_id, "ApproximateNumberOfMessagesVisible", Some(0.0)), "{}", lane.dlq_id);
        assert!(has_alarm(&template, lane.queue_id, "ApproximateNumberOfMessagesVisible", None), "{}", lane.queue_id);
        assert!(has_alarm(&template, lane.queue_id, "ApproximateAgeOfOldestMessage", None), "{}", lane.queue_id);
    }
}

#[test]
fn ingest_answers_before_anyone_gives_up() {
    const SHOPIFY_WAITS: Duration = Duration::from_secs(5);
    let template = Template::read();
    let functions = template.of_type("AWS::Serverless::Function");
    for (id, ingest) in functions.filter(|(id, _)| binary(&template, id) == "weir-ingest") {
        let timeout = seconds(at(ingest, &["Timeout"]));
        assert!(weir_ingest::ANSWER_WITHIN < timeout && timeout <= SHOPIFY_WAITS, "{id}: {timeout:?}");
    }
    for (id, integration) in template.of_type("AWS::ApiGatewayV2::Integration") {
        let timeout = at(integration, &["TimeoutInMillis"]).as_u64().map(Duration::from_millis);
        assert!(
            timeout.is_some_and(|timeout| weir_ingest::ANSWER_WITHIN < timeout && timeout <= SHOPIFY_WAITS),
            "{id}"
        );
    }
}

#[test]
fn roles_name_each_resource_and_action() {
    let template = Template::read();
    let allowed = template.allowed();
    assert!(allowed.len() > 10, "the policies were not found: {}", allowed.len());
    for statement in allowed {
        let is_any = |resource: &&Value| *resource == "*" || resource["Fn::Sub"] == "*";
        // X-Ray's actions know no resources.
        let is_tracing = items(&statement["Action"]).iter().all(|action| text(action).starts_with("xray:Put"));
        assert!(is_tracing || !items(&statement["Resource"]).iter().any(is_any), "{statement}");
        assert!(!items(&statement["Action"]).iter().any(|action| text(action).contains('*')), "{statement}");
    }
}

/// Lines without a level, as those of the metrics, count as INFO: Lambda must not drop them, whatever `LogLevel` is.
#[test]
fn lambda_lets_lines_of_metrics_pass_at_every_log_level() {
    let template = Template::read();
    let levels = at(template.parameter("LogLevel"), &["AllowedValues"]);
    for level in items(levels) {
        let lambdas = text(template.mapping("LogLevels", text(level), "Lambda"));
        assert!(["TRACE", "DEBUG", "INFO"].contains(&lambdas), "{level}: Lambda filters at {lambdas}");
    }
}

/// Lambda refuses tracing to a function whose role may not write traces, and a policy beside the role may come too late.
#[test]
fn every_role_may_write_traces_by_itself_and_always() {
    let template = Template::read();
    for (id, function) in template.of_type("AWS::Serverless::Function") {
        let role = template.resource(refers_to(&function["Role"]));
        let traces = model::allowed(at(role, &["Properties", "Policies"]));
        let traces: Vec<_> = traces.into_iter().filter(|one| one["Sid"] == "RecordTraces").collect();
        let [statement] = &traces[..] else { panic!("{id}: {traces:?}") };
        assert_eq!(
            statement["Action"],
            serde_json::json!(["xray:PutTraceSegments", "xray:PutTelemetryRecords"]),
            "{id}"
        );
        assert_eq!(role["Condition"], template.resource(id)["Condition"], "{id}");
    }
}

fn timeout(lane: &Lane<'_>) -> Duration {
    seconds(at(lane.worker, &["Timeout"]))
}

fn visibility(lane: &Lane<'_>) -> Duration {
    seconds(at(lane.queue, &["VisibilityTimeout"]))
}

fn binary<'a>(template: &'a Template, function: &str) -> &'a str {
    text(at(template.resource(function), &["Metadata", "BuildProperties", "Binary"]))
}

/// The names that a reader of settings asks for.
/// The settings of the worker, and of its handlers.
fn worker_names() -> BTreeSet<String> {
    let mut read = names(|env| drop(weir_worker::settings::Settings::read(env)));
    let asked = Arc::new(Mutex::new(BTreeSet::new()));
    let asking = asked.clone();
    let environment = move |name: &str| {
        asking.lock().expect("no test panicked").insert(name.to_owned());
        None
    };
    let (aws, state) = (weir_aws::SdkConfig::builder().build(), Arc::new(MemoryState::default()));
    let context = HandlerContext::new(environment, aws, Clock::Wall, state);
    let _handlers = weir_worker::handlers::router(&context, Router::new());
    read.extend(asked.lock().expect("no test panicked").iter().cloned());
    read
}

fn names(read: impl FnOnce(&dyn Fn(&str) -> Option<String>)) -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    read(&|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    asked.into_inner()
}

fn has_alarm(template: &Template, queue: &str, metric: &str, threshold: Option<f64>) -> bool {
    Alarm::all(template).iter().any(|alarm| {
        let is_of_queue = |one: &(String, Value)| one.1["Fn::GetAtt"] == serde_json::json!([queue, "QueueName"]);
        let looks = alarm.metrics().iter().any(|used| used.name == metric && used.dimensions.iter().any(is_of_queue));
        let rises = alarm.properties["ComparisonOperator"] == "GreaterThanThreshold";
        looks && rises && threshold.is_none_or(|threshold| alarm.threshold() == threshold)
    })
}
