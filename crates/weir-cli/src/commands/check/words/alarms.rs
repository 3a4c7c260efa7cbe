//! Alarms, in words.

use weir_ops::check::AlarmFinding;

use super::Place;

pub(super) fn what(kind: &AlarmFinding) -> String {
    match kind {
        AlarmFinding::On { reason } => format!("is on: {reason}"),
        AlarmFinding::ActionsOff => "tells nobody, because its actions are switched off".to_owned(),
        AlarmFinding::Gone => "the template has this alarm, and CloudWatch does not".to_owned(),
        AlarmFinding::NoData { names } => {
            format!("{} have no data yet: {}; that is usual before the first events", names.len(), names.join(", "))
        }
        AlarmFinding::NobodyIsTold { topic, pending } => {
            format!("nobody is told of any, page-me included: {topic} has no subscriber{}", pending_words(*pending))
        }
        AlarmFinding::EmptyTopic { topic, pending } => {
            format!("the topic of AlarmTopicArn, {topic}, has no subscriber{}", pending_words(*pending))
        }
        AlarmFinding::SlackAlone => "Slack alone is told of them, page-me included".to_owned(),
    }
}

pub(super) fn then(kind: &AlarmFinding, subject: &str, place: &Place) -> Option<String> {
    match kind {
        // The runbook's sections have the alarms' names.
        AlarmFinding::On { .. } => {
            Some(format!("Follow its section of docs/operations/runbook.md; begin with `{}`.", place.weir("status")))
        }
        AlarmFinding::ActionsOff => Some(format!(
            "Switch them on by `aws cloudwatch enable-alarm-actions --alarm-names {subject}{}`.",
            place.aws()
        )),
        AlarmFinding::Gone => {
            Some("Deploy again with a changed parameter, such as DepthAlarm, to make it anew.".to_owned())
        }
        AlarmFinding::NoData { .. } => None,
        AlarmFinding::NobodyIsTold { topic, pending: 0 } => Some(format!(
            "Deploy with AlarmTopicArn or SlackWebhookSecretArn, or subscribe by `aws sns subscribe --topic-arn {topic} \
             --protocol email --notification-endpoint YOU@EXAMPLE.COM{}`.",
            place.aws()
        )),
        AlarmFinding::EmptyTopic { topic, pending: 0 } => Some(format!(
            "Subscribe by `aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint \
             YOU@EXAMPLE.COM{}`.",
            place.aws()
        )),
        AlarmFinding::NobodyIsTold { .. } | AlarmFinding::EmptyTopic { .. } => {
            Some("Confirm the subscription by the link that SNS sent.".to_owned())
        }
        AlarmFinding::SlackAlone => {
            Some("Deploy with AlarmTopicArn to wake somebody, also on the day on which Slack is down.".to_owned())
        }
    }
}

fn pending_words(pending: u32) -> String {
    match pending {
        0 => String::new(),
        1 => "; a subscription waits for its confirmation".to_owned(),
        count => format!("; {count} subscriptions wait for their confirmation"),
    }
}
