//! The text views, over strings that strangers wrote: a door for what tries them with any.

use resilience::UnixMillis;
use weir_core::{
    ApiVersion, AppName, EventId, EventShop, Failure, Topic, WebhookId,
    envelope::{Meta, seal},
    ledger::{Action, ActionKind, Attempt, Outcome, Owner, Record, State},
};

use crate::{
    commands::{check, dlq, events, status},
    printable, printer,
    problem::{HintedError, Shown},
};

/// What an envelope, a ledger item, a shared document and an error may say.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// A shop's domain.
    pub shop: &'a str,
    /// A webhook id.
    pub id: &'a str,
    /// A topic.
    pub topic: &'a str,
    /// An app.
    pub app: &'a str,
    /// What a body is a snapshot of.
    pub resource: &'a str,
    /// A time, as a header gave it.
    pub time: &'a str,
    /// What a service said.
    pub error: &'a str,
    /// Whatever else is text.
    pub other: &'a str,
}

/// What a command prints.
#[derive(Debug)]
pub struct View {
    /// Which one.
    pub name: &'static str,
    /// For people.
    pub text: String,
    /// With `--json`; `None` where there is none.
    pub json: Option<String>,
}

const NOW: UnixMillis = UnixMillis(1_795_755_600_120);

/// Everything that commands print of such an event, a message of it, and errors about it.
///
/// # Errors
/// If a view can't be written as JSON.
pub fn views(words: &Words<'_>) -> std::io::Result<Vec<View>> {
    let (record, message) = (record(words), message(words));
    let mut all = Vec::new();
    all.extend(events::views(&record, NOW)?);
    all.extend(dlq::views(&record, &message, words)?);
    all.push(status::view(words)?);
    all.push(check::view(words)?);
    let error = HintedError::new(printable::line(words.error), printable::line(words.other));
    let error = Shown::of(&anyhow::Error::new(error).context(words.topic.to_owned()));
    let said = |error: &Shown| error.lines().join("\n");
    all.push(View::of("error", &error, said)?);
    let body = printable::body(words.other.as_bytes());
    all.push(View { name: "body", text: body.replace('\t', "\\t"), json: None });
    Ok(all)
}

impl View {
    pub(crate) fn of<T: serde::Serialize>(
        name: &'static str,
        value: &T,
        human: impl FnOnce(&T) -> String,
    ) -> std::io::Result<Self> {
        let json = printer::rendered(true, value, |_| String::new())?;
        Ok(Self { name, text: printer::rendered(false, value, human)?, json: Some(json) })
    }
}

fn meta(words: &Words<'_>, body: &[u8]) -> Meta {
    Meta {
        app: AppName::from_stored(words.app),
        event_id: Some(EventId::from_stored(words.other)),
        api_version: Some(ApiVersion::from_stored(words.other)),
        subscription: Some(words.other.into()),
        triggered_at: Some(words.time.into()),
        ..Meta::new(
            WebhookId::from_stored(words.id),
            EventShop::from_stored(words.shop),
            Topic::from_stored(words.topic),
            NOW,
            body,
        )
    }
}

fn message(words: &Words<'_>) -> String {
    seal(&meta(words, b"{}"), b"{}").unwrap_or_default()
}

fn record(words: &Words<'_>) -> Record {
    let attempt = Attempt {
        number: 1,
        receives: 1,
        begun: NOW,
        ended: NOW,
        outcome: Outcome::Failed,
        comes_back: Some(NOW),
        error: Some(words.error.into()),
    };
    let action = Action::new(ActionKind::Dropped, NOW, words.other, words.other, Some(words.error));
    Record {
        owner: Owner("me".into()),
        attempts: 1,
        duplicates: 1,
        mismatches: 1,
        webhook_id: Some(WebhookId::from_stored(words.id)),
        last_webhook_id: Some(WebhookId::from_stored(words.other)),
        resource: Some(words.resource.into()),
        last_error: Some(words.error.into()),
        history: vec![attempt],
        actions: vec![action],
        ..Record::of(&meta(words, b"{}"), State::Failed(Failure::transient(words.error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(word: &str) -> Vec<View> {
        let words = Words {
            shop: word,
            id: word,
            topic: word,
            app: word,
            resource: word,
            time: word,
            error: word,
            other: word,
        };
        views(&words).unwrap()
    }

    #[test]
    fn view_shows_no_hidden_character_and_gets_no_line_from_outside() {
        let plain = all("x");
        for hostile in [
            "\u{1b}]52;c;aGk=\u{7}",
            "\u{202e}x",
            "x\u{200b}",
            "\u{9b}2J",
            "x\nhint: rm",
            "a\r",
            "\u{e0041}",
            "\u{2028}",
        ] {
            for (view, plain) in all(hostile).iter().zip(&plain) {
                let View { name, text, json } = view;
                assert!(!text.contains(|c| c != '\n' && printable::is_hidden(c)), "{name}: {text:?}");
                if *name != "body" && *name != "error" {
                    assert_eq!(text.lines().count(), plain.text.lines().count(), "{name}: {text}");
                }
                if let Some(json) = json {
                    assert!(!json.contains(printable::is_hidden), "{name}: {json}");
                    assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{name}: {json}");
                }
            }
        }
    }
}
