//! One dead-lettered message as it is shown: what its envelope says, what the ledger says, what to do.

use serde::Serialize;
use weir_core::{envelope::Envelope, ledger::State};
use weir_ops::dead_letters::{DeadLetterEntry, DeadLetterStatus};

use super::message::MessageView;
use crate::layout::{facts, joined};

/// A message as it is shown.
#[derive(Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    message: MessageView,
    webhook_event_id: Option<String>,
    api_version: Option<String>,
    subscription: Option<String>,
    triggered_at: Option<String>,
    body_sha256: Option<String>,
    /// Where the body lies, if not in the message.
    body_in: Option<String>,
    parks: u32,
    record: Option<RecordView>,
    advice: &'static str,
}

#[derive(Serialize)]
struct RecordView {
    state: &'static str,
    permanent: Option<bool>,
    last_error: Option<String>,
    attempts: u32,
    duplicates: u32,
    mismatches: u32,
    parks: u32,
    updated_at: String,
    body_sha256: String,
}

impl Shown {
    /// `message`: as SQS has it.
    pub(super) fn new(found: &DeadLetterEntry, message: &str) -> Self {
        let meta = found.letter.head.as_ref().ok();
        let envelope = Envelope::parse(message).ok();
        let record = found.record.as_ref().map(|record| RecordView {
            state: record.state.as_str(),
            permanent: match &record.state {
                State::Failed(failure) => Some(failure.is_permanent()),
                _ => None,
            },
            last_error: record.last_error.clone(),
            attempts: record.attempts,
            duplicates: record.duplicates,
            mismatches: record.mismatches,
            parks: record.parks,
            updated_at: record.updated_at.to_string(),
            body_sha256: record.body_sha256.clone(),
        });
        Self {
            message: MessageView::from(found),
            webhook_event_id: meta.and_then(|meta| meta.event_id.clone()).map(Into::into),
            api_version: meta.and_then(|meta| meta.api_version.clone()).map(Into::into),
            subscription: meta.and_then(|meta| meta.subscription.clone()),
            triggered_at: meta.and_then(|meta| meta.triggered_at.clone()),
            body_sha256: meta.map(|meta| meta.body_sha256.clone()),
            body_in: envelope.as_ref().and_then(|envelope| envelope.reference().map(str::to_owned)),
            parks: envelope.and_then(|envelope| envelope.parked).map_or(0, |parked| parked.count),
            record,
            advice: advice(found.status),
        }
    }

    /// For people.
    pub(super) fn lines(&self) -> String {
        let json = serde_json::to_value(self).unwrap_or_default();
        let mut rows = Vec::new();
        let mut add = |label: String, value: &serde_json::Value| match value {
            serde_json::Value::Null => {}
            serde_json::Value::String(text) => rows.push((label, text.clone())),
            other => rows.push((label, other.to_string())),
        };
        for name in MESSAGE {
            add(name.replace('_', " "), &json[name]);
        }
        for name in RECORD {
            add(format!("ledger: {}", name.replace('_', " ")), &json["record"][name]);
        }
        add("what to do".to_owned(), &json["advice"]);
        let name = json["event"].as_str().unwrap_or_default().to_owned();
        format!("{}\n{}", joined([name]), facts(&rows, 0).join("\n"))
    }
}

const MESSAGE: [&str; 18] = [
    "error",
    "state",
    "lane",
    "topic",
    "shop",
    "app",
    "generation",
    "parks",
    "webhook_event_id",
    "api_version",
    "subscription",
    "triggered_at",
    "received_at",
    "sent_at",
    "bytes",
    "body_sha256",
    "body_in",
    "message_id",
];

const RECORD: [&str; 8] =
    ["state", "permanent", "last_error", "attempts", "duplicates", "mismatches", "updated_at", "body_sha256"];

fn advice(status: DeadLetterStatus) -> &'static str {
    match status {
        DeadLetterStatus::Failed => {
            "once its cause is mended: weir dlq replay --event ID; a body that can't work: with --file"
        }
        DeadLetterStatus::Done | DeadLetterStatus::Stale | DeadLetterStatus::Dropped | DeadLetterStatus::Replaced => {
            "its event ended: weir dlq replay --event ID only takes it out of here"
        }
        DeadLetterStatus::Parked | DeadLetterStatus::Leased => "another copy is on its way: wait for it",
        DeadLetterStatus::Mismatch => {
            "which body is right? weir dlq replay --event ID --force runs this one too, drop deletes it"
        }
        DeadLetterStatus::Unknown => "weir dlq replay --event ID",
        DeadLetterStatus::Unreadable => "no worker can read it: look at it with --body, and drop it",
    }
}
