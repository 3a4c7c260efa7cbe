//! What the fence keeps of a resource, for programs and for people.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use weir_core::{UnixMillis, topics::Version};
use weir_ops::fence::FenceItem;

#[derive(Serialize)]
pub(super) struct View<'a> {
    key: &'a str,
    /// What is wrong with it, if it is not weir's.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<Newest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_until: Option<String>,
    ran: BTreeMap<String, Ran>,
    /// As it is item.
    attributes: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Newest {
    updated_at: Option<String>,
    triggered_at: Option<String>,
    /// It is so far ahead of the clock that it must be a mistake.
    is_far_ahead: bool,
}

#[derive(Serialize)]
struct Ran {
    updated_at: Option<String>,
    triggered_at: Option<String>,
    generation: u32,
}

fn times(version: &Version) -> (Option<String>, Option<String>) {
    let shown = |at: i128| Timestamp::from_nanosecond(at).map_or_else(|_| format!("{at} ns"), |at| at.to_string());
    (version.updated_at().map(shown), version.triggered_at().map(shown))
}

impl<'a> View<'a> {
    pub(super) fn new(key: &'a str, item: &FenceItem, now: UnixMillis) -> Self {
        let attributes = item.attributes().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let held_until = item.held_until(now).map(|until| until.to_string());
        let view = Self { key, unreadable: None, newest: None, held_until, ran: BTreeMap::new(), attributes };
        match item.record() {
            Err(problem) => Self { unreadable: Some(problem.to_string()), ..view },
            Ok(record) => {
                let version = record.newest.version;
                let (updated_at, triggered_at) = times(&version);
                let newest = Newest { updated_at, triggered_at, is_far_ahead: version.is_far_ahead_of(now) };
                let ran = record.ran.iter().map(|(mark, run)| {
                    let (updated_at, triggered_at) = times(&run.version);
                    (mark.as_str().to_owned(), Ran { updated_at, triggered_at, generation: run.generation })
                });
                Self { newest: Some(newest), ran: ran.collect(), ..view }
            }
        }
    }

    pub(super) fn text(&self) -> String {
        let mut lines = vec![self.key.to_owned()];
        let mut fact = |label: &str, value: &str| lines.push(format!("  {label:<14} {value}"));
        if let Some(problem) = &self.unreadable {
            fact("not weir's", problem);
            for (name, value) in &self.attributes {
                fact(name, value);
            }
        }
        if let Some(Newest { updated_at, triggered_at, is_far_ahead }) = &self.newest {
            fact("updated at", updated_at.as_deref().unwrap_or("unknown"));
            fact("triggered at", triggered_at.as_deref().unwrap_or("unknown"));
            if *is_far_ahead {
                fact("", "far ahead of the clock: every event is older than that");
            }
        }
        match &self.held_until {
            Some(until) => fact("handled until", until),
            None => fact("handled by", "nobody"),
        }
        for (topic, Ran { updated_at, triggered_at, generation }) in &self.ran {
            let at = updated_at.as_ref().or(triggered_at.as_ref()).map_or("unknown", String::as_str);
            let replayed = if *generation > 0 { format!(", generation {generation}") } else { String::new() };
            fact("ran", &format!("{topic} at {at}{replayed}"));
        }
        crate::layout::joined(lines)
    }
}
