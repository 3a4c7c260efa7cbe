//! Against a parameter that is kept as SSM keeps it; SSM's own wire is tested on the emulator elsewhere.

use std::io::Write;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::server::{NOBODY, Request, Server};
use crate::{Ended, checkout, run, weir};

const NAME: &str = "/weir-dev/controls";

/// A parameter: its value, its version, and what somebody else writes after the next read.
#[derive(Default)]
struct Kept {
    text: String,
    version: i64,
    meanwhile: Option<&'static str>,
}

struct Ssm {
    server: Server,
    kept: Arc<Mutex<Kept>>,
}

impl Ssm {
    fn with(text: &str) -> Self {
        let kept = Arc::new(Mutex::new(Kept { text: text.to_owned(), version: 1, meanwhile: None }));
        let shared = Arc::clone(&kept);
        Self { server: Server::start(move |request| answer(request, &mut shared.lock().unwrap())), kept }
    }

    fn text(&self) -> String {
        self.kept.lock().unwrap().text.clone()
    }

    fn document(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let checkout = checkout(&self.server.url());
        run(weir(&["controls"]).args(arguments).current_dir(checkout.path()))
    }

    /// A change that must go well.
    #[track_caller]
    fn change(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.status, 0, "{arguments:?}: {}", ended.stderr);
        ended
    }
}

fn answer(request: &Request, kept: &mut Kept) -> (u16, String) {
    let asked: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(asked["Name"], NAME);
    let reply = match request.headers.get("x-amz-target").map(String::as_str) {
        Some("AmazonSSM.GetParameter") if kept.version == 0 => {
            return (400, json!({"__type": "ParameterNotFound", "message": ""}).to_string());
        }
        Some("AmazonSSM.GetParameter") => {
            let parameter = json!({"Name": NAME, "Type": "String", "Value": kept.text, "Version": kept.version,
                                   "LastModifiedDate": 1_795_755_600.12});
            if let Some(text) = kept.meanwhile.take() {
                (kept.text, kept.version) = (text.to_owned(), kept.version + 1);
            }
            json!({ "Parameter": parameter })
        }
        Some("AmazonSSM.PutParameter") => {
            assert_eq!((&asked["Overwrite"], &asked["Type"]), (&true.into(), &"String".into()));
            (kept.text, kept.version) = (asked["Value"].as_str().unwrap().to_owned(), kept.version + 1);
            json!({"Version": kept.version, "Tier": "Standard"})
        }
        other => panic!("{other:?}"),
    };
    (200, reply.to_string())
}

#[test]
fn a_change_is_shown_first_and_made_with_yes() {
    let ssm = Ssm::with("{}");
    let off = ["off", "handler", "large_order::note", "--shop", "north.myshopify.com", "--why", "INC-7"];
    let preview = ssm.change(&off);
    let line = r#"+ {"handler":"large_order::note","shop":"north.myshopify.com","why":"INC-7"}"#;
    assert_eq!(preview.stdout, format!("This would change in {NAME}:\n{line}\n"));
    assert!(preview.stderr.contains("add --yes") && preview.stderr.contains("--if-version 1"), "{}", preview.stderr);
    assert_eq!(ssm.text(), "{}");
    let done = ssm.change(&[&off[..], &["--yes"]].concat());
    assert_eq!(done.stdout, format!("Changed in {NAME}:\n{line}\n"));
    assert_eq!(ssm.document()["off"][0]["why"], "INC-7");
    let again = ssm.change(&[&off[..], &["--yes"]].concat());
    assert!(again.stdout.starts_with("nothing to change"), "{}", again.stdout);
    assert_eq!(ssm.kept.lock().unwrap().version, 2, "what stands there is not written again");
}

