//! `weir-worker`: one function a lane, from one binary.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use resilience::Clock;
use weir_aws::{Bodies, Bus, DynamoFence, DynamoLedger, LaneQueue, config};
use weir_consumer::{Consumer, HandlerContext, QueueSource, services::AwsServices};
use weir_core::{Topics, UnixMillis};
use weir_shops::DynamoState;
use weir_worker::{
    CONSUMER_METRICS,
    handlers::{self, shop_sync},
    publish::PublishStep,
    settings::Settings,
    shops::StackShops,
};

/// A batch of ten makes tens of thousands of small allocations, and glibc's took a fifth of a worker's time. Without huge
/// pages, for they would double its memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let env = |name: &str| std::env::var(name).ok();
    let settings = Settings::read(env)?;
    let telemetry = settings.telemetry.install("worker");
    let aws = config::from_env(env, config::Patience::BACKGROUND)?;
    let shops = StackShops::new(&aws, settings.shops_table, settings.cache_table);
    let state = Arc::new(DynamoState::new(&aws, settings.state_table, Clock::Wall));
    let context = HandlerContext::new(env, aws.clone(), Clock::Wall, state);
    let router = handlers::router(&context, shop_sync::router(shops.into()));
    context.finish()?;
    let bodies = Bodies::new(&aws, settings.bodies_bucket);
    let consumer = Arc::new(Consumer {
        source: QueueSource::Lane(settings.lane),
        services: AwsServices {
            ledger: DynamoLedger::new(&aws, settings.ledger_table, settings.ledger_retention),
            fence: DynamoFence::new(&aws, settings.fence_table, settings.ledger_retention),
            bodies: bodies.clone(),
            queue: LaneQueue::new(&aws, settings.queue_url),
        },
        step: PublishStep { bus: Bus::new(&aws, settings.bus).into(), bodies },
        router,
        topics: Some(Topics::built_in()),
        backoff: settings.backoff,
        clock: Clock::Wall,
        controls: weir_aws::Controls::new(&aws, settings.controls, Clock::Wall),
        telemetry,
        metrics: CONSUMER_METRICS,
        max_receives: settings.max_receives,
        max_attempts: settings.max_attempts,
    });
    // During init, which costs least: the first batch does not wait for it.
    consumer.controls.read_first().await;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| {
        let end = UnixMillis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        let consumer = &consumer;
        async move { Ok::<_, Error>(consumer.handle(event.payload, &event.context.request_id, end).await?) }
    }))
    .await
}
