//! The guides that are followed from top to bottom: each of their commands of weir's does what it should on a local stack, and
//! what they promise of it comes true. tests/tests/aws_commands.rs checks those of the AWS CLI.

use std::{collections::BTreeSet, path::Path};

use aws_sdk_sqs::error::ProvideErrorMetadata;
use weir_local::Checkout;
use weir_tests::{Document, Local, eventually, words};

const SHOP: &str = "north.myshopify.com";

/// Commands that only AWS or a build can answer, by their beginnings. `weir check` asks an account: its own tests run it.
const NOT_HERE: [&str; 9] = [
    "aws ",
    "sam ",
    "python3 -m venv ",
    "pip install ",
    "rustup target add ",
    "for queue in ",
    "  aws sqs delete-queue ",
    "done",
    "weir check ",
];

/// A command that is given to the local stack, without what leads to one on AWS.
fn filled_in(command: &str, event: &str) -> Vec<String> {
    let replaced = |word: String| match word.as_str() {
        "SHOP" => SHOP.to_owned(),
        "EVENT" => event.to_owned(),
        _ => word,
    };
    let mut filled: Vec<String> = words(command).into_iter().map(replaced).collect();
    for option in ["--stack", "--region"] {
        while let Some(at) = filled.iter().position(|word| word == option) {
            filled.drain(at..at + 2);
        }
    }
    filled
}

/// Follows a section; what each of its commands printed.
async fn follow(local: &Local, guide: &str, section: &str, event: &str) -> Vec<String> {
    let document = Document::read(guide);
    let found = document.sections().find(|one| one.anchor.starts_with(section));
    let section = found.unwrap_or_else(|| panic!("{guide} has no section {section}"));
    let mut printed: Vec<String> = Vec::new();
    for command in section.commands() {
        if let Some(file) = command.strip_prefix("touch ") {
            std::fs::write(local.folder().join(file), "").expect("the folder can be written");
        } else if !NOT_HERE.iter().any(|start| command.starts_with(start) || command == start.trim()) {
            let words = filled_in(command, event);
            assert_eq!(words[0], "weir", "{guide}: {command}: say here who gives it");
            let ended = local.weir(&words[1..]).await;
            // What `weir status` finds depends on how busy the machine is; the guide says that it ends with its findings.
            let found = command.starts_with("weir status") && ended.status == 3;
            assert!(ended.status == 0 || found, "{guide}: {command}: {}\n{}", ended.stdout, ended.stderr);
            printed.push(ended.stdout);
        }
    }
    // Each line that the guide shows begins as one that was printed.
    let whole = format!("{SHOP} {event} {}", printed.concat());
    for line in section.blocks("text").flat_map(str::lines).filter(|line| !line.trim().is_empty()) {
        let begins = line.trim().split("  ").next().unwrap_or_default();
        let is_like_it = ["SHOP", "EVENT", "…"].contains(&begins) || begins.starts_with("20") || whole.contains(begins);
        assert!(is_like_it, "{guide}: {line:?} is shown, and printed was {whole}");
    }
    printed
}

/// The topics that the shop sends to the stack by subscriptions of the API.
fn subscribed(local: &Local) -> usize {
    local.sim.subscriptions(&local.shop.shop).len()
}