#[test]
fn switches_limits_and_tiers_are_set_and_taken_out() {
    let ssm = Ssm::with("{}");
    for line in [
        &["off", "destination", "erp", "--percent", "20"][..],
        &["off", "destination", "erp", "--percent", "30"],
        &["off", "lane", "bulk", "--shop", "Weir-*"],
        &["tier", "plus", "north.myshopify.com", "mill.myshopify.com"],
        &["limit", "erp", "--per-second", "5", "--burst", "10"],
        &["limit", "erp", "--per-second", "50", "--tier", "plus"],
        &["limit", "erp", "--per-second", "0.5", "--shop", "mill.myshopify.com"],
        &["limit", "erp", "--per-second", "200", "--total"],
    ] {
        ssm.change(&[line, &["--yes"]].concat());
    }
    let expected = json!({
        "off": [{"destination": "erp", "percent": 30}, {"lane": "bulk", "shop": "weir-*"}],
        "limits": [{"destination": "erp", "per_second": 5, "burst": 10},
                   {"destination": "erp", "tier": "plus", "per_second": 50},
                   {"destination": "erp", "shop": "mill.myshopify.com", "per_second": 0.5},
                   {"destination": "erp", "total": true, "per_second": 200}],
        "tiers": {"plus": ["mill.myshopify.com", "north.myshopify.com"]},
    });
    assert_eq!(ssm.document(), expected);
    let shown = ssm.change(&["show"]).stdout;
    for line in ["off    destination erp for 30 % of the shops\n", "limit  erp to 0.5 a second, 1 at once, for mill."] {
        assert!(shown.contains(line), "{shown}");
    }
    let of_shop = ssm.change(&["show", "--shop", "north.myshopify.com", "--json"]).stdout;
    let of_shop: Value = serde_json::from_str(&of_shop).unwrap();
    assert_eq!((&of_shop["tier"], &of_shop["limits"][0]["per_second"]), (&"plus".into(), &50.0.into()));
    assert_eq!(of_shop["limits"][1]["name"], "limit/erp");
    for line in [
        &["on", "destination", "erp"][..],
        &["on", "lane", "bulk", "--shop", "weir-*"],
        &["unlimit", "erp"],
        &["unlimit", "erp", "--tier", "plus"],
        &["unlimit", "erp", "--all"],
        &["tier", "plus", "mill.myshopify.com", "--remove"],
        &["tier", "plus", "--remove"],
    ] {
        ssm.change(&[line, &["--yes"]].concat());
    }
    assert_eq!(ssm.text(), "{}");
    assert_eq!(ssm.change(&["show"]).stdout, "everything is on, nothing is limited\n");
}

