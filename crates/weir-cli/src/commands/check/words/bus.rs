//! The bus, in words.

use weir_ops::check::BusFinding;

use super::Place;

pub(super) fn what(kind: &BusFinding) -> String {
    match kind {
        BusFinding::RuleGone => "is gone: what it was to take is lost for its service".to_owned(),
        BusFinding::RuleOff { .. } => "is switched off: what it was to take is lost for its service".to_owned(),
        BusFinding::NoTarget { .. } => "takes events and sends them nowhere".to_owned(),
        BusFinding::TargetGone { target } => format!("sends to {target}, which does not exist"),
        BusFinding::TargetClosed { target } => {
            format!("sends to {target}, whose policy does not let EventBridge send")
        }
        BusFinding::NoRuleOfYours { bus } => {
            format!("no rule of yours is on the bus {bus}: no service of yours gets events")
        }
    }
}

pub(super) fn then(kind: &BusFinding, subject: &str, place: &Place) -> Option<String> {
    let rule = subject.trim_start_matches("rule ");
    let (stack, aws) = (&place.stack, place.aws());
    match kind {
        BusFinding::RuleOff { is_own: true } if rule == "MonitorSchedule" => {
            Some("Deploy again with MonitorState=DISABLED, then with MonitorState=ENABLED.".to_owned())
        }
        BusFinding::RuleGone => Some(format!(
            "Make it anew. A rule of weir's own comes back when its part is left out by a deployment (ArchiveDays=0, \
             MonitorState=DISABLED) and taken in by the next. One that ComplianceRule names is yours: \
             `aws events put-rule --event-bus-name {stack} --name {rule} --event-pattern file://pattern.json{aws}`."
        )),
        BusFinding::RuleOff { .. } => {
            Some(format!("Switch it on by `aws events enable-rule --event-bus-name {stack} --name {rule}{aws}`."))
        }
        BusFinding::NoTarget { is_own: true } => Some(
            "Leave the rule's part out by a deployment, such as ArchiveDays=0, and take it in again by the next."
                .to_owned(),
        ),
        BusFinding::NoTarget { is_own: false } => Some(format!(
            "Give it a target by `aws events put-targets --event-bus-name {stack} --rule {rule} --targets \
             Id=1,Arn=QUEUE_ARN{aws}`, or delete it."
        )),
        BusFinding::TargetGone { .. } => Some("Make the queue again, or give the rule another target.".to_owned()),
        BusFinding::TargetClosed { .. } => Some(
            "Allow events.amazonaws.com sqs:SendMessage in the queue's policy, with the rule's ARN as aws:SourceArn."
                .to_owned(),
        ),
        BusFinding::NoRuleOfYours { .. } => {
            Some("docs/guides/subscribe-to-events.md shows how to add one, with source weir in its pattern.".to_owned())
        }
    }
}
