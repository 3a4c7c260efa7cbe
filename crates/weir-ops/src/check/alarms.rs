//! The stack's alarms: whether one is on, and whether anybody is told.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::{
    Client,
    types::{AlarmType, StateValue},
};
use weir_aws::{SdkConfig, reason};

use super::{
    model::{Area, Finding, FindingKind, Severity},
    target::CheckTarget,
};

/// CloudWatch takes so many names a call.
const MAX_NAMES_PER_CALL: usize = 100;

const NO_CLOUDWATCH: &str = "the emulator has no alarms that change";

/// What was seen of an alarm, or of who is told of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmFinding {
    /// It is on.
    On {
        /// Why, as CloudWatch says.
        reason: String,
    },
    /// It tells nobody, because somebody switched its actions off.
    ActionsOff,
    /// The template has it, and it is gone.
    Gone,
    /// So many alarms had no data yet.
    NoData {
        /// Their names.
        names: Vec<String>,
    },
    /// Nobody is told of alarms.
    NobodyIsTold {
        /// The stack's topic.
        topic: String,
        /// Subscriptions of it that wait for their confirmation.
        pending: u32,
    },
    /// The topic of `AlarmTopicArn` has no subscriber.
    EmptyTopic {
        /// The topic.
        topic: String,
        /// Subscriptions of it that wait for their confirmation.
        pending: u32,
    },
    /// Slack alone is told: nobody is woken.
    SlackAlone,
}

impl AlarmFinding {
    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::On { .. } => "alarm-on",
            Self::ActionsOff => "alarm-actions-off",
            Self::Gone => "alarm-gone",
            Self::NoData { .. } => "alarms-without-data",
            Self::NobodyIsTold { .. } => "nobody-is-told",
            Self::EmptyTopic { .. } => "topic-without-subscriber",
            Self::SlackAlone => "slack-alone",
        }
    }
}

/// An alarm as CloudWatch has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Alarm {
    state: StateValue,
    reason: String,
    has_actions: bool,
}

/// Who listens to a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listeners {
    confirmed: u32,
    pending: u32,
}

/// Looks at every alarm of the stack, and at the topics that they are sent to.
pub(super) async fn check(target: &CheckTarget) -> Vec<Finding> {
    let config = &target.stack.config;
    let kinds = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];
    let names: Vec<&str> = kinds.iter().flat_map(|kind| target.of_kind(kind)).map(|(_, name)| name).collect();
    let read =
        async { if target.stack.is_emulated { Err(NO_CLOUDWATCH.to_owned()) } else { read(config, &names).await } };
    let (alarms, told) = tokio::join!(read, told(target));
    let mut found = match alarms {
        Ok(alarms) => judged(&names, &alarms),
        Err(reason) => vec![Finding::not_checked(Area::Alarms, "CloudWatch", reason)],
    };
    found.extend(told);
    found
}

fn judged(names: &[&str], alarms: &BTreeMap<String, Alarm>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut silent = Vec::new();
    for name in names {
        let Some(alarm) = alarms.get(*name) else {
            found.push(finding(Severity::Should, name, AlarmFinding::Gone));
            continue;
        };
        match alarm.state {
            StateValue::Alarm => {
                found.push(finding(Severity::Must, name, AlarmFinding::On { reason: alarm.reason.clone() }));
            }
            StateValue::InsufficientData => silent.push((*name).to_owned()),
            _ => {}
        }
        if !alarm.has_actions {
            found.push(finding(Severity::Should, name, AlarmFinding::ActionsOff));
        }
    }
    if !silent.is_empty() {
        found.push(finding(Severity::Note, "alarms", AlarmFinding::NoData { names: silent }));
    }
    found
}

async fn read(config: &SdkConfig, names: &[&str]) -> Result<BTreeMap<String, Alarm>, String> {
    let client = Client::new(config);
    let mut all = BTreeMap::new();
    for names in names.chunks(MAX_NAMES_PER_CALL) {
        let request = names.iter().fold(client.describe_alarms(), |request, name| request.alarm_names(*name));
        // Without their types, composite alarms are left out.
        let request = request.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        let read = request.max_records(MAX_NAMES_PER_CALL as i32).send().await.map_err(|error| reason(&error))?;
        for alarm in read.metric_alarms() {
            let Some(name) = alarm.alarm_name() else { continue };
            all.insert(name.to_owned(), of(alarm.state_value(), alarm.state_reason(), alarm.actions_enabled()));
        }
        for alarm in read.composite_alarms() {
            let Some(name) = alarm.alarm_name() else { continue };
            all.insert(name.to_owned(), of(alarm.state_value(), alarm.state_reason(), alarm.actions_enabled()));
        }
    }
    Ok(all)
}

fn of(state: Option<&StateValue>, reason: Option<&str>, has_actions: Option<bool>) -> Alarm {
    Alarm {
        state: state.cloned().unwrap_or(StateValue::InsufficientData),
        reason: reason.unwrap_or_default().to_owned(),
        has_actions: has_actions.unwrap_or(true),
    }
}

/// Whether anybody hears of an alarm.
async fn told(target: &CheckTarget) -> Vec<Finding> {
    let stack = &target.stack;
    let Ok(own) = stack.output("AlarmsTopicArn") else { return Vec::new() };
    let has = |name: &str| stack.parameter(name).filter(|value| !value.is_empty());
    let slack = u32::from(has("SlackWebhookSecretArn").is_some());
    let client = aws_sdk_sns::Client::new(&stack.config);
    let (topic, is_own) = has("AlarmTopicArn").map_or((own.as_str(), true), |given| (given, false));
    let Listeners { confirmed, pending } = match listeners(&client, topic).await {
        Ok(listeners) => listeners,
        Err(reason) => return vec![Finding::not_checked(Area::Alarms, topic, reason)],
    };
    let topic = topic.to_owned();
    let found = match (is_own, confirmed) {
        (false, 0) => Some((Severity::Should, AlarmFinding::EmptyTopic { topic, pending })),
        (true, 0) => Some((Severity::Should, AlarmFinding::NobodyIsTold { topic, pending })),
        (true, confirmed) if confirmed == slack => Some((Severity::Note, AlarmFinding::SlackAlone)),
        _ => None,
    };
    found.map(|(severity, kind)| finding(severity, "alarms", kind)).into_iter().collect()
}

async fn listeners(client: &aws_sdk_sns::Client, topic: &str) -> Result<Listeners, String> {
    let read = client.get_topic_attributes().topic_arn(topic).send().await.map_err(|error| reason(&error))?;
    let count = |name: &str| {
        let value = read.attributes().and_then(|all| all.get(name));
        value.and_then(|value| value.parse().ok()).unwrap_or_default()
    };
    Ok(Listeners { confirmed: count("SubscriptionsConfirmed"), pending: count("SubscriptionsPending") })
}

fn finding(severity: Severity, subject: &str, kind: AlarmFinding) -> Finding {
    Finding { severity, area: Area::Alarms, subject: subject.to_owned(), kind: FindingKind::Alarm(kind) }
}

#[cfg(test)]
mod tests;
