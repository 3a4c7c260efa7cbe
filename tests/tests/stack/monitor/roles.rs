//! Each function's requests, held to its role: the emulator allows everything, so a gate stands between them.

use std::collections::BTreeMap;

use serde_json::Value;
use weir_aws::controls::Parameter;
use weir_core::ledger::State;
use weir_local::Checkout;
use weir_tests::{
    Gate, World, eventually,
    iam::{Need, Resolver, Statement},
};

use super::support::Setting;

const WORKERS: [&str; 3] = ["UrgentWorker", "StandardWorker", "BulkWorker"];
const FUNCTIONS: [&str; 5] = ["IngestFunction", "UrgentWorker", "StandardWorker", "BulkWorker", "Monitor"];

/// Statements that no request here needs: whose, which, and why they are there.
const NOT_ASKED_FOR: [(&str, &str, &str); 4] = [
    ("", "WriteItsLog", "Lambda writes what a function prints, as the function"),
    ("", "RecordTraces", "so does X-Ray's daemon, where it is on"),
    ("", "TellALostBodyFromAForbiddenOne", "with it, S3 answers 404 for what is not there, and not 403"),
    ("Monitor", "StoreLargeBodies", "the simulated Shopify has no order of over a megabyte"),
];

fn is_asked_for(function: &str, statement: &Statement) -> bool {
    NOT_ASKED_FOR.iter().all(|(whose, name, _)| *name != statement.name || !function.starts_with(whose))
}

/// A service that is never there.
const NOBODY: &str = "http://127.0.0.1:9/";

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

#[tokio::test]
async fn function_sends_only_requests_that_its_role_allows_and_its_role_allows_no_more() {
    let setting = Setting::with("roles", &[("ForwardUrl", NOBODY)]).await;
    let world = &setting.world;
    for worker in WORKERS {
        world.set_variables(worker, &[("WEIR_FORWARD_URL", "")]).await;
    }
    let gates = Gates::before(world).await;

    // The monitor sets the shop up, loses a subscription, restores it and sends what was missed.
    setting.run().await;
    assert_eq!(gates.denied(), Vec::<String>::new(), "the monitor's role does not allow it");
    setting.delete("orders/create").await;
    let lost = setting.sim.place_orders(&setting.shop, 1);
    setting.run().await;
    setting.created(&lost).await;
    deliver(world).await;
    park(world).await;
    break_a_circuit(world, &gates).await;
    post(world, "app/uninstalled", "uninstalled", body("app/uninstalled", 1)).await;
    world.done("uninstalled").await;

    assert_eq!(gates.denied(), Vec::<String>::new(), "the role does not allow it");
    let mut idle = Vec::new();
    for (function, (_, role)) in &gates.0 {
        let needs = gates.needs(function);
        for statement in role.iter().filter(|one| is_asked_for(function, one)) {
            // Without it, something would be denied.
            let others = || role.iter().filter(|one| *one != statement);
            let is_its_own = |need: &Need| statement.allows(need) && !others().any(|one| one.allows(need));
            if !needs.iter().any(is_its_own) {
                idle.push(format!("{function}: {}", statement.name));
            }
        }
    }
    assert_eq!(idle, Vec::<String>::new(), "nothing needed these statements");
    setting.world.end().await;
}
