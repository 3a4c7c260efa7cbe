//! Event sources, permissions, subscriptions and what was not looked at, in words.

use weir_ops::check::{Area, PermissionFinding, SourceFinding, SubscriptionFinding};

use super::Place;

pub(super) fn source(kind: &SourceFinding) -> String {
    match kind {
        SourceFinding::Missing => "no event source reads its queue: its messages wait".to_owned(),
        SourceFinding::NotEnabled { state, reason, .. } => {
            let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            format!("its event source is {state}{reason}: its messages wait")
        }
    }
}

pub(super) fn source_then(kind: &SourceFinding, place: &Place) -> String {
    match kind {
        SourceFinding::Missing => {
            "Deploy again with another value for the lane's concurrency; if it stays away, delete the stack and deploy anew."
                .to_owned()
        }
        SourceFinding::NotEnabled { id, .. } => {
            format!("Switch it on by `aws lambda update-event-source-mapping --enabled --uuid {id}{}`.", place.aws())
        }
    }
}

pub(super) fn permission(kind: &PermissionFinding) -> String {
    let PermissionFinding::Denied { actions, resource, is_explicit } = kind;
    let how = if *is_explicit { "a policy denies it" } else { "no policy allows it" };
    format!("may not call {} on {resource}: {how}", actions.join(", "))
}

pub(super) fn permission_then() -> String {
    "Deploy the unchanged template again; if it stays, a permissions boundary or a policy of the organization takes it away, \
     and its owner has to allow it."
        .to_owned()
}

pub(super) fn subscription(kind: &SubscriptionFinding) -> String {
    match kind {
        SubscriptionFinding::NoShops => "no shop is registered: the monitor restores nothing".to_owned(),
        SubscriptionFinding::Different { app, missing, changes } => {
            let missing = match &missing[..] {
                [] => String::new(),
                topics => format!(", because it lacks {}", topics.join(", ")),
            };
            format!("app {app} has other subscriptions than desired: {changes} to change{missing}")
        }
        SubscriptionFinding::Unreadable { app, reason } => {
            format!("the subscriptions of app {app} could not be read: {reason}")
        }
    }
}

pub(super) fn subscription_then(kind: &SubscriptionFinding, shop: &str, place: &Place) -> Option<String> {
    let command = |command: &str, app: &str| place.weir(&format!("{command} {shop} --app {app}"));
    Some(match kind {
        SubscriptionFinding::NoShops => {
            format!("Register each shop by `{}`.", place.weir("shops add SHOP --token-env NAME"))
        }
        SubscriptionFinding::Different { app, .. } => format!(
            "See them by `{}`; the monitor restores what is lost within its MonitorMinutes, or do it now by `apply`.",
            command("subscriptions plan --shop", app)
        ),
        SubscriptionFinding::Unreadable { app, .. } => {
            format!("See why by `{}`.", command("shops check", app))
        }
    })
}

/// What a caller who may not look can ask for. Any other reason says by itself what lacks.
pub(super) fn not_checked(area: Area, reason: &str) -> Option<String> {
    if !["AccessDenied", "not authorized"].iter().any(|word| reason.contains(word)) {
        return None;
    }
    let actions = match area {
        Area::Quotas => "lambda:GetAccountSettings and servicequotas:GetServiceQuota",
        Area::Permissions => "iam:SimulatePrincipalPolicy",
        Area::Rights => "iam:SimulatePrincipalPolicy and iam:GetRole",
        Area::Sources => "lambda:ListEventSourceMappings",
        Area::Alarms => "cloudwatch:DescribeAlarms and sns:GetTopicAttributes",
        Area::Bus => "events:ListRules, events:ListTargetsByRule, sqs:GetQueueUrl and sqs:GetQueueAttributes",
        Area::Delivery => "secretsmanager:GetSecretValue, or name a secret with --secret-env",
        Area::Name | Area::Build | Area::Region | Area::Health | Area::Subscriptions | Area::Cost => return None,
    };
    Some(format!("To have it looked at, allow these credentials {actions}."))
}
