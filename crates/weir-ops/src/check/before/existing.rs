//! What is there of the stack's name.

use aws_sdk_cloudformation::{Client, types::StackStatus};
use aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError;
use futures_util::future::join_all;
use weir_aws::{AppSecrets, SecretError, reason};
use weir_core::Lane;

use super::{
    super::model::{Area, Finding, Severity},
    BeforeFinding, finding,
};
use crate::StackLocation;

/// The stack of that name; if there is none, what is in its way. CloudFormation is not asked for a name that is none.
pub(super) async fn check(location: &StackLocation, is_name: bool) -> Vec<Finding> {
    if !is_name {
        return Vec::new();
    }
    let described = Client::new(&location.config).describe_stacks().stack_name(&location.name).send().await;
    let status = match described {
        Ok(described) => described.stacks().first().and_then(|stack| stack.stack_status()).cloned(),
        // There is no type for this error.
        Err(error) if reason(&error).contains("does not exist") => None,
        Err(error) => return vec![Finding::not_checked(Area::Name, &location.name, reason(&error))],
    };
    match status {
        None => in_the_way(location).await,
        Some(status) => vec![of_stack(&location.name, &status)],
    }
}

fn of_stack(name: &str, status: &StackStatus) -> Finding {
    let text = status.as_str().to_owned();
    let (severity, kind) = match status {
        // A change set that was never carried out: the deployment makes the stack.
        StackStatus::ReviewInProgress => (Severity::Note, BeforeFinding::Exists { status: text }),
        StackStatus::RollbackComplete
        | StackStatus::RollbackFailed
        | StackStatus::CreateFailed
        | StackStatus::DeleteFailed => (Severity::Must, BeforeFinding::FailedCreation { status: text }),
        StackStatus::UpdateRollbackFailed => (Severity::Must, BeforeFinding::StuckRollback),
        _ if text.ends_with("_IN_PROGRESS") => (Severity::Must, BeforeFinding::InProgress { status: text }),
        _ => (Severity::Note, BeforeFinding::Exists { status: text }),
    };
    finding(severity, Area::Name, name, kind)
}

/// What has a fixed name in the template and outlives a stack: a new one can't make it again.
async fn in_the_way(location: &StackLocation) -> Vec<Finding> {
    let stack = &location.name;
    let queues = Lane::ALL.iter().flat_map(|lane| [format!("{stack}-{lane}"), format!("{stack}-{lane}-dlq")]);
    let client = aws_sdk_sqs::Client::new(&location.config);
    let looked = join_all(queues.map(|name| there(client.clone(), name))).await;
    let mut names = Vec::new();
    for one in looked {
        match one {
            Ok(name) => names.extend(name),
            Err(reason) => return vec![Finding::not_checked(Area::Name, "queues", reason)],
        }
    }
    let secrets = AppSecrets::new(&location.config, format!("{stack}/apps"));
    if matches!(secrets.read("default").await, Ok(_) | Err(SecretError::Malformed(_))) {
        names.push(format!("{stack}/apps/default"));
    }
    if names.is_empty() {
        return Vec::new();
    }
    vec![finding(Severity::Must, Area::Name, stack, BeforeFinding::InTheWay { names })]
}

async fn there(client: aws_sdk_sqs::Client, name: String) -> Result<Option<String>, String> {
    match client.get_queue_url().queue_name(&name).send().await {
        Ok(_) => Ok(Some(name)),
        Err(error) if error.as_service_error().is_some_and(GetQueueUrlError::is_queue_does_not_exist) => Ok(None),
        Err(error) => Err(reason(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::FindingKind;

    #[test]
    fn state_of_a_stack_decides_what_must_be_done_first() {
        for (status, severity, id) in [
            ("ROLLBACK_COMPLETE", Severity::Must, "failed-creation"),
            ("DELETE_FAILED", Severity::Must, "failed-creation"),
            ("UPDATE_ROLLBACK_FAILED", Severity::Must, "stuck-rollback"),
            ("UPDATE_IN_PROGRESS", Severity::Must, "in-progress"),
            ("DELETE_IN_PROGRESS", Severity::Must, "in-progress"),
            ("REVIEW_IN_PROGRESS", Severity::Note, "exists"),
            ("CREATE_COMPLETE", Severity::Note, "exists"),
            ("UPDATE_ROLLBACK_COMPLETE", Severity::Note, "exists"),
        ] {
            let found = of_stack("weir", &StackStatus::from(status));
            assert_eq!((found.severity, found.kind.id()), (severity, id), "{status}");
            assert!(matches!(found.kind, FindingKind::Before(_)));
        }
    }
}
