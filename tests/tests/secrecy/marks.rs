//! Secrets and customers' data that are easy to find, whatever they were turned into.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// A text that must come out nowhere.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) what: &'static str,
    pub(crate) text: String,
}

/// Where a mark was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Leak {
    pub(crate) what: &'static str,
    pub(crate) form: &'static str,
    pub(crate) around: String,
}

pub(crate) fn mark(what: &'static str, text: impl Into<String>) -> Mark {
    Mark { what, text: text.into() }
}

/// The customer of the deliveries.
pub(crate) fn customer() -> Vec<Mark> {
    vec![
        mark("email", "zora.quill+mark@quillmark.example"),
        mark("phone", "+49 30 5557719"),
        mark("address", "Quillmarkgasse 77 b"),
        mark("card", "4929 7777 1212 3434"),
        mark("name", "Zora Quillmark-Ölander"),
        mark("note", "call 'Quillnote' first; \"gift\" & <wrap>"),
    ]
}

/// A body of theirs.
pub(crate) fn body(id: u64) -> String {
    let fields: serde_json::Map<_, _> =
        customer().into_iter().map(|mark| (mark.what.to_owned(), mark.text.into())).collect();
    serde_json::json!({ "id": id, "customer": fields }).to_string()
}

/// Each form that a text may take on its way into a line, but for what is too short to tell from chance.
fn forms(text: &str) -> Vec<(&'static str, String)> {
    let escape = |text: &str| {
        let json = serde_json::Value::from(text).to_string();
        json[1..json.len() - 1].to_owned()
    };
    // A document in a text in a document, and so on.
    let json: Vec<String> = std::iter::successors(Some(text.to_owned()), |inner| Some(escape(inner))).take(5).collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let percent = |plus: bool, keep: &str| -> String {
        let one = |byte: u8| match byte {
            b' ' if plus => "+".to_owned(),
            byte if byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        text.bytes().map(one).collect()
    };
    let mut forms = vec![
        ("as Debug", {
            let debug = format!("{text:?}");
            debug[1..debug.len() - 1].to_owned()
        }),
        ("in hex", hex(text.as_bytes())),
        ("in hex, capitals", hex(text.as_bytes()).to_uppercase()),
        ("as bytes", format!("{:?}", text.as_bytes()).trim_matches(['[', ']']).to_owned()),
        ("URL-encoded", percent(false, "-_.~")),
        ("as a form", percent(true, "-_.*")),
    ];
    let names = ["as it is", "as JSON", "as JSON in JSON", "as JSON thrice", "as JSON four times"];
    forms.extend(names.into_iter().zip(json));
    // Base64 depends on where in a group of three the text begins: the characters that it alone decides.
    for (offset, name) in ["in base64", "in base64, at 1", "in base64, at 2"].into_iter().enumerate() {
        let padded = [vec![0; offset], text.as_bytes().to_vec()].concat();
        let encoded = STANDARD_NO_PAD.encode(&padded);
        let (from, to) = ((offset * 8).div_ceil(6), padded.len() * 8 / 6);
        forms.push((name, encoded[from..to].to_owned()));
        forms.push((name, encoded[from..to].replace('+', "-").replace('/', "_")));
    }
    forms
}

/// Every mark in a text.
pub(crate) fn leaks(text: &str, marks: &[Mark]) -> Vec<Leak> {
    let mut found = Vec::new();
    for mark in marks {
        for (form, needle) in forms(&mark.text) {
            if let Some(at) = text.find(&needle) {
                let from = text.floor_char_boundary(at.saturating_sub(120));
                let around = text[from..text.ceil_char_boundary(at + needle.len())].to_owned();
                found.push(Leak { what: mark.what, form, around });
                break;
            }
        }
    }
    found
}

#[track_caller]
pub(crate) fn assert_secret(place: &str, text: &str, marks: &[Mark]) {
    let leaks = leaks(text, marks);
    assert!(leaks.is_empty(), "{place} tells {leaks:#?}");
}

#[test]
fn a_mark_is_found_in_whatever_form_it_is_told() {
    let marks = customer();
    for mark in &marks {
        let text = &mark.text;
        let base64 = |before: &str| STANDARD_NO_PAD.encode(format!("{before}{text}, and more"));
        let line = serde_json::json!({ "reason": format!("refused: {}", serde_json::json!({ "e": text })) });
        for told in [
            format!("Failed: {text}!"),
            format!("Failed: {text:?}!"),
            line.to_string(),
            serde_json::json!({ "message": line.to_string() }).to_string(),
            base64(""),
            base64("x"),
            base64("xy"),
            format!("{:?}", format!("a{text}").as_bytes()),
            text.bytes().map(|byte| format!("{byte:02X}")).collect(),
        ] {
            let found = leaks(&told, &marks);
            assert!(found.iter().any(|leak| leak.what == mark.what), "{} is not found in {told}", mark.what);
        }
    }
    assert_eq!(leaks("a=zora.quill%2Bmark%40quillmark.example&b=1", &marks)[0].form, "URL-encoded");
    assert_eq!(leaks("https://x/?p=%2B49+30+5557719", &marks)[0].form, "as a form");
}

#[test]
fn text_without_a_mark_is_not_reported() {
    let text = "north.myshopify.com orders/create Zora quillmark 5557719 {\"id\":1} UXVpbGw";
    assert_eq!(leaks(text, &customer()), []);
}

/// The search must be able to fail: a line that is logged on purpose.
#[test]
#[should_panic(expected = "the log tells")]
fn a_customer_in_the_log_fails_the_test() {
    let (subscriber, output) = weir_telemetry::logs::captured(tracing_subscriber::filter::LevelFilter::INFO);
    tracing::subscriber::with_default(subscriber, || tracing::info!(body = body(1), "A handler's careless line"));
    assert_secret("the log", &output.lines().join("\n"), &customer());
}
