//! `weir-orders`: projects orders, and publishes what happens to them.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use resilience::{Backoff, Clock};
use weir_aws::{Bodies, Bus, LaneQueue, config};
use weir_consumer::{BatchConsumer, QueueSource};
use weir_core::UnixMillis;
use weir_orders::{cloud_event, settings::Settings, step::OrdersStep, store::DynamoOrders};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let env = |name: &str| std::env::var(name).ok();
    let settings = Settings::read(env)?;
    let metrics = settings.telemetry.install("orders").metrics;
    let aws = config::from_env(env, config::Patience::BACKGROUND)?;
    let consumer = BatchConsumer {
        source: QueueSource::Rule("orders".into()),
        queue: LaneQueue::new(&aws, settings.queue_url),
        step: OrdersStep {
            store: DynamoOrders::new(&aws, settings.table, settings.retention, Clock::Wall),
            publisher: Bus::of_publisher(&aws, settings.bus, cloud_event::SOURCE),
            bodies: Bodies::new(&aws, settings.bodies_bucket),
            confirmed: settings.confirmed,
            clock: Clock::Wall,
            metrics: metrics.clone(),
        },
        backoff: Backoff::default(),
        clock: Clock::Wall,
    };
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| {
        let end = UnixMillis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        let (consumer, metrics) = (&consumer, &metrics);
        async move {
            let response = consumer.handle(event.payload, end).await;
            metrics.flush(UnixMillis::now());
            Ok::<_, Error>(response?)
        }
    }))
    .await
}
