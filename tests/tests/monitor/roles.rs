//! Each function's requests, held to its role as pairs of an action and a resource: the emulator allows everything, so a
//! gate stands between them.

use std::collections::BTreeMap;

use serde_json::Value;
use weir_aws::controls::Parameter;
use weir_core::ledger::State;
use weir_local::Checkout;
use weir_testkit::slack::FakeSlack;
use weir_tests::{
    Gate, World, eventually,
    iam::{Need, Resolver, Statement},
};

use super::support::Setting;

const WORKERS: [&str; 3] = ["UrgentWorker", "StandardWorker", "BulkWorker"];
const FUNCTIONS: [&str; 8] = [
    "IngestFunction",
    "UrgentWorker",
    "StandardWorker",
    "BulkWorker",
    "Monitor",
    "Archive",
    "OrdersFunction",
    "Notifier",
];

/// Every action, in a row of the table below.
const ALL: &str = "";

/// Actions that no request here needs: whose, of which statement, which, and why they are there.
const NOT_ASKED_FOR: [(&str, &str, &str, &str); 14] = [
    ("", "WriteItsLog", ALL, "Lambda writes what a function prints, as the function"),
    ("", "RecordTraces", ALL, "so does X-Ray's daemon, where it is on"),
    ("", "DrainItsLane", "sqs:ReceiveMessage", "Lambda reads the queue, as the function"),
    ("", "DrainItsLane", "sqs:DeleteMessage", "the same"),
    ("", "DrainItsLane", "sqs:GetQueueAttributes", "the same"),
    ("", "DrainItsQueue", "sqs:ReceiveMessage", "the same"),
    ("", "DrainItsQueue", "sqs:DeleteMessage", "the same"),
    ("", "DrainItsQueue", "sqs:GetQueueAttributes", "the same"),
    ("", "ReadAlarms", ALL, "the same"),
    ("", "TellALostBodyFromAForbiddenOne", ALL, "with it, S3 answers 404 for what is not there, and not 403"),
    ("Monitor", "StoreLargeBodies", ALL, "the simulated Shopify has no order of over a megabyte"),
    ("Archive", "DrainItsQueue", "sqs:ChangeMessageVisibility", "S3 takes every object here"),
    ("OrdersFunction", "DrainItsQueue", "sqs:ChangeMessageVisibility", "no delivery fails here"),
    ("OrdersFunction", "ReadLargeBodies", ALL, "no order is over a megabyte here"),
];

fn is_asked_for(function: &str, pair: &Statement) -> bool {
    NOT_ASKED_FOR.iter().all(|(whose, name, action, _)| {
        !function.starts_with(whose) || *name != pair.name || !(*action == ALL || pair.names(action))
    })
}

/// A service that is never there.
const NOBODY: &str = "http://127.0.0.1:9/";

/// As Secrets Manager spells it: a name and six characters.
const SLACK_SECRET: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:roles-slack-abcdef";

/// One of each lane.
const TOPICS: [(&str, &str); 3] =
    [("orders/paid", "urgent"), ("orders/create", "standard"), ("products/update", "bulk")];

fn template() -> Value {
    let checkout = Checkout::find(std::path::Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    checkout.read_template().unwrap()
}

/// What `!Ref` gives: each function is told the names of what it uses.
async fn names(world: &World, template: &Value) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for function in FUNCTIONS {
        let given = world.variables(function).await;
        let variables = &template["Resources"][function]["Properties"]["Environment"]["Variables"];
        for (name, value) in variables.as_object().unwrap() {
            let id = value["Ref"].as_str().or_else(|| value["Fn::If"][1]["Ref"].as_str());
            if let (Some(id), Some(text)) = (id, given[name].as_str()) {
                names.insert(id.to_owned(), text.to_owned());
            }
        }
    }
    names
}

