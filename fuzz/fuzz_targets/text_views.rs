//! What commands print of an event whose envelope, ledger item and errors say anything at all: no character that a
//! terminal acts on or hides, no line that comes from outside, and JSON that means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use weir_cli::views::{View, Words, views};

fuzz_target!(|text: &str| {
    // A seed is eight lines; a line break within a word comes as a carriage return.
    let text = text.replace('\r', "\u{85}");
    let mut parts = text.split('\n').map(|part| part.replace('\u{85}', "\n"));
    let words: [String; 8] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    let shown = all(&words);
    let plain = all(&plain(&words));
    assert_eq!(shown.len(), plain.len());
    for (View { name, text, json }, plain) in shown.iter().zip(&plain) {
        check(name, text);
        // A body keeps its line breaks; an error ends with a hint if one is in what failed.
        if *name != "body" && *name != "error" && *name != "dlq list" {
            assert_eq!(text.split('\n').count(), plain.text.split('\n').count(), "a line comes from outside: {text}");
        }
        if let Some(json) = json {
            check(name, json);
            assert!(!json.contains('\n'), "{name}: {json}");
            serde_json::from_str::<Value>(json).unwrap_or_else(|error| panic!("{name}: {error}: {json}"));
        }
    }
});

/// Words without anything special, of which as many are empty or equal: some lines are left out if two words agree.
fn plain(words: &[String; 8]) -> [String; 8] {
    words.each_ref().map(|word| match words.iter().position(|one| one == word) {
        Some(first) if !word.is_empty() => format!("x{first}"),
        _ => String::new(),
    })
}

fn all([shop, id, topic, app, resource, time, error, other]: &[String; 8]) -> Vec<View> {
    views(&Words { shop, id, topic, app, resource, time, error, other }).expect("a view can be written")
}

/// The rule said once more, and wider: nothing but printable characters of known kinds and our own line breaks.
fn check(name: &str, text: &str) {
    let hidden = text.chars().find(|c| match c {
        '\n' => false,
        c if c.is_control() => true,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    });
    assert_eq!(hidden, None, "{name} shows a character that steers or hides: {text:?}");
}
