//! `weir-ingest`: the function behind the webhook URL.

use lambda_http::{
    Error,
    lambda_runtime::{self, LambdaEvent, service_fn},
};
use weir_aws::{
    AppSecrets, Bodies, LaneSender,
    config::{self, Patience},
};
use weir_core::UnixMillis;
use weir_ingest::{HttpEvent, Ingest, Invocation, outside::AwsSink, settings::Settings};

/// Init goes on after this: a delivery may be waiting, and it has its own time-outs.
const WARM_UP_WITHIN: std::time::Duration = std::time::Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let env = |name: &str| std::env::var(name).ok();
    let settings = Settings::read(env)?;
    let telemetry = settings.telemetry.install("ingest");
    let patience = if settings.fallback.is_some() { Patience::INGEST_SHARED } else { Patience::INGEST };
    let aws = config::from_env(env, patience)?;
    let lanes = LaneSender::new(&aws, settings.lanes);
    let sink = AwsSink { lanes: lanes.clone(), bodies: Bodies::new(&aws, settings.bodies_bucket) };
    let mut ingest = Ingest::new(settings.apps, AppSecrets::new(&aws, settings.secret_prefix), sink).told_to(telemetry);
    if let Some(segment) = settings.path_segment {
        ingest = ingest.behind(segment);
    }
    if let Some(fallback) = settings.fallback {
        let there = config::in_region(&aws, fallback.region, fallback.endpoint);
        let lanes = LaneSender::new(&there, fallback.lanes);
        ingest = ingest.with_fallback(AwsSink { lanes, bodies: Bodies::new(&there, fallback.bodies_bucket) });
    }

    // During init, which Lambda gives the most CPU and bills the least: the first delivery pays for neither the
    // connection nor the secrets.
    let warming = async { tokio::join!(lanes.warm_up(), ingest.warm_up()) };
    match tokio::time::timeout(WARM_UP_WITHIN, warming).await {
        Ok((Ok(()), ())) => {}
        Ok((Err(error), ())) => tracing::warn!(%error, "The connection to SQS could not be opened yet"),
        Err(_elapsed) => tracing::warn!("AWS did not answer during init"),
    }

    lambda_runtime::run(service_fn(|event: LambdaEvent<HttpEvent>| {
        let ingest = &ingest;
        async move {
            let invocation = Invocation {
                request_id: event.context.request_id,
                xray_trace_id: event.context.xray_trace_id,
                now: UnixMillis::now(),
            };
            Ok::<_, Error>(ingest.answer(event.payload, &invocation).await)
        }
    }))
    .await
}
