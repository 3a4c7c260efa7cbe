//! One run: start everything, post, watch, audit.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use lambda_emulator::{FaultProxy, Faults, SqsSource};
use tokio::time::Instant;
use weir_local::{Checkout, Emulator, Installation, Options, Stack, StackOptions, build_functions};

use crate::{
    audit::{Evidence, Findings, audit},
    destination::Destination,
    kills::Kills,
    plan::{Event, Plan},
    progress::{Progress, Running},
    report::{Counted, Report},
    sender::Posted,
    stack::{Places, Workers},
    watch::Watch,
    worker_log::completions,
};

/// What to run.
#[derive(Debug, Clone)]
pub struct Soak {
    /// Events, each in one of 20 shops; one of twenty is delivered twice.
    pub events: usize,
    /// Where chance starts. The same seed makes the same events, order and kills; the timing differs.
    pub seed: u64,
    /// Worker processes of each lane.
    pub workers: usize,
    /// Of a hundred invocations so many are killed.
    pub kill_percent: u8,
    /// It gives up when nothing has changed for so long.
    pub stall_timeout: Duration,
    /// Whether building the functions prints nothing.
    pub is_quiet: bool,
    /// Where the workers' logs are kept, in a folder of this run's own.
    pub log_folder: PathBuf,
}

/// What came of a run.
#[derive(Debug)]
pub struct SoakResult {
    /// The figures.
    pub report: Report,
    /// Which events are concerned.
    pub findings: Findings,
    /// The workers' logs, if a promise was broken or the lanes did not become empty.
    pub logs: Option<PathBuf>,
}

/// Often enough that the SDK's retries run out now and then.
const FAULTS: Faults =
    Faults { cut_request: 0.02, cut_reply: 0.02, delay: 0.05, longest_delay: Duration::from_millis(300) };

impl Soak {
    /// Runs it in the checkout that `folder` is in. `step` is told what is done before the run, and `progress` how far the run
    /// got. Dropping the future ends every process that was started.
    ///
    /// # Errors
    /// If something can't be started or read. A broken promise is no error.
    pub async fn run(
        &self,
        folder: &Path,
        step: weir_local::Progress<'_>,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<SoakResult> {
        let checkout = Checkout::find(folder)?;
        let installation = Installation::ensure(&checkout, step).await?;
        step("Building the functions");
        let functions = build_functions(&checkout, self.is_quiet).await?;
        let plan = Plan::new(self.events, self.seed);

        let emulator = Emulator::start(&installation, &Options::default()).await?;
        let mut options = StackOptions::local("weir-soak", functions.clone());
        // The template then makes the secret that signs what is forwarded; each worker is told the real address.
        options.parameters.insert("ForwardUrl".to_owned(), "http://127.0.0.1:9/".to_owned());
        let stack = Stack::deploy(&emulator, &checkout, &options, step).await?;
        let deployed = stack.deployed()?;
        let http = client()?;
        let workers = Workers::take_over(&http, &deployed).await?;

        let folder = &self.log_folder;
        fs::create_dir_all(folder).with_context(|| format!("could not create {}", folder.display()))?;
        let logs =
            tempfile::Builder::new().prefix("run-").tempdir_in(folder).context("no folder for the workers' logs")?;
        let destination = Destination::start().await.context("the destination has no port")?;
        let to_aws = FaultProxy::start(address(&emulator.endpoint())?, FAULTS, self.seed).await?;
        let to_destination = FaultProxy::start(destination.server.address(), FAULTS, !self.seed).await?;
        let (aws_url, forward_url) =
            (format!("http://{}", to_aws.address()), format!("http://{}/", to_destination.address()));
        let places = Places { functions: &functions, logs: logs.path(), aws_url: &aws_url, forward_url: &forward_url };
        let aws = emulator.sdk_config();
        let kills = Arc::new(Kills::new(self.kill_percent, self.seed));
        let sources: Vec<Arc<SqsSource>> =
            workers.sources(&aws, &deployed, &places, &kills).into_iter().map(|(_, source)| source).collect();

        step(&format!(
            "{} events of 20 shops, {} deliveries; seed {}",
            plan.events.len(),
            plan.deliveries.len(),
            self.seed
        ));
        let (posted, watch) = (Posted::default(), Watch::new(&aws, &deployed));
        let began = Instant::now();
        let proxies = [&to_aws, &to_destination];
        let running = Running { soak: self, plan: &plan, posted: &posted, watch: &watch, sources: &sources, proxies };
        let working = try_join_all(sources.iter().map(|source| Arc::clone(source).run(self.workers)));
        let at_rest = tokio::select! {
            biased;
            died = emulator.wait() => return Err(died.into()),
            failed = working => {
                // The error may name a log.
                drop(logs.keep());
                return Err(failed.map_or_else(Into::into, |_| anyhow::anyhow!("no lane is read")));
            }
            // Whoever looks is not cut off in the middle of a look: what it took from a queue would be missing.
            ended = watch.look_while(running.until_rest(&deployed, &http, progress)) => ended?,
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
        let counted = Counted {
            seed: self.seed,
            accepted: accepted.len(),
            posted: posted.answered(),
            refused: posted.refused(),
            sources: sources.iter().map(|source| source.counts()).sum(),
            faults: proxies.iter().map(|proxy| proxy.counts()).sum(),
            has_destination: forwards,
            seconds,
            at_rest,
        };
        let report = Report::new(&findings, &counted);
        let logs = (findings.is_broken() || !at_rest).then(|| logs.keep());
        emulator.stop().await;
        Ok(SoakResult { report, findings, logs })
    }
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
