use serde_json::Value;

use crate::{run, server, weir};

#[test]
fn every_command_shows_examples_in_its_help() {
    let commands = weir_cli::input::commands();
    assert!(commands.len() > 30, "{commands:?}");
    for command in commands {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let ended = run(weir(&words).arg("--help"));
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        assert!(ended.stdout.contains("Usage:"), "{command:?}");
        // A command of commands sends the reader on to them.
        assert!(ended.stdout.contains("Examples:") || ended.stdout.contains("Commands:"), "{command:?}");
    }
}

#[test]
fn the_exit_statuses_are_documented() {
    let ended = run(&mut weir(&["--help"]));
    for status in ["0    done", "1    failed", "2    the command line", "3    weir status", "130  interrupted"] {
        assert!(ended.stdout.contains(status), "{}", ended.stdout);
    }
}

/// The words of an example, up to its comment, a pipe or a redirection.
fn words(example: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in example.split("   ").next().unwrap_or_default().chars() {
        match (quote, c) {
            (None, '\'' | '"') => (quote, word) = (Some(c), word.or(Some(String::new()))),
            (Some(end), c) if c == end => quote = None,
            (None, '|' | '>') => break,
            (None, ' ') => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn every_example_of_the_help_is_understood() {
    let (mut examples, mut wrong) = (0, Vec::new());
    for command in weir_cli::input::commands() {
        let names: Vec<&str> = command.iter().map(String::as_str).collect();
        let help = run(weir(&names).env("COLUMNS", "500").arg("--help")).stdout;
        for line in help.lines().map(str::trim).filter(|line| line.starts_with("weir ")) {
            let line: Vec<std::ffi::OsString> = words(line).into_iter().map(Into::into).collect();
            let refused = weir_cli::input::command_line(&line).err();
            wrong.extend(refused.map(|refused| format!("{command:?}: {line:?}: {}", refused.said)));
            examples += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(examples > 120, "only {examples} examples were found");
}

#[test]
fn exit_statuses_and_json_are_documented_for_scripts() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/scripting.md")).unwrap();
    let help = run(&mut weir(&["--help"])).stdout;
    let (_, statuses) = help.split_once("Exit status:").unwrap();
    for line in statuses.lines().filter(|line| !line.trim().is_empty()) {
        let status = line.split_whitespace().next().unwrap();
        assert!(page.contains(&format!("| {status} |")), "{line}");
    }
    for command in weir_cli::input::commands().iter().filter(|command| !command.is_empty()) {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let ended = run(weir(&words).arg("--help"));
        // A command of commands prints nothing of its own.
        if !ended.stdout.contains("Commands:") && words != ["dev"] {
            assert!(page.contains(&format!("`{}`", words.join(" "))), "{command:?} is in no row of the JSON table");
        }
    }
}

#[test]
fn topics_are_listed_with_their_lanes() {
    let ended = run(&mut weir(&["topics", "--json"]));
    let topics: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    let lane = |topic: &str| topics.iter().find(|row| row["topic"] == topic).map(|row| row["lane"].clone());
    assert_eq!(lane("orders/paid"), Some("urgent".into()));
    assert_eq!(lane("orders/create"), Some("standard".into()));
    assert_eq!(lane("products/update"), Some("bulk".into()));
    assert_eq!(run(&mut weir(&["topics"])).stdout.lines().count(), topics.len());
}

#[test]
fn a_command_line_that_can_not_be_followed_ends_with_2() {
    for line in [&["nonsense"][..], &[], &["send"], &["send", "orders/create", "--rate", "0"], &["dev", "--port", "0"]]
    {
        assert_eq!(run(&mut weir(line)).status, 2, "{line:?}");
    }
}

#[test]
fn without_a_local_stack_the_error_says_how_to_start_one() {
    for line in [
        &["send", "orders/create"][..],
        &["load"],
        &["events", "list"],
        &["shops", "list"],
        &["audit"],
        &["controls", "show"],
        &["check"],
        &["dlq", "list"],
    ] {
        let ended = run(&mut weir(line));
        assert_eq!(ended.status, 1);
        let last = ended.stderr.lines().last().unwrap();
        assert!(last.starts_with("hint: start `cargo dev` in another terminal, or give --"), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn outside_a_checkout_dev_says_where_to_go() {
    let ended = run(&mut weir(&["dev"]));
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("no checkout of weir") && ended.stderr.contains("\nhint: "), "{}", ended.stderr);
}

#[test]
fn a_second_dev_is_told_of_the_first() {
    let first = server::Server::start(|_| (200, String::new()));
    let checkout = crate::checkout(&first.url());
    let ended = run(weir(&["dev"]).current_dir(checkout.path()));
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("runs already") && ended.stderr.contains(&first.url()), "{}", ended.stderr);
    assert!(checkout.path().join("target/weir/dev.json").exists(), "it is the first one's");
}

#[test]
fn with_json_an_error_is_json_too() {
    let ended = run(&mut weir(&["send", "order/create", "--json"]));
    assert_eq!(ended.status, 2);
    let error: Value = serde_json::from_str(&ended.stderr).unwrap();
    assert!(error["hint"].as_str().unwrap().contains("orders/create"), "{error}");
}
