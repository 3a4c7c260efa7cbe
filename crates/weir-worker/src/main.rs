//! `weir-worker`: one function a lane, from one binary.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use weir_aws::{Bodies, Bus, DynamoLedger, Visibility, config};
use weir_core::UnixMillis;
use weir_lambda::telemetry;
use weir_worker::{Worker, handlers, keeping, outside::StackShops, settings::Settings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let env = |name: &str| std::env::var(name).ok();
    let settings = Settings::read(env)?;
    telemetry::install(settings.log);
    let aws = config::from_env(env, config::Patience::BACKGROUND)?;
    let shops = StackShops::new(&aws, settings.shops_table, settings.cache_table);
    let worker = Worker {
        lane: settings.lane,
        ledger: DynamoLedger::new(&aws, settings.ledger_table, settings.ledger_retention).into(),
        bus: Bus::new(&aws, settings.bus).into(),
        bodies: Bodies::new(&aws, settings.bodies_bucket).into(),
        visibility: Visibility::new(&aws, settings.queue_url).into(),
        router: handlers::router(keeping::router(shops.into())),
    };
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| {
        let end = UnixMillis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        let remaining = end.since(UnixMillis::now());
        let worker = &worker;
        async move { Ok::<_, Error>(worker.handle(event.payload, &event.context.request_id, end, remaining).await?) }
    }))
    .await
}
