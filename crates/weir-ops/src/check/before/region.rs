//! Whether each service that the template uses answers in the region.
//!
//! Whatever it answers, it is there: a refusal for lack of permission too. Only without an endpoint there is no answer.

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use futures_util::future::{BoxFuture, FutureExt, join_all};
use weir_aws::SdkConfig;

use super::{
    super::{
        model::{Area, Finding, Severity},
        target::Account,
    },
    BeforeFinding, finding,
};

/// How services call credentials that are not known in a region, as before it is enabled.
const UNKNOWN_CREDENTIALS: [&str; 5] =
    ["UnrecognizedClientException", "InvalidClientTokenId", "InvalidToken", "OptInRequired", "AuthFailure"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Answers,
    Unreachable,
    UnknownCredentials,
}

/// Asks each service for as little as it gives.
pub(super) async fn check(config: &SdkConfig, account: &Account) -> Vec<Finding> {
    let asked: Vec<(&str, BoxFuture<'_, Presence>)> = vec![
        ("CloudWatch", ask(aws_sdk_cloudwatch::Client::new(config).describe_alarms().max_records(1).send())),
        ("CloudWatch Logs", ask(aws_sdk_cloudwatchlogs::Client::new(config).describe_log_groups().limit(1).send())),
        ("DynamoDB", ask(aws_sdk_dynamodb::Client::new(config).list_tables().limit(1).send())),
        ("EventBridge", ask(aws_sdk_eventbridge::Client::new(config).list_event_buses().limit(1).send())),
        ("Lambda", ask(aws_sdk_lambda::Client::new(config).list_functions().max_items(1).send())),
        ("S3", ask(aws_sdk_s3::Client::new(config).list_buckets().max_buckets(1).send())),
        ("Secrets Manager", ask(aws_sdk_secretsmanager::Client::new(config).list_secrets().max_results(1).send())),
        ("SNS", ask(aws_sdk_sns::Client::new(config).list_topics().send())),
        ("SQS", ask(aws_sdk_sqs::Client::new(config).list_queues().max_results(1).send())),
        ("SSM", ask(aws_sdk_ssm::Client::new(config).describe_parameters().max_results(1).send())),
    ];
    let answers = join_all(asked.into_iter().map(|(name, asked)| async move { (name, asked.await) })).await;
    judged(&answers, &account.region)
}

fn judged(answers: &[(&str, Presence)], region: &str) -> Vec<Finding> {
    let region = region.to_owned();
    // One that says so speaks for all.
    if answers.iter().any(|(_, presence)| *presence == Presence::UnknownCredentials) {
        let kind = BeforeFinding::RegionOff { region: region.clone() };
        return vec![finding(Severity::Must, Area::Region, &region, kind)];
    }
    let missing = answers.iter().filter(|(_, presence)| *presence == Presence::Unreachable);
    missing
        .map(|(name, _)| {
            finding(Severity::Must, Area::Region, name, BeforeFinding::NoService { region: region.clone() })
        })
        .collect()
}

fn ask<'a, T, E, R>(asked: impl Future<Output = Result<T, SdkError<E, R>>> + Send + 'a) -> BoxFuture<'a, Presence>
where
    E: ProvideErrorMetadata,
{
    asked.map(|answer| answer.map_or_else(|error| presence(&error), |_| Presence::Answers)).boxed()
}

fn presence<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Presence {
    match error {
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => Presence::Unreachable,
        SdkError::ServiceError(said) if said.err().code().is_some_and(|code| UNKNOWN_CREDENTIALS.contains(&code)) => {
            Presence::UnknownCredentials
        }
        _ => Presence::Answers,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::replay::{Answer, Replay};
    use super::*;

    fn account() -> Account {
        Account { partition: "aws".into(), id: "1".into(), region: "ap-southeast-7".into(), caller: "me".into() }
    }

    #[test]
    fn service_without_an_endpoint_is_found_by_its_name() {
        let answers = [("SQS", Presence::Answers), ("S3", Presence::Unreachable)];
        let found = judged(&answers, "ap-southeast-7");
        assert_eq!((found.len(), found[0].subject.as_str(), found[0].kind.id()), (1, "S3", "no-service"));
        assert_eq!(judged(&answers[..1], "ap-southeast-7"), []);
    }

    #[tokio::test]
    async fn region_that_is_not_enabled_is_found_once() {
        let replay = Replay::new(|_| Answer::error(403, "UnrecognizedClientException"));
        let found = check(&replay.config(), &account()).await;
        assert_eq!((found.len(), found[0].severity, found[0].kind.id()), (1, Severity::Must, "region-off"));
    }

    #[tokio::test]
    async fn refusal_shows_that_the_service_is_there() {
        let replay = Replay::new(|_| Answer::error(400, "AccessDeniedException"));
        assert_eq!(check(&replay.config(), &account()).await, []);
        assert_eq!(replay.requests().len(), 10);
    }
}
