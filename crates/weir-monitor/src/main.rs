//! `weir-monitor`: the function behind the schedule.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use resilience::Clock;
use weir_aws::{DocumentStore, config};
use weir_core::UnixMillis;
use weir_monitor::{EventRecovery, Monitor, Shard, Summary, settings::Settings};
use weir_reconcile::StackNames;
use weir_shops::{Clients, Registry};
use weir_subscriptions::Desired;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let env = |name: &str| std::env::var(name).ok();
    let settings = Settings::read(env)?;
    let telemetry = settings.telemetry.install("monitor");
    let aws = config::from_env(env, config::Patience::BACKGROUND)?;
    let names = StackNames {
        fence_table: settings.fence_table,
        ledger_table: settings.ledger_table,
        lanes: settings.lanes,
        bodies_bucket: settings.bodies_bucket,
        operations_table: settings.operations_table.clone(),
    };
    let recovery = EventRecovery::new(&aws, names, telemetry.metrics.clone(), Clock::Wall);
    let shops_table = settings.clients.shops_table.clone();
    // Which instance, so that one does not take another's right to renew a token for its own.
    let process = env("AWS_LAMBDA_LOG_STREAM_NAME").unwrap_or_else(|| "weir-monitor".to_owned());
    let clients = Clients::new(aws.clone(), settings.clients, process, telemetry.clone())?;
    let monitor = Monitor {
        desired: Desired::built_in(),
        webhook_url: settings.webhook_url,
        registry: Registry::new(&aws, shops_table),
        operations: DocumentStore::new(&aws, settings.operations_table),
        clients,
        recovery,
        reconcile_every: settings.reconcile_every,
        clock: Clock::Wall,
    };
    lambda_runtime::run(service_fn(|event: LambdaEvent<Shard>| {
        let end = UnixMillis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        let (monitor, metrics, shard) = (&monitor, &telemetry.metrics, event.payload);
        async move {
            let ended = monitor.run(shard, end).await;
            match &ended {
                Ok(Some(summary)) => {
                    tell(shard, summary);
                    summary.tell(metrics);
                }
                Ok(None) => tracing::info!(%shard, "Another run of the monitor is in progress"),
                // What it came to before is told all the same.
                Err(_) => {}
            }
            metrics.flush(UnixMillis::now());
            ended?;
            Ok::<_, Error>(())
        }
    }))
    .await
}

fn tell(shard: Shard, summary: &Summary) {
    let Summary { shops, failed, drift, restored, recovered, is_round, .. } = *summary;
    tracing::info!(%shard, shops, failed, drift, restored, recovered, is_round, "The monitor's run ended");
}
