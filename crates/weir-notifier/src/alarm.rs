//! What CloudWatch publishes when an alarm changes its state, and what of it may be passed on.
//!
//! The fields are those of the notifications in the CloudWatch user guide, "Notifying users on alarm changes", and of
//! composite alarms, which have `AlarmRule` and `TriggeringChildren` in place of `Trigger`.

use std::fmt;

use serde::{Deserialize, Serialize};
use weir_core::UnixMillis;

/// The longest name that is shown of what is not the stack's own.
const FOREIGN_NAME: usize = 80;

/// The state that an alarm is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// All is well.
    Ok,
    /// Its threshold is breached.
    Alarm,
    /// CloudWatch can't tell.
    InsufficientData,
}

/// An alarm that changed its state.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The alarm's name.
    pub name: String,
    /// Its state now.
    pub state: State,
    /// Its state before, if the notification says so.
    pub before: Option<State>,
    /// Since when.
    pub at: UnixMillis,
    /// What the template says of it; `None` for an alarm that is not the stack's.
    pub told: Option<Description>,
    /// The value that changed it, against its threshold.
    pub measured: Option<String>,
    /// Whether it sums others up.
    pub is_composite: bool,
    /// The alarms that set a composite off, by name.
    pub children: Vec<String>,
    /// Where the console shows it.
    pub console: Option<String>,
}

/// An alarm's description, in its parts: `TEXT First: COMMAND Runbook: SECTION`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// What it means.
    pub text: String,
    /// The command to begin with.
    pub first: Option<String>,
    /// The runbook's section, as `docs/operations/runbook.md#dead-letters`.
    pub runbook: Option<String>,
}

/// A message on the topic that tells of no alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message of {0} bytes on the alarm topic tells of no alarm")]
pub struct NoAlarm(pub usize);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification {
    alarm_name: String,
    #[serde(default)]
    alarm_description: Option<String>,
    new_state_value: State,
    #[serde(default)]
    old_state_value: Option<State>,
    #[serde(default)]
    new_state_reason: String,
    state_change_time: String,
    #[serde(default)]
    alarm_arn: String,
    #[serde(default)]
    trigger: Option<Trigger>,
    #[serde(default)]
    alarm_rule: Option<String>,
    #[serde(default)]
    triggering_children: Vec<Child>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Trigger {
    #[serde(default)]
    metric_name: Option<String>,
    #[serde(default)]
    metrics: Vec<Metric>,
    #[serde(default)]
    comparison_operator: String,
    #[serde(default)]
    threshold: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    return_data: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Child {
    arn: String,
}

impl Change {
    /// Reads a notification; `stack` tells the stack's own alarms by their names.
    ///
    /// # Errors
    /// When it is something else. What it says is told to nobody.
    pub fn read(message: &str, stack: &str) -> Result<Self, NoAlarm> {
        let no_alarm = NoAlarm(message.len());
        let read: Notification = serde_json::from_str(message).map_err(|_| no_alarm)?;
        let at = jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &read.state_change_time).map_err(|_| no_alarm)?;
        let is_own = |name: &str| name.strip_prefix(stack).is_some_and(|rest| rest.starts_with('-'));
        let own = is_own(&read.alarm_name);
        let name = if own { read.alarm_name.clone() } else { harmless(&read.alarm_name) };
        let children = read.triggering_children.iter().filter_map(|child| child.arn.split_once(":alarm:"));
        Ok(Self {
            state: read.new_state_value,
            before: read.old_state_value,
            at: UnixMillis(at.as_millisecond()),
            told: own.then(|| Description::read(read.alarm_description.as_deref().unwrap_or_default())),
            measured: read.trigger.filter(|_| own).and_then(|trigger| measured(&trigger, &read.new_state_reason)),
            is_composite: read.alarm_rule.is_some(),
            children: children.map(|(_, name)| name.to_owned()).filter(|name| is_own(name)).collect(),
            console: own.then(|| console(&read.alarm_arn, &name)).flatten(),
            name,
        })
    }
}

impl Description {
    fn read(description: &str) -> Self {
        let (rest, runbook) = last_part(description, "Runbook: ");
        let (text, first) = last_part(rest, "First: ");
        Self { text: text.to_owned(), first, runbook }
    }
}

/// A text and what follows the mark in it.
fn last_part<'a>(text: &'a str, mark: &str) -> (&'a str, Option<String>) {
    match text.rsplit_once(mark) {
        Some((before, after)) => (before.trim(), Some(after.trim().to_owned()).filter(|after| !after.is_empty())),
        None => (text.trim(), None),
    }
}

/// `1 > 0, ApproximateNumberOfMessagesVisible`.
fn measured(trigger: &Trigger, reason: &str) -> Option<String> {
    let returned = trigger.metrics.iter().find(|metric| metric.return_data).and_then(|metric| metric.label.as_deref());
    let metric = trigger.metric_name.as_deref().or(returned)?;
    let threshold = trigger.threshold?;
    let sign = match trigger.comparison_operator.as_str() {
        "GreaterThanThreshold" => ">",
        "GreaterThanOrEqualToThreshold" => "≥",
        "LessThanThreshold" => "<",
        "LessThanOrEqualToThreshold" => "≤",
        _ => "against",
    };
    let value = match value(reason) {
        Some(value) => format!("{value} {sign} {threshold}"),
        None => format!("no data; it alarms at {sign} {threshold}"),
    };
    Some(format!("{value}, {metric}"))
}

/// The newest value of a reason such as `Threshold Crossed: 1 out of the last 1 datapoints [1.0 (25/11/26 12:00:00)] was …`.
fn value(reason: &str) -> Option<f64> {
    let (_, values) = reason.split_once('[')?;
    values.split([' ', ']']).next()?.parse().ok()
}

/// Where the console shows an alarm. The console of other partitions has other addresses.
fn console(arn: &str, name: &str) -> Option<String> {
    let mut parts = arn.strip_prefix("arn:aws:cloudwatch:")?.split(':');
    let region = parts.next().filter(|region| !region.is_empty() && harmless(region) == **region)?;
    let name: String = name.chars().map(|c| if c == ' ' { "%20".to_owned() } else { c.to_string() }).collect();
    Some(format!("https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#alarmsV2:alarm/{name}"))
}

/// A foreign name without what could be more than a name.
fn harmless(name: &str) -> String {
    let kept = |c: &char| c.is_ascii_alphanumeric() || "-_./ ".contains(*c);
    name.chars().filter(kept).take(FOREIGN_NAME).collect()
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        })
    }
}

#[cfg(test)]
mod tests;
