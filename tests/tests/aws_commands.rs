//! Every command of the AWS CLI that weir tells people to give, checked against AWS's own models of its services: the operation
//! exists, its options do, those that are required are there, and filter patterns and queries are well formed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use weir_local::Checkout;
use weir_tests::{aws_commands, aws_refusals};

/// A command, and where it is.
struct Advice {
    place: String,
    words: Vec<String>,
}

impl Advice {
    fn all_of(place: &str, line: &str) -> Vec<Self> {
        aws_commands(line).into_iter().map(|words| Self { place: place.to_owned(), words }).collect()
    }
}

fn checkout() -> Checkout {
    Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The files below a folder of the checkout that end like this.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut next) = (Vec::new(), vec![checkout().root().join(folder)]);
    while let Some(folder) = next.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                next.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> (String, String) {
    let place = path.strip_prefix(checkout().root()).unwrap_or(path).display().to_string();
    (place, fs::read_to_string(path).unwrap())
}

/// A document's blocks of code, and its spans of code that begin with the command.
fn of_document(path: &Path) -> Vec<Advice> {
    let (place, text) = read(path);
    let mut parts = text.split("```");
    let mut found = Vec::new();
    while let Some(prose) = parts.next() {
        let spans = prose.split('`').skip(1).step_by(2).filter(|span| span.starts_with("aws "));
        // A span may go on in the next line.
        found.extend(spans.flat_map(|span| Advice::all_of(&place, &span.replace('\n', " "))));
        if let Some(block) = parts.next() {
            let code = block.split_once('\n').map_or("", |(_, code)| code);
            found.extend(Advice::all_of(&place, code));
        }
    }
    found
}

/// The spans of code in the texts of the command line, whose `{…}` are filled in when they are printed.
fn of_source(path: &Path) -> Vec<Advice> {
    let (place, text) = read(path);
    let spans = text.split(['`', '"']).filter(|span| span.starts_with("aws ") && !span.contains('\n'));
    spans.flat_map(|span| Advice::all_of(&place, span)).collect()
}

fn documents() -> Vec<Advice> {
    let mut paths = files("docs", ".md");
    paths.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|name| checkout().root().join(name)));
    paths.iter().flat_map(|path| of_document(path)).collect()
}

/// What alarms say to do first.
fn alarms() -> Vec<Advice> {
    let template = checkout().read_template().unwrap();
    let mut found = Vec::new();
    for (id, resource) in template["Resources"].as_object().unwrap() {
        let description = &resource["Properties"]["AlarmDescription"];
        let text = description.as_str().or_else(|| description["Fn::Sub"].as_str()).unwrap_or_default();
        if let Some((_, rest)) = text.split_once("First: ") {
            found.extend(Advice::all_of(id, rest.split(" Runbook: ").next().unwrap_or_default()));
        }
    }
    found
}

#[tokio::test]
async fn every_aws_command_that_people_are_told_to_give_is_one_that_the_cli_takes() {
    let (documents, alarms) = (documents(), alarms());
    let sources = files("crates/weir-cli/src", ".rs");
    // Tests name the beginning of what is printed.
    let printed = sources.iter().filter(|path| !path.ends_with("tests.rs"));
    let hints: Vec<Advice> = printed.flat_map(|path| of_source(path)).collect();
    for (what, found, at_least) in [("documents", &documents, 35), ("alarms", &alarms, 5), ("hints", &hints, 5)] {
        assert!(found.len() >= at_least, "{what}: only {} commands were found", found.len());
    }
    let all: Vec<Advice> = documents.into_iter().chain(alarms).chain(hints).collect();
    let words: Vec<Vec<String>> = all.iter().map(|advice| advice.words.clone()).collect();
    let refusals = aws_refusals(&words).await;
    assert_eq!(refusals.len(), all.len());
    let refused = all
        .iter()
        .zip(refusals)
        .filter_map(|(advice, why)| why.map(|why| format!("{}: aws {}: {why}", advice.place, advice.words.join(" "))));
    assert_eq!(refused.collect::<Vec<_>>(), Vec::<String>::new());
}

/// A function's log group has the name that the template gives it, whatever the stack's.
#[test]
fn log_groups_that_commands_name_are_the_templates() {
    let template = checkout().read_template().unwrap();
    let groups = template["Resources"].as_object().unwrap().values().map(|one| &one["Properties"]["LogGroupName"]);
    let known: BTreeSet<&str> = groups.filter_map(|name| name["Fn::Sub"].as_str()).collect();
    let mut count = 0;
    for advice in documents().into_iter().chain(alarms()) {
        for group in advice.words.iter().filter(|word| word.starts_with("/aws/")) {
            let (start, last) = group.rsplit_once('/').unwrap();
            let (start, _) = start.rsplit_once('/').unwrap();
            assert!(
                known.contains(format!("{start}/${{AWS::StackName}}/{last}").as_str()),
                "{}: {group}",
                advice.place
            );
            count += 1;
        }
    }
    assert!(count >= 10, "only {count} were found");
}

#[tokio::test]
async fn commands_that_the_cli_would_refuse_are_found() {
    let refused = [
        ("sqs purge", "sqs has no operation purge"),
        ("queues list", "no service queues"),
        ("lambda update-alias --function-name F --name live --version 2", "no option --version"),
        ("lambda update-alias --function-name F", "--name is missing"),
        ("lambda put-function-recursion-config --function-name F --recursive-loop Maybe", "--recursive-loop is one of"),
        ("logs filter-log-events --log-group-name G --filter-pattern '\"level\":\"ERROR\"'", "outside of quotes"),
        ("logs filter-log-events --log-group-name G --filter-pattern '{ $.level == \"ERROR\" }'", "no selector"),
        ("lambda get-account-settings --query AccountLimits", "finds nothing"),
        ("lambda get-account-settings --query 'AccountLimit['", "no JMESPath"),
        ("lambda get-account-settings AccountLimit", "nothing takes AccountLimit"),
        ("lambda get-account-settings --output tables", "--output is one of"),
        ("logs tail --since 1h", "1 words have to follow"),
        ("logs tail G --until 1h", "no option --until"),
        ("deploy stop-deployment --deployment-id D --auto-rollback-enabled true", "nothing takes true"),
        ("dynamodb delete-item --table-name T --key '{\"pk\":'", "--key is not JSON"),
        ("cloudformation wait stack-gone --stack-name S", "no waiter stack-gone"),
    ];
    let taken = [
        "logs filter-log-events --log-group-name G --filter-pattern '{ $.level = \"ERROR\" && $.lane = \"bulk\" }'",
        "logs filter-log-events --log-group-name G --filter-pattern 'ERROR \"a panic\"'",
        "deploy stop-deployment --auto-rollback-enabled --deployment-id D --region eu-central-1",
        "logs tail G --since 1h --follow",
        "dynamodb delete-item --table-name T --key '{\"pk\":{\"S\":\"x\"}}'",
        "cloudformation wait stack-delete-complete --stack-name S",
    ];
    let words = |line: &str| aws_commands(&format!("aws {line}")).remove(0);
    let asked: Vec<Vec<String>> = refused.iter().map(|(line, _)| *line).chain(taken).map(words).collect();
    let answers = aws_refusals(&asked).await;
    for ((line, expected), answer) in refused.iter().zip(&answers) {
        assert!(answer.as_ref().is_some_and(|why| why.contains(expected)), "{line}: {answer:?}");
    }
    assert_eq!(answers[refused.len()..], [const { None }; 6], "{:?}", &answers[refused.len()..]);
}
