//! `weir-archive`: keeps the bodies of events for some days.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use resilience::Clock;
use weir_archive::{ArchiveStep, BACKOFF, settings::Settings};
use weir_aws::{ArchiveBucket, LaneQueue, config};
use weir_consumer::{BatchConsumer, QueueSource};
use weir_core::UnixMillis;
use weir_telemetry::logs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let env = |name: &str| std::env::var(name).ok();
    let settings = Settings::read(env)?;
    logs::install(settings.telemetry.log);
    let aws = config::from_env(env, config::Patience::BACKGROUND)?;
    let consumer = BatchConsumer {
        source: QueueSource::Rule("archive".into()),
        queue: LaneQueue::new(&aws, settings.queue_url),
        step: ArchiveStep { store: ArchiveBucket::new(&aws, settings.bucket) },
        backoff: BACKOFF,
        clock: Clock::Wall,
    };
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| {
        let end = UnixMillis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        let consumer = &consumer;
        async move { Ok::<_, Error>(consumer.handle(event.payload, end).await?) }
    }))
    .await
}
