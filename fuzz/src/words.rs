//! Command lines of `weir`: words that it knows, with others among them.

use std::{ffi::OsString, os::unix::ffi::OsStringExt, sync::LazyLock};

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

/// Every command, and `help`.
static COMMANDS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let mut commands = weir_cli::input::commands();
    commands.push(vec!["help".to_owned()]);
    commands
});

/// Every option, and words that stand where one may.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut words = weir_cli::input::options();
    words.extend(["--help", "--version", "--", "-", "="].map(str::to_owned));
    words
});

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
        let command = known(&COMMANDS, self.command);
        let mut line = vec![OsString::from("weir")];
        line.extend(command.iter().map(OsString::from));
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
            Self::Known(number) => (*known(&VALUES, *number)).into(),
            Self::Number(number) => number.to_string().into(),
            Self::Float(number) => format!("{number:e}").into(),
            Self::Text(text) => (*text).into(),
            Self::Bytes(bytes) => OsString::from_vec(bytes.to_vec()),
            Self::Shop(text) => format!("{text}.myshopify.com").into(),
            Self::Span(number, unit) => format!("{number}{}", known(&UNITS, *unit)).into(),
        }
    }
}

fn known<T>(list: &[T], number: u8) -> &T {
    &list[usize::from(number) % list.len()]
}
