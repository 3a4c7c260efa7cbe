//! `weir-notifier`: tells Slack of alarms.

use std::{sync::Arc, time::Duration};

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use resilience::{Backoff, Clock};
use tokio::time::Instant;
use weir_aws::{SecretText, config};
use weir_core::UnixMillis;
use weir_notifier::{
    NotTold, Notifier,
    settings::Settings,
    slack::{Slack, WebhookUrl},
};
use weir_shops::DynamoState;
use weir_telemetry::logs;

/// Left over when the invocation's time is up, for what is written after the message.
const REST: Duration = Duration::from_secs(3);

const BACKOFF: Backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(5) };

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let env = |name: &str| std::env::var(name).ok();
    let settings = Settings::read(env)?;
    logs::install(settings.telemetry.log);
    let aws = config::from_env(env, config::Patience::BACKGROUND)?;
    let secret = SecretText::new(&aws, settings.slack_secret);
    let notifier = Notifier {
        stack: settings.telemetry.stack,
        runbook_url: settings.runbook_url,
        state: Arc::new(DynamoState::new(&aws, settings.state_table, Clock::Wall)),
        slack: Slack::new(BACKOFF)?,
    };
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| {
        let (notifier, secret) = (&notifier, &secret);
        async move {
            let now = UnixMillis::now();
            let left = UnixMillis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX)).since(now);
            let end = Instant::now() + left.saturating_sub(REST);
            // Read each time: alarms are rare, and a webhook that was replaced counts at once.
            let text = secret.read().await.map_err(|error| NotTold::Secret(weir_aws::reason(&error)))?;
            let webhook = WebhookUrl::read(&text).map_err(NotTold::from)?;
            Ok::<_, Error>(notifier.handle(&event.payload, &webhook, now, end).await?)
        }
    }))
    .await
}
