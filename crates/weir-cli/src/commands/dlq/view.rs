//! Dead letters as they are shown. No body is among this.

use serde::Serialize;

use super::{groups::Group, letter::Letter};

/// What `list` found.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    pub(super) count: u64,
    pub(super) groups: Vec<Group>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) events: Vec<Event>,
}

/// One message.
#[derive(Debug, Serialize)]
pub(super) struct Event {
    pub(super) event: String,
    pub(super) lane: &'static str,
    topic: Option<String>,
    app: Option<String>,
    generation: u32,
    received_at: String,
    triggered_at: Option<String>,
    /// As the ledger has it; `None` if it does not know it.
    state: Option<&'static str>,
    attempts: Option<u32>,
    error: String,
    /// SQS's id of the message.
    message_id: String,
}

impl From<&Letter> for Event {
    fn from(letter: &Letter) -> Self {
        let (meta, record) = (letter.meta.as_ref(), letter.record.as_ref());
        Self {
            event: letter.name(),
            lane: letter.lane.as_str(),
            topic: meta.map(|meta| meta.topic.clone()),
            app: meta.map(|meta| meta.app.clone()),
            generation: letter.key().generation,
            received_at: letter.came_at().to_string(),
            triggered_at: meta.and_then(|meta| meta.triggered_at.clone()),
            state: record.map(|record| record.state.as_str()),
            attempts: record.map(|record| record.attempts),
            error: letter.error().to_owned(),
            message_id: letter.message_id.clone(),
        }
    }
}

impl Listed {
    pub(super) fn lines(&self) -> String {
        if self.count == 0 {
            return "no dead letters".to_owned();
        }
        let groups = self.groups.iter().map(Group::lines);
        let events = self.events.iter().map(|event| {
            let topic = event.topic.as_deref().unwrap_or("-");
            format!("{}  {:<8}  {topic}  {}  {}", event.received_at, event.lane, event.event, event.error)
        });
        groups.chain(events).collect::<Vec<_>>().join("\n")
    }
}

impl Event {
    pub(super) fn lines(&self) -> String {
        let rows = [
            ("lane", Some(self.lane.to_owned())),
            ("topic", self.topic.clone()),
            ("app", self.app.clone()),
            ("replay", (self.generation > 0).then(|| self.generation.to_string())),
            ("triggered", self.triggered_at.clone()),
            ("received", Some(self.received_at.clone())),
            ("state", self.state.map(str::to_owned)),
            ("attempts", self.attempts.map(|attempts| attempts.to_string())),
            ("error", Some(self.error.clone())),
            ("message", Some(self.message_id.clone())),
        ];
        let rows = rows.into_iter().filter_map(|(name, value)| Some(format!("  {name:<12}  {}", value?)));
        std::iter::once(self.event.clone()).chain(rows).collect::<Vec<_>>().join("\n")
    }
}
