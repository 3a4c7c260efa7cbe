//! A dead-lettered message as it is listed, and the list.

use serde::Serialize;
use weir_core::UnixMillis;
use weir_ops::dead_letters::{DeadLetterEntry, Group};

use super::view;
use crate::printable::line;

/// A message, without its body.
#[derive(Debug, Serialize)]
pub(super) struct MessageView {
    event: String,
    lane: &'static str,
    topic: Option<String>,
    shop: Option<String>,
    app: Option<String>,
    state: &'static str,
    error: String,
    generation: u32,
    attempts: Option<u32>,
    received_at: String,
    sent_at: String,
    bytes: usize,
    message_id: String,
}

impl From<&DeadLetterEntry> for MessageView {
    fn from(found: &DeadLetterEntry) -> Self {
        let letter = &found.letter;
        Self {
            event: letter.name(),
            lane: letter.lane.as_str(),
            topic: letter.topic().map(str::to_owned),
            shop: letter.shop().map(str::to_owned),
            app: letter.app().map(str::to_owned),
            state: found.status.as_str(),
            error: found.reason(),
            generation: letter.key().generation,
            attempts: found.record.as_ref().map(|record| record.attempts),
            received_at: letter.received_at().to_string(),
            sent_at: letter.sent_at.to_string(),
            bytes: letter.bytes,
            message_id: letter.id.clone(),
        }
    }
}

/// Groups, with the name of one message of each.
pub(super) fn table(groups: &[Group], by: &str, limit: usize, now: UnixMillis) -> String {
    if groups.is_empty() {
        return "nothing dead-lettered matches".to_owned();
    }
    let shown = &groups[..groups.len().min(limit)];
    let samples = shown.iter().filter_map(|group| Some(format!("  {}", line(group.samples.first()?))));
    format!(
        "{}\n\none of each:\n{}",
        view::table(shown, &by.to_uppercase(), now),
        samples.collect::<Vec<_>>().join("\n")
    )
}