#[test]
fn concurrent_change_of_the_controls_is_kept() {
    let ssm = Ssm::with("{}");
    let theirs = r#"{"off":[{"lane":"urgent"}]}"#;
    ssm.kept.lock().unwrap().meanwhile = Some(theirs);
    let ended = ssm.run(&["off", "lane", "bulk", "--yes"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("is at version 2, not 1: somebody changed it"), "{}", ended.stderr);
    assert_eq!(ssm.text(), theirs);
    let ended = ssm.run(&["off", "lane", "bulk", "--yes", "--if-version", "1"]);
    assert_eq!((ended.status, ssm.text()), (1, theirs.to_owned()), "{}", ended.stderr);
    ssm.change(&["off", "lane", "bulk", "--yes", "--if-version", "2"]);
    assert_eq!(ssm.document()["off"].as_array().unwrap().len(), 2);
}

#[test]
fn a_whole_document_is_applied_from_stdin_or_refused_with_all_its_mistakes() {
    let ssm = Ssm::with(r#"{"off":[{"lane":"bulk"}]}"#);
    let apply = |text: &str| {
        let checkout = checkout(&ssm.server.url());
        let mut command = weir(&["controls", "apply", "-", "--yes", "--json"]);
        let command = command.current_dir(checkout.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let (status, _, said) = apply(r#"{"off":[{"lane":"slow"},{"percent":500}],"offf":[]}"#);
    assert_eq!(status, 2, "{said}");
    let error: Value = serde_json::from_str(&said).unwrap();
    for mistake in ["off[0].lane", "off[1] must name one thing", "off[1].percent", "offf is unknown"] {
        assert!(error["error"].as_str().unwrap().contains(mistake), "{mistake}: {error}");
    }
    assert_eq!(apply("").0, 2, "an empty file is an accident");
    let many: Vec<Value> = (0..200).map(|n| json!({"handler": format!("handler::{n}")})).collect();
    let (status, _, said) = apply(&json!({ "off": many }).to_string());
    assert!(status == 2 && said.contains("and a parameter holds 4096"), "{said}");
    assert_eq!(ssm.kept.lock().unwrap().version, 1);
    let (status, outcome, said) = apply(r#"{"off": [{"lane": "urgent"}]}"#);
    assert_eq!(status, 0, "{said}");
    let outcome: Value = serde_json::from_str(&outcome).unwrap();
    assert_eq!((&outcome["changed"], &outcome["version"]), (&true.into(), &2.into()));
    assert_eq!(
        (&outcome["removed"][0], &outcome["added"][0]),
        (&r#"{"lane":"bulk"}"#.into(), &r#"{"lane":"urgent"}"#.into())
    );
}

#[test]
fn invalid_controls_options_are_refused_before_any_request() {
    let ssm = Ssm::with("{}");
    for (line, hint) in [
        (&["off", "lane", "slow"][..], "weir topics"),
        (&["off", "lane", "bulk", "--shop", "north"], "north.myshopify.com"),
        (&["off", "lane", "bulk", "--percent", "0"], "above 0, up to 100"),
        (&["tier", "plus", "*"], "a tier is of some shops"),
        (&["off", "lane", "bulk", "--shop", "*"], "leave it out"),
        (&["show", "--shop", "north"], "it looks like north.myshopify.com"),
    ] {
        let ended = ssm.run(line);
        assert_eq!(ended.status, 2, "{line:?}: {}", ended.stderr);
        let last = ended.stderr.lines().last().unwrap();
        assert!(last.starts_with("hint: ") && last.contains(hint), "{line:?}: {}", ended.stderr);
    }
    for line in [
        &["off", "topic", "x"][..],
        &["off", "lane", "bulk", "--shop", "a*", "--percent", "5"],
        &["limit", "erp"],
        &["limit", "erp", "--per-second", "5", "--tier", "a", "--total"],
        &["unlimit", "erp", "--all", "--total"],
        &["tier", "plus"],
    ] {
        assert_eq!(ssm.run(line).status, 2, "{line:?}");
    }
    assert!(ssm.server.requests().is_empty());
}

#[test]
fn invalid_controls_are_not_written() {
    let ssm = Ssm::with("{}");
    for (line, mistake) in [
        (&["off", "handler", "two words"][..], "off[0].handler can't be"),
        (&["limit", "erp", "--per-second", "0"], "switch the destination off"),
        (&["limit", "erp", "--per-second", "5", "--tier", "plus"], "tier plus, which has no shops"),
        (&["off", "lane", "bulk", "--why", "{{x}}"], "off[0].why"),
    ] {
        let ended = ssm.run(&[line, &["--yes"]].concat());
        assert_eq!(ended.status, 2, "{line:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(mistake), "{line:?}: {}", ended.stderr);
    }
    let ended = ssm.run(&["on", "lane", "bulk", "--yes"]);
    assert!(ended.status == 1 && ended.stderr.contains("lane bulk is not switched off"), "{}", ended.stderr);
    assert_eq!(ssm.text(), "{}");
}

#[test]
fn a_document_of_a_newer_weir_is_shown_and_not_changed_by_halves() {
    let text = r#"{"off":[{"lane":"bulk","hours":"9-17"},{"lane":"urgent"}]}"#;
    let ssm = Ssm::with(text);
    let shown = ssm.change(&["show"]);
    assert_eq!(shown.stdout, "off    lane urgent for all shops\n");
    assert!(shown.stderr.contains("left out by workers: off[0].hours is unknown"), "{}", shown.stderr);
    let ended = ssm.run(&["off", "lane", "standard", "--yes"]);
    assert!(ended.status == 1 && ended.stderr.contains("off[0].hours"), "{}", ended.stderr);
    assert_eq!(ssm.change(&["show", "--document"]).stdout.trim_end(), text);
    assert_eq!(ssm.text(), text);
}

#[test]
fn parameter_that_is_not_there_is_an_empty_document_and_made_by_the_first_change() {
    let ssm = Ssm::with("");
    ssm.kept.lock().unwrap().version = 0;
    let shown = ssm.change(&["show"]);
    assert!(shown.stderr.contains("was never written: everything is on"), "{}", shown.stderr);
    assert_eq!(ssm.change(&["show", "--document"]).stdout.trim_end(), "{}");
    let preview = ssm.change(&["off", "lane", "bulk"]);
    assert!(preview.stderr.contains("--if-version 0"), "{}", preview.stderr);
    ssm.change(&["off", "lane", "bulk", "--yes", "--if-version", "0"]);
    assert_eq!((ssm.document(), ssm.kept.lock().unwrap().version), (json!({"off": [{"lane": "bulk"}]}), 1));
}

#[test]
fn a_parameter_that_does_not_answer_is_told_with_what_to_do() {
    let checkout = checkout(NOBODY);
    let ended = run(weir(&["controls", "show"]).current_dir(checkout.path()));
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("controls in parameter /weir-dev/controls could not be read"), "{}", ended.stderr);
    assert!(ended.stderr.lines().last().unwrap().starts_with("hint: does `cargo dev` still run?"), "{}", ended.stderr);
}
