//! One run: start everything, post, watch, audit.

use std::{fs, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use lambda_host::{FaultProxy, Faults, SqsSource};
use tokio::time::Instant;
use weir_local::{Checkout, Emulator, Installation, Options, Stack, StackOptions, build_functions};

use super::{
    Soak,
    audit::{Evidence, Findings, audit},
    destination::Destination,
    kills::Kills,
    log::completions,
    plan::{Event, Plan},
    post::Posted,
    report::{Outcome, Report},
    rest::Running,
    stack::{Places, Workers},
    watch::Watch,
};

/// Often enough that the SDK's retries run out now and then.
const FAULTS: Faults =
    Faults { cut_request: 0.02, cut_reply: 0.02, delay: 0.05, longest_delay: Duration::from_millis(300) };

pub(super) async fn run(soak: &Soak) -> Result<(Report, Findings)> {
    let say = |step: &str| eprintln!("{step}");
    let checkout = Checkout::find(crate::root())?;
    let installation = Installation::ensure(&checkout, &say).await?;
    say("Building the functions");
    let functions = build_functions(&checkout, soak.json).await?;
    let plan = Plan::new(soak.events as usize, soak.seed);

    let emulator = Emulator::start(&installation, &Options::default()).await?;
    let mut options = StackOptions::local("weir-soak", functions.clone());
    // The template then makes the secret that signs what is forwarded; each worker is told the real address.
    options.parameters.insert("ForwardUrl".to_owned(), "http://127.0.0.1:9/".to_owned());
    let stack = Stack::deploy(&emulator, &checkout, &options, &say).await?;
    let deployed = stack.deployed()?;
    let http = client()?;
    let workers = Workers::take_over(&http, &deployed).await?;

    let folder = crate::state_dir().join("soak");
    fs::create_dir_all(&folder).with_context(|| format!("could not create {}", folder.display()))?;
    let logs =
        tempfile::Builder::new().prefix("run-").tempdir_in(&folder).context("no folder for the workers' logs")?;
    let destination = Destination::start().await.context("the destination has no port")?;
    let to_aws = FaultProxy::start(address(&emulator.endpoint())?, FAULTS, soak.seed).await?;
    let to_destination = FaultProxy::start(destination.server.address(), FAULTS, !soak.seed).await?;
    let (aws_url, forward_url) =
        (format!("http://{}", to_aws.address()), format!("http://{}/", to_destination.address()));
    let places = Places { functions: &functions, logs: logs.path(), aws_url: &aws_url, forward_url: &forward_url };
    let aws = emulator.sdk_config();
    let kills = Arc::new(Kills::new(soak.kill_percent, soak.seed));
    let sources: Vec<Arc<SqsSource>> =
        workers.sources(&aws, &deployed, &places, &kills).into_iter().map(|(_, source)| source).collect();

    say(&format!("{} events of 20 shops, {} deliveries; seed {}", plan.events.len(), plan.deliveries.len(), soak.seed));
    let (posted, watch) = (Posted::default(), Watch::new(&aws, &deployed));
    let began = Instant::now();
    let proxies = [&to_aws, &to_destination];
    let running = Running { soak, plan: &plan, posted: &posted, watch: &watch, sources: &sources, proxies };
    let working = try_join_all(sources.iter().map(|source| Arc::clone(source).run(soak.workers.into())));
    let at_rest = tokio::select! {
        biased;
        died = emulator.wait() => return Err(died.into()),
        failed = working => {
            // The error may name a log.
            drop(logs.keep());
            return Err(failed.map_or_else(Into::into, |_| anyhow::anyhow!("no lane is read")));
        }
        // Whoever looks is not cut off in the middle of a look: what it took from a queue would be missing.
        ended = watch.look_while(running.until_rest(&deployed, &http)) => ended?,
    };
    let seconds = (began.elapsed().as_secs_f64() * 10.0).round() / 10.0;

    watch.scan().await?;
    watch.drain().await?;
    let (ledger, bus, dead) = watch.into_parts();
    let (arrivals, accepted) = (destination.arrivals(), posted.accepted());
    let forwards = workers.forward() || !arrivals.is_empty();
    let completions = completions(logs.path()).context("the workers' logs could not be read")?;
    let evidence = Evidence {
        events: &plan.events,
        accepted: &accepted,
        ledger: &ledger,
        completions: &completions,
        bus: &bus,
        arrivals: forwards.then_some(&arrivals[..]),
        dead: &dead,
    };
    let findings = audit(&evidence, |event: &Event| weir_core::sha256::hex(event.body().as_bytes()));
    let outcome = Outcome {
        seed: soak.seed,
        accepted: accepted.len(),
        posted: posted.answered(),
        refused: posted.refused(),
        sources: sources.iter().map(|source| source.counts()).sum(),
        faults: proxies.iter().map(|proxy| proxy.counts()).sum(),
        has_destination: forwards,
        seconds,
        at_rest,
    };
    let report = Report::new(&findings, &outcome);
    if findings.is_broken() || !at_rest {
        eprintln!("The workers' logs are in {}", logs.keep().display());
    }
    emulator.stop().await;
    Ok((report, findings))
}

fn address(url: &str) -> Result<SocketAddr> {
    url.trim_start_matches("http://").parse().with_context(|| format!("{url} is no address"))
}

/// Nothing here speaks TLS, but the client wants a provider.
fn client() -> Result<reqwest::Client> {
    // An error says that a provider is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().tls_certs_only([]).build().context("no HTTP client")
}
