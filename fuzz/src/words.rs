//! Command lines of `weir`: words that it knows, with others among them.

use std::{ffi::OsString, os::unix::ffi::OsStringExt};

use arbitrary::Arbitrary;

/// The recipe of a command line.
#[derive(Debug, Arbitrary)]
pub struct Line<'a> {
    command: u8,
    words: Vec<Word<'a>>,
}

#[derive(Debug, Arbitrary)]
enum Word<'a> {
    Known(u8),
    Option(u8, Value<'a>),
    Value(Value<'a>),
    Secret,
}

#[derive(Debug, Arbitrary)]
enum Value<'a> {
    Known(u8),
    Number(i64),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Shop(&'a str),
    Span(u32, u8),
}

const COMMANDS: [&[&str]; 25] = [
    &["send", "orders/create"],
    &["send"],
    &["events", "list"],
    &["events", "show", "1"],
    &["shops", "add", "north.myshopify.com"],
    &["shops", "list"],
    &["shops", "show", "north.myshopify.com"],
    &["shops", "check"],
    &["shops", "remove"],
    &["audit"],
    &["dlq", "list"],
    &["dlq", "show", "north.myshopify.com#1"],
    &["dlq", "replay"],
    &["dlq", "drop"],
    &["dlq", "history"],
    &["subscriptions", "plan"],
    &["subscriptions", "apply"],
    &["reconcile"],
    &["status"],
    &["dev"],
    &["topics"],
    &["events"],
    &["shops"],
    &[],
    &["help"],
];

const WORDS: [&str; 59] = [
    "--shop",
    "--file",
    "--id",
    "--times",
    "--rate",
    "--concurrency",
    "--seed",
    "--url",
    "--secret-env",
    "--dry-run",
    "--topic",
    "--state",
    "--limit",
    "--stack",
    "--table",
    "--region",
    "--profile",
    "--since",
    "--token-env",
    "--token-stdin",
    "--client-credentials",
    "--refresh-token-env",
    "--expires-in",
    "--plan",
    "--tier",
    "--replace",
    "--app",
    "--yes",
    "--after",
    "--by",
    "--error",
    "--event",
    "--every",
    "--follow",
    "--force",
    "--if-version",
    "--lane",
    "--last",
    "--newer-than",
    "--older-than",
    "--outcome",
    "--points",
    "--prune",
    "--raw",
    "--resource",
    "--resume",
    "--scan",
    "--topics",
    "--until",
    "--watch",
    "--why",
    "--json",
    "--no-demo",
    "--port",
    "--help",
    "--version",
    "--",
    "-",
    "=",
];

const VALUES: [&str; 16] = [
    "north.myshopify.com",
    "orders/create",
    "app/uninstalled",
    "order/create",
    "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    "https://example.com/webhooks",
    "http://",
    "failed",
    "installed",
    "plus",
    "gold",
    "20/s",
    "1h",
    "2 days",
    "-",
    "",
];

const UNITS: [&str; 8] = ["ns", "s", "m", "h", " days", "w", "mo", "y"];

impl Line<'_> {
    /// The words, the program's name first; `secret` where one is given.
    pub fn words(&self, secret: &str) -> Vec<OsString> {
        let command = COMMANDS[usize::from(self.command) % COMMANDS.len()];
        let mut line: Vec<OsString> = ["weir"].iter().chain(command).map(OsString::from).collect();
        for word in &self.words {
            match word {
                Word::Known(number) => line.push(known(&WORDS, *number).into()),
                Word::Option(number, value) => {
                    let mut word = OsString::from(known(&WORDS, *number));
                    word.push("=");
                    word.push(value.text());
                    line.push(word);
                }
                Word::Value(value) => line.push(value.text()),
                Word::Secret => line.push(format!("--secret={secret}").into()),
            }
        }
        line
    }
}

impl Value<'_> {
    fn text(&self) -> OsString {
        match self {
            Self::Known(number) => known(&VALUES, *number).into(),
            Self::Number(number) => number.to_string().into(),
            Self::Float(number) => format!("{number:e}").into(),
            Self::Text(text) => (*text).into(),
            Self::Bytes(bytes) => OsString::from_vec(bytes.to_vec()),
            Self::Shop(text) => format!("{text}.myshopify.com").into(),
            Self::Span(number, unit) => format!("{number}{}", known(&UNITS, *unit)).into(),
        }
    }
}

fn known(list: &[&'static str], number: u8) -> &'static str {
    list[usize::from(number) % list.len()]
}