#[tokio::test]
async fn new_account_guide_leads_to_the_first_webhook() {
    const GUIDE: &str = "guides/new-account.md";
    let local = Local::new("new-account").await;
    let printed = follow(&local, GUIDE, "6.-register", "").await;
    let [_, checked, _, applied] = &printed[..] else { panic!("{printed:?}") };
    assert!(checked.contains("scopes") && checked.contains("budget"), "{checked}");
    assert!(applied.lines().filter(|line| line.contains("orders/create")).count() == 1, "{applied}");
    let again = local.weir(&["subscriptions", "plan", "--json"]).await;
    let again: serde_json::Value = serde_json::from_str(&again.stdout).expect("JSON");
    assert_eq!(again["changes"], serde_json::json!([]), "applied again, nothing differs");

    let orders = local.sim.place_orders(&local.shop.shop, 1);
    assert_eq!(orders.len(), 1);
    let first = async || {
        let listed = local.weir(&["events", "list", "--since", "15m", "--topic", "orders/create", "--json"]).await;
        // Two subscriptions tell of the order, the app's TOML's and the API's: what came second is stale, and listed first.
        let events = listed.stdout.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let done = events.filter(|event| event["state"] == "done");
        done.filter_map(|event| event["key"].as_str().map(str::to_owned)).next()
    };
    let event = eventually("the first event to be done", first).await;
    let printed = follow(&local, GUIDE, "7.-receive", &event).await;
    let [list, show, status] = &printed[..] else { panic!("{printed:?}") };
    assert!(list.contains("orders/create") && list.contains("done"), "{list}");
    assert!(show.contains("done"), "{show}");
    for lane in ["urgent", "standard", "bulk"] {
        assert!(status.contains(lane), "{status}");
    }
    local.world.end().await;
}

#[tokio::test]
async fn second_region_guide_registers_the_shop_and_looks_into_an_empty_stack() {
    const GUIDE: &str = "guides/second-region.md";
    let local = Local::new("second-guide").await;
    let printed = follow(&local, GUIDE, "3.-register", "").await;
    let [_, shops] = &printed[..] else { panic!("{printed:?}") };
    assert!(shops.contains(SHOP), "{shops}");
    assert_eq!(follow(&local, GUIDE, "check-it", "").await.len(), 2);
    local.world.end().await;
}

#[tokio::test]
async fn take_down_guide_stops_the_webhooks_and_leaves_what_it_says() {
    const GUIDE: &str = "guides/take-down.md";
    let local = Local::new("take-down").await;
    assert_eq!(local.weir(&["subscriptions", "apply", "--yes"]).await.status, 0);
    let before = subscribed(&local);
    assert!(before > 5, "{before} subscriptions");
    follow(&local, GUIDE, "2.-stop", "").await;
    assert_eq!(subscribed(&local), 0, "no subscription is left");
    let printed = follow(&local, GUIDE, "3.-let", "").await;
    assert_eq!(printed.len(), 4, "{printed:?}");
    assert_eq!(follow(&local, GUIDE, "4.-keep", "").await.len(), 1);

    let (aws, deployed) = (local.world.aws.clone(), local.world.deployed.clone());
    local.world.end().await;
    let sqs = aws_sdk_sqs::Client::new(&aws);
    for lane in deployed.lanes.values() {
        for url in [&lane.queue_url, &lane.dlq_url] {
            let there = sqs.get_queue_attributes().queue_url(url).send().await;
            assert!(there.is_ok(), "{url}: {:?}", there.err().map(|error| error.code().map(str::to_owned)));
        }
    }
    let secrets = aws_sdk_secretsmanager::Client::new(&aws);
    let secret = secrets.get_secret_value().secret_id("take-down/apps/default").send().await;
    assert!(secret.is_ok(), "the client secrets are gone");
}

/// The table of what a deletion leaves is the template's.
#[test]
fn take_down_guide_lists_what_outlives_the_stack() {
    let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a checkout");
    let template = checkout.read_template().expect("the template");
    let resources = template["Resources"].as_object().expect("resources");
    let stays = |resource: &&serde_json::Value| resource["DeletionPolicy"].as_str().is_some_and(|one| one != "Delete");
    let kept: BTreeSet<&str> =
        resources.iter().filter(|(_, resource)| stays(resource)).map(|(id, _)| id.as_str()).collect();
    let document = Document::read("guides/take-down.md");
    let section = document.sections().find(|section| section.anchor == "what-stays").expect("the section");
    let rows = section.text.lines().filter(|line| line.starts_with('|'));
    let named: BTreeSet<&str> =
        rows.filter_map(|row| row.split('|').nth(2)).flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert_eq!(named, kept);
}
