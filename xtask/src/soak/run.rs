//! One run: start everything, post, watch, audit.

use std::{fs, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use lambda_host::{FaultProxy, Faults, SqsSource};
use tokio::time::{Instant, interval};
use weir_local::{Checkout, Emulator, Installation, Options, Stack, StackOptions, build_functions};

use super::{
    Soak,
    audit::{Evidence, Findings, audit},
    destination::Destination,
    kills::Kills,
    plan::{Event, Plan},
    post::Posted,
    report::{Report, sum, sum_faults},
    stack::{Places, Workers},
    view::{Now, View},
    watch::{Watch, completions},
};

/// Often enough that the SDK's retries run out now and then.
const FAULTS: Faults =
    Faults { cut_request: 0.02, cut_reply: 0.02, delay: 0.05, longest_delay: Duration::from_millis(300) };

const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) async fn run(soak: &Soak) -> Result<(Report, Findings)> {
    let say = |step: &str| eprintln!("{step}");
    let checkout = Checkout::find(crate::root())?;
    let installation = Installation::ensure(&checkout, &say).await?;
    say("Building the functions");
    let functions = build_functions(&checkout, soak.json).await?;
    let plan = Plan::new(soak.events as usize, soak.seed);

    let emulator = Emulator::start(&installation, &Options::default()).await?;
    let stack = Stack::deploy(&emulator, &checkout, &StackOptions::local("weir-soak", functions.clone()), &say).await?;
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
    let running = Running { soak, plan: &plan, posted: &posted, watch: &watch, sources: &sources };
    let working = try_join_all(sources.iter().map(|source| Arc::clone(source).run(soak.workers.into())));
    let at_rest = tokio::select! {
        biased;
        died = emulator.wait() => return Err(died.into()),
        failed = working => return Err(failed.map_or_else(Into::into, |_| anyhow::anyhow!("no lane is read"))),
        failed = watch.look() => match failed? {},
        at_rest = running.until_rest(&deployed, &http, || {
            let counts = sum_faults([to_aws.counts(), to_destination.counts()]);
            counts.cut_requests + counts.cut_replies
        }) => at_rest?,
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
    let (counts, faults) =
        (sum(sources.iter().map(|source| source.counts())), sum_faults([to_aws.counts(), to_destination.counts()]));
    let report = Report {
        accepted: accepted.len(),
        kills: counts.kills,
        lost: findings.lost.len(),
        completed_twice: findings.completed_twice.len(),
        steps_back: findings.steps_back.len(),
        overlaps: findings.overlaps.len(),
        strangers: findings.strangers.len(),
        bus_repeats: findings.bus_repeats,
        destination_repeats: findings.destination_repeats,
        dlq: findings.dlq.len(),
        done: findings.done,
        stale: findings.stale,
        duplicates: findings.duplicates,
        parked: findings.parked,
        order_of: if forwards { "destination" } else { "bus" },
        posted: posted.answered(),
        refused: posted.refused(),
        invocations: counts.invocations,
        processes: counts.processes,
        time_outs: counts.time_outs,
        failures: counts.failures,
        cuts: faults.cut_requests + faults.cut_replies,
        lost_replies: faults.cut_replies,
        delays: faults.delays,
        seconds,
        seed: soak.seed,
        at_rest,
    };
    if findings.is_broken() || !at_rest {
        eprintln!("The workers' logs are in {}", logs.keep().display());
    }
    emulator.stop().await;
    Ok((report, findings))
}

/// What the main loop looks at.
struct Running<'a> {
    soak: &'a Soak,
    plan: &'a Plan,
    posted: &'a Posted,
    watch: &'a Watch,
    sources: &'a [Arc<SqsSource>],
}

impl Running<'_> {
    /// Posts everything and waits until each event needs nothing more and the lanes are empty; `false` if nothing changed
    /// for too long.
    async fn until_rest(
        &self,
        deployed: &weir_local::Deployed,
        http: &reqwest::Client,
        cuts: impl Fn() -> u64,
    ) -> Result<bool> {
        let posting = self.posted.all(self.plan, &deployed.webhook_url, &deployed.client_secret, http);
        tokio::pin!(posting);
        let (mut view, mut ticks) = (View::new(self.soak.json), interval(LOOK_EVERY));
        let (mut is_posted, mut changed, mut last) = (false, Instant::now(), Now::default());
        loop {
            tokio::select! {
                biased;
                () = &mut posting, if !is_posted => is_posted = true,
                _ = ticks.tick() => {
                    let now = self.now(cuts()).await?;
                    view.update(&now);
                    if is_posted && now.waiting == 0 && self.all_at_rest() {
                        return Ok(true);
                    }
                    if (now.posted, now.settled, now.waiting) != (last.posted, last.settled, last.waiting) {
                        (changed, last) = (Instant::now(), now);
                    }
                    if changed.elapsed() > Duration::from_secs(self.soak.patience.into()) {
                        return Ok(false);
                    }
                }
            }
        }
    }

    fn all_at_rest(&self) -> bool {
        let at_rest = self.watch.at_rest();
        self.posted.accepted().iter().all(|place| at_rest(&self.plan.events[*place].key()))
    }

    async fn now(&self, cuts: u64) -> Result<Now> {
        let (states, dead) = self.watch.counts();
        let count = |state: &str| states.get(state).copied().unwrap_or(0) as u64;
        Ok(Now {
            posted: self.posted.answered(),
            deliveries: self.plan.deliveries.len() as u64,
            settled: count("done") + count("stale"),
            events: self.plan.events.len() as u64,
            stale: count("stale"),
            waiting: self.watch.waiting().await? as u64,
            kills: sum(self.sources.iter().map(|source| source.counts())).kills,
            cuts,
            dead: dead as u64,
        })
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
