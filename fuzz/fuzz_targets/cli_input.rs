//! What a user hands to the `weir` command: a command line, log lines, a `dev.json`. What is refused ends with status 2
//! and a hint, and no secret is said again.
#![no_main]

use std::ffi::OsString;

use libfuzzer_sys::{
    arbitrary::{Arbitrary, Unstructured},
    fuzz_target,
};
use serde_json::Value;
use weir_cli::input::{self, Refused};
use weir_fuzz::words::Line;

/// Given as `--secret`.
const SECRET: &str = "S3cretW0rd";

fuzz_target!(|bytes: &[u8]| {
    // Text that starts as JSON is lines of a log and a `dev.json`, a command line starts with its name, and anything
    // else is the recipe of one.
    if bytes.first() == Some(&b'{') {
        log(bytes);
        dev_file(bytes);
    } else if let Ok(text) = str::from_utf8(bytes)
        && text.starts_with("weir ")
    {
        follow(&text.split(' ').map(OsString::from).collect::<Vec<_>>());
    } else if let Ok(line) = Line::arbitrary(&mut Unstructured::new(bytes)) {
        follow(&line.words(SECRET));
    }
});

fn follow(line: &[OsString]) {
    let Err(Refused { status, said }) = input::command_line(line) else { return };
    // In another command, or behind `--`, it is no option's value, and clap can't know what it is.
    if line.get(1).is_some_and(|command| command == "send") && !line.iter().any(|word| word == "--") {
        assert!(!said.contains(SECRET), "it says a secret again: {said}");
    }
    // `--help` and `--version`.
    if status == 0 {
        return;
    }
    assert_eq!(status, 2, "{said}");
    let last = said.trim_end().lines().last().unwrap_or_default();
    // Clap's own way of saying so, and that of a command without a subcommand, which shows all of its help.
    let has_hint =
        last.starts_with("hint: ") || last.starts_with("For more information") || said.contains("\nCommands:");
    assert!(has_hint, "no word on what to do: {said:?}");
}

fn log(lines: &[u8]) {
    let (json, text) = input::audit(lines).expect("a report can be written");
    let report: Value = serde_json::from_str(&json).expect("the report is JSON");
    let number = |of: &str, name: &str| report[of][name].as_u64().expect("a count");
    // As `lines` of Rust has it, but for the white space.
    let read = lines.split(|byte| *byte == b'\n').count() - usize::from(lines.ends_with(b"\n"));
    assert_eq!(number("lines", "read"), read as u64);
    let calls = report["calls"].as_u64().expect("a count");
    assert_eq!(calls + number("lines", "others") + number("lines", "malformed"), read as u64);
    let operations = report["operations"].as_array().expect("a list");
    assert_eq!(operations.iter().map(|row| row["calls"].as_u64().unwrap_or(0)).sum::<u64>(), calls);
    for share in ["throttled_rate", "redundant_rate"] {
        assert!((0.0..=1.0).contains(&report[share].as_f64().unwrap_or(-1.0)), "{share}: {report}");
    }
    let is_steering = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(is_steering), "it would steer a terminal: {text:?}");
}

fn dev_file(text: &[u8]) {
    if let Err(Refused { said, .. }) = input::dev_file(text) {
        assert!(said.contains("\nhint: ") || said.contains("no place to send tokens to"), "{said:?}");
    }
}
