//! `weir-inventory`: keeps the stock of many shops equal.

use std::{sync::Arc, time::Duration};

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use resilience::{Backoff, Clock};
use shopify_client::budget::Priority;
use tokio::sync::Mutex;
use weir_aws::{Bus, LaneQueue, config};
use weir_core::UnixMillis;
use weir_inventory::{
    Service,
    adapters::{AppClients, EventBus, new_push},
    settings::Settings,
};
use weir_shops::Clients;
use weir_stock::{
    Engine, Limits,
    engine::{Broken, Delays},
    event::SOURCE,
    shopify::ShopifyLevels,
    store::DynamoStore,
};

/// The time of one call of Shopify, its waits included: a throttled shop must not use up the invocation's.
const CALL_TIME: Duration = Duration::from_secs(4);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let env = |name: &str| std::env::var(name).ok();
    let settings = Settings::read(env)?;
    let telemetry = settings.telemetry.install("inventory");
    let aws = config::from_env(env, config::Patience::BACKGROUND)?;
    let process = env("AWS_LAMBDA_LOG_STREAM_NAME").unwrap_or_else(|| "weir-inventory".to_owned());
    let clients = Clients::new(aws.clone(), settings.clients, process, telemetry.clone())?;
    let limits = Limits {
        zeroed_skus: settings.max_zeroed_skus,
        zeroed_percent: settings.max_zeroed_percent,
        ..Limits::default()
    };
    // A function handles one batch at a time.
    let service = Mutex::new(Service {
        engine: Engine {
            store: DynamoStore::new(&aws, settings.table, Clock::Wall),
            levels: ShopifyLevels {
                clients: AppClients(Arc::new(clients)),
                call_time: CALL_TIME,
                priority: Priority::Foreground,
            },
            publisher: EventBus(Bus::of_publisher(&aws, settings.bus, SOURCE)),
            limits,
            clock: Clock::Wall,
            read_delays: Delays::default(),
            set_delays: Delays::default(),
            new_push,
            broken: Broken::Nothing,
        },
        queue: LaneQueue::new(&aws, settings.queue_url),
        backoff: Backoff::default(),
        clock: Clock::Wall,
        metrics: telemetry.metrics.clone(),
    });
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| {
        let end = UnixMillis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        let (service, metrics) = (&service, &telemetry.metrics);
        async move {
            let response = service.lock().await.handle(event.payload, end).await;
            metrics.flush(UnixMillis::now());
            Ok::<_, Error>(response?)
        }
    }))
    .await
}
