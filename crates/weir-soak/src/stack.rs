//! The stack under soak: deployed from the template, its own event sources switched off, and the workers' environments
//! as the template sets them.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use lambda_emulator::{Function, SqsSource};
use serde::Deserialize;
use serde_json::json;
use weir_aws::SdkConfig;
use weir_local::{Deployed, Variables, environments, shifted_clock};

use crate::kills::Kills;

/// How long an invocation may take. Lambda's 30 s would only make each redelivery after a kill slower.
const TIMEOUT: Duration = Duration::from_secs(12);

/// A lease runs to the deadline plus the clock skew; a message must come back after that, not before.
const VISIBILITY: Duration = Duration::from_secs(TIMEOUT.as_secs() + weir_core::CLOCK_SKEW.as_secs() + 3);

/// The variable that a worker forwards each event by.
const FORWARD: &str = "WEIR_FORWARD_URL";

/// The deployed workers, as the emulator knows them.
pub(crate) struct Workers {
    /// By lane.
    environments: BTreeMap<String, Variables>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Mappings {
    event_source_mappings: Vec<Mapping>,
}

#[derive(Deserialize)]
struct Mapping {
    #[serde(rename = "UUID")]
    id: String,
    #[serde(rename = "EventSourceArn")]
    source: String,
    #[serde(rename = "State")]
    state: String,
}

impl Workers {
    /// Reads the workers' environments, and switches their event sources off: from now on nobody reads the lanes.
    pub(crate) async fn take_over(http: &reqwest::Client, deployed: &Deployed) -> Result<Self> {
        let all = environments(http, deployed).await?.into_values();
        let by_lane = all.filter_map(|variables| Some((variables.get("WEIR_LANE")?.clone(), variables)));
        let environments: BTreeMap<_, _> = by_lane.collect();
        ensure!(
            environments.keys().eq(deployed.lanes.keys()),
            "the stack has the lanes {:?}, but workers for {:?}",
            deployed.lanes.keys(),
            environments.keys()
        );
        pause(http, deployed).await?;
        Ok(Self { environments })
    }

    /// Whether the template knows of forwarding: then what a worker does not forward is missing.
    pub(crate) fn forward(&self) -> bool {
        self.environments.values().any(|variables| variables.contains_key(FORWARD))
    }

    /// A source for each lane, whose processes reach AWS at `aws_url` and forward to `forward_url`.
    pub(crate) fn sources(
        &self,
        aws: &SdkConfig,
        deployed: &Deployed,
        places: &Places<'_>,
        kills: &Arc<Kills>,
    ) -> Vec<(String, Arc<SqsSource>)> {
        let source = |(lane, variables): (&String, &Variables)| {
            let mut environment = variables.clone();
            let own = [
                ("AWS_REGION", deployed.region.as_str()),
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("WEIR_ENDPOINT_URL", places.aws_url),
                ("AWS_ENDPOINT_URL", places.aws_url),
                (FORWARD, places.forward_url),
                // By what it says, it is counted.
                ("WEIR_LOG", "info"),
            ];
            environment.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
            environment.extend(shifted_clock().into_iter().map(|(name, value)| (name.to_owned(), value)));
            let function = Function {
                name: format!("worker-{lane}"),
                bootstrap: places.functions.join("weir-worker"),
                environment,
                timeout: TIMEOUT,
                memory_mb: 512,
                logs: places.logs.to_owned(),
            };
            let kills = Arc::clone(kills);
            let queue_url = deployed.lanes[lane].queue_url.clone();
            let source = SqsSource::new(aws, queue_url, function, VISIBILITY);
            (lane.clone(), Arc::new(source.doomed_by(move |counts| kills.next(counts))))
        };
        self.environments.iter().map(source).collect()
    }
}

/// Where workers find things.
pub(crate) struct Places<'a> {
    pub(crate) functions: &'a Path,
    pub(crate) logs: &'a Path,
    pub(crate) aws_url: &'a str,
    pub(crate) forward_url: &'a str,
}

async fn pause(http: &reqwest::Client, deployed: &Deployed) -> Result<()> {
    let mappings = format!("{}/2015-03-31/event-source-mappings", deployed.endpoint);
    let all: Mappings = get(http, &mappings).await?;
    let of_this_stack = format!(":{}-", deployed.stack_name);
    for mapping in all.event_source_mappings.iter().filter(|mapping| mapping.source.contains(&of_this_stack)) {
        let url = format!("{mappings}/{}", mapping.id);
        http.put(&url).json(&json!({ "Enabled": false })).send().await?.error_for_status()?;
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        let paused = async {
            while get::<Mapping>(http, &url).await?.state != "Disabled" {
                looks.tick().await;
            }
            anyhow::Ok(())
        };
        match tokio::time::timeout(Duration::from_secs(120), paused).await {
            Ok(paused) => paused?,
            Err(_elapsed) => bail!("the emulator still reads {}", mapping.source),
        }
    }
    Ok(())
}

async fn get<T: for<'a> Deserialize<'a>>(http: &reqwest::Client, url: &str) -> Result<T> {
    let reply = http.get(url).send().await?.error_for_status()?;
    reply.json().await.with_context(|| format!("{url} answered something else than expected"))
}