struct Gates(BTreeMap<&'static str, (Gate, Vec<Statement>)>);

impl Gates {
    async fn before(world: &World) -> Self {
        let template = template();
        let resolver = Resolver {
            template: &template,
            stack: &world.deployed.stack_name,
            names: names(world, &template).await,
            conditions: &["HasForward"],
        };
        let mut gates = BTreeMap::new();
        for function in FUNCTIONS {
            let role = resolver.statements(function);
            let gate = Gate::open(&world.deployed.endpoint, role.clone()).await;
            world.set_variables(function, &[("WEIR_ENDPOINT_URL", gate.url())]).await;
            gates.insert(function, (gate, role));
        }
        Self(gates)
    }

    fn denied(&self) -> Vec<String> {
        let of = |(function, (gate, _)): (&&str, &(Gate, Vec<Statement>))| {
            gate.denied().into_iter().map(|need| format!("{function}: {need}")).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of).collect()
    }

    /// What each statement was needed for. The workers share a policy: what one of them needs, it is there for.
    fn needs(&self, function: &str) -> Vec<Need> {
        let of = |name: &str| self.0[name].0.passed();
        if WORKERS.contains(&function) { WORKERS.iter().flat_map(|name| of(name)).collect() } else { of(function) }
    }
}

fn body(topic: &str, seed: u64) -> String {
    shopify_samples::Samples::new(seed, "north.myshopify.com", jiff::Timestamp::now()).body(topic).unwrap()
}

/// JSON of two megabytes that no compression brings below SQS's limit.
fn noise() -> String {
    let mut rng = fastrand::Rng::with_seed(1);
    let noise: String = std::iter::repeat_with(|| rng.alphanumeric()).take(2_000_000).collect();
    format!("{{\"id\":820982911946154508,\"noise\":\"{noise}\"}}")
}

async fn post(world: &World, topic: &str, id: &str, body: impl Into<Vec<u8>>) {
    world.accepted(&world.delivery(topic, id, body)).await;
}

/// Events that are done, that fail for good, that are large, and that end a shop's installation.
async fn deliver(world: &World) {
    for (topic, lane) in TOPICS {
        post(world, topic, &format!("{lane}-done"), body(topic, 1)).await;
        world.done(&format!("{lane}-done")).await;
        post(world, topic, &format!("{lane}-poison"), "not JSON").await;
        let is_failed = |record: &weir_core::ledger::Record| matches!(record.state, State::Failed(_));
        eventually("the poison to fail", async || world.record(&format!("{lane}-poison")).await.filter(is_failed))
            .await;
    }
    post(world, "orders/create", "large", noise()).await;
    world.done("large").await;
}

/// Whatever is parked is sent to the lane again.
async fn park(world: &World) {
    let parameter = Parameter::new(&world.aws, world.deployed.controls_parameter.clone());
    let off = TOPICS.map(|(_, lane)| format!(r#"{{"lane":"{lane}"}}"#)).join(",");
    parameter.write(&format!(r#"{{"off":[{off}]}}"#)).await.unwrap();
    for (topic, lane) in TOPICS {
        // Workers read the controls anew after half a minute: until then, events pass.
        let parked = async || {
            let id = format!("{lane}-parked-{}", fastrand::u32(..));
            post(world, topic, &id, body(topic, fastrand::u64(..))).await;
            let ended = async || {
                world
                    .record(&id)
                    .await
                    .filter(|record| matches!(record.state, State::Done | State::Stale | State::Parked { .. }))
            };
            let record = eventually("the event to end", ended).await;
            matches!(record.state, State::Parked { .. }).then_some(())
        };
        eventually("an event to be parked", parked).await;
    }
    parameter.write("{}").await.unwrap();
}

/// A destination that nobody serves: its circuit opens, for all processes.
async fn break_a_circuit(world: &World, gates: &Gates) {
    world.set_variables("StandardWorker", &[("WEIR_FORWARD_URL", NOBODY)]).await;
    let state = world.deployed.state_table.clone();
    let is_shared = |need: &Need| need.action == "dynamodb:PutItem" && need.resource.ends_with(&format!("/{state}"));
    eventually("the circuit to be shared", async || {
        let id = format!("circuit-{}", fastrand::u32(..));
        post(world, "refunds/create", &id, body("refunds/create", fastrand::u64(..))).await;
        gates.0["StandardWorker"].0.passed().iter().any(is_shared).then_some(())
    })
    .await;
}

/// CloudWatch's part, which the emulator's alarms do not play: a message in the notifier's queue.
async fn raise_an_alarm(world: &World) {
    let stack = &world.deployed.stack_name;
    let message = serde_json::json!({
        "AlarmName": format!("{stack}-urgent-dlq"), "NewStateValue": "ALARM", "OldStateValue": "OK",
        "NewStateReason": "Threshold Crossed", "AlarmDescription": "What it means.",
        "StateChangeTime": "2026-11-25T12:00:01.000+0000",
        "AlarmArn": format!("arn:aws:cloudwatch:us-east-1:000000000000:alarm:{stack}-urgent-dlq"),
        "Trigger": {"MetricName": "M", "ComparisonOperator": "GreaterThanThreshold", "Threshold": 0.0},
    });
    let urgent = &world.deployed.lanes["urgent"].queue_url;
    world.send_raw(&urgent.replace("-urgent", "-alarms"), &message.to_string()).await;
}

/// Waits until a function asked for this.
async fn asked(gates: &Gates, function: &str, action: &str) {
    let is_meant = |need: &Need| need.action == action;
    let look = async || gates.0[function].0.passed().iter().any(is_meant).then_some(());
    eventually(&format!("{action} by {function}"), look).await;
}

#[tokio::test]
async fn function_sends_only_requests_that_its_role_allows_and_its_role_allows_no_more() {
    let slack = FakeSlack::start(&[]).await;
    let parameters =
        [("ForwardUrl", NOBODY), ("ArchiveDays", "7"), ("OrderDays", "1"), ("SlackWebhookSecretArn", SLACK_SECRET)];
    let setting = Setting::with("roles", &parameters).await;
    let world = &setting.world;
    let secrets = aws_sdk_secretsmanager::Client::new(&world.aws);
    secrets.create_secret().name("roles-slack-abcdef").secret_string(slack.url()).send().await.unwrap();
    for worker in WORKERS {
        world.set_variables(worker, &[("WEIR_FORWARD_URL", "")]).await;
    }
    let gates = Gates::before(world).await;

    // The monitor sets the shops up, gets a token for one of them, loses subscriptions of the other, restores them and sends
    // what was missed: to each lane.
    setting.add_shop_without_token("south").await;
    setting.run().await;
    assert_eq!(gates.denied(), Vec::<String>::new(), "the monitor's role does not allow it");
    for topic in ["orders/create", "orders/paid", "products/update"] {
        setting.delete(topic).await;
    }
    let lost = setting.sim.place_orders(&setting.shop, 1);
    setting.sim.pay_order(&setting.shop, lost[0]);
    setting.sim.update_product(&setting.shop, setting.sim.products(&setting.shop)[0], "renamed");
    setting.run().await;
    assert_eq!(gates.denied(), Vec::<String>::new(), "the monitor's role does not allow it to send what was missed");
    setting.created(&lost).await;
    deliver(world).await;
    park(world).await;
    break_a_circuit(world, &gates).await;
    post(world, "app/uninstalled", "uninstalled", body("app/uninstalled", 1)).await;
    world.done("uninstalled").await;
    asked(&gates, "Archive", "s3:PutObject").await;
    asked(&gates, "OrdersFunction", "dynamodb:UpdateItem").await;
    raise_an_alarm(world).await;
    asked(&gates, "Notifier", "dynamodb:PutItem").await;

    assert_eq!(gates.denied(), Vec::<String>::new(), "the role does not allow it");
    let mut idle = Vec::new();
    for (function, (_, role)) in &gates.0 {
        let needs = gates.needs(function);
        let pairs: Vec<Statement> = role.iter().flat_map(Statement::pairs).collect();
        for pair in pairs.iter().filter(|one| is_asked_for(function, one)) {
            // Without it, something would be denied.
            let others = || pairs.iter().filter(|one| *one != pair);
            let is_its_own = |need: &Need| pair.allows(need) && !others().any(|one| one.allows(need));
            if !needs.iter().any(is_its_own) {
                idle.push(format!("{function}: {pair}"));
            }
        }
    }
    assert_eq!(idle, Vec::<String>::new(), "nothing needed these");
    setting.world.end().await;
}
