//! `weir-worker`: one function a lane, from one binary.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use resilience::{Breakers, Clock, limit::Limiter};
use weir_aws::{Bodies, Bus, DynamoFence, DynamoLedger, LaneQueue, SecretText, config};
use weir_consumer::destination::Destination;
use weir_core::{Topics, UnixMillis};
use weir_shops::DynamoState;
use weir_worker::{
    Worker,
    handlers::{
        self,
        forward::{self, Signer},
    },
    keeping,
    outside::{Stack, StackShops},
    settings::Settings,
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
    let breakers = Arc::new(Breakers::new(resilience::breaker::Settings::default(), Clock::Wall, state.clone()));
    let limiter = Arc::new(Limiter::new(Clock::Wall, state));
    let mut router = handlers::router(keeping::router(shops.into()));
    if let Some(url) = &settings.forward_url {
        let signer = Signer::new(SecretText::new(&aws, settings.forward_secret), Clock::Wall);
        router = forward::route(router, url, signer, Destination::new(forward::NAME, breakers, limiter))?;
    }
    let worker = Worker {
        lane: settings.lane,
        outside: Arc::new(Stack {
            ledger: DynamoLedger::new(&aws, settings.ledger_table, settings.ledger_retention),
            fence: DynamoFence::new(&aws, settings.fence_table, settings.ledger_retention),
            bus: Bus::new(&aws, settings.bus).into(),
            bodies: Bodies::new(&aws, settings.bodies_bucket),
            queue: LaneQueue::new(&aws, settings.queue_url),
        }),
        router,
        topics: Arc::new(Topics::built_in()),
        backoff: settings.backoff,
        clock: Clock::Wall,
        controls: weir_aws::Controls::new(&aws, settings.controls, Clock::Wall),
        telemetry,
        max_receives: settings.max_receives,
        max_attempts: settings.max_attempts,
    };
    // During init, which costs least: the first batch does not wait for it.
    worker.controls.read_first().await;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| {
        let end = UnixMillis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        let worker = &worker;
        async move { Ok::<_, Error>(worker.handle(event.payload, &event.context.request_id, end).await?) }
    }))
    .await
}
