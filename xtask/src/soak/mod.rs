//! `cargo xtask soak`: the pipeline under crashes.

mod view;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

use self::view::View;

/// Kill workers and cut their connections while events go through, then account for every event.
///
/// The whole stack runs on the local AWS; the workers are real processes. Some are killed with SIGKILL in the middle of a
/// batch, a proxy cuts connections between them and AWS, and events come twice and out of order. At the end what was
/// accepted is held against the ledger, the bus, the destination and the dead-letter queues: none may be lost, none
/// completed twice, no older version of a resource may take effect after a newer one.
///
/// Fails if a promise is broken. The same seed makes the same events, order and kills; the timing differs.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask soak\n  cargo xtask soak --events 500 --seed 3 --json")]
pub(crate) struct Soak {
    /// Events, each in one of 20 shops; one of twenty is delivered twice
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    events: u32,
    /// Where chance starts
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Worker processes of each lane
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=32))]
    workers: u8,
    /// Of a hundred invocations so many are killed
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=50))]
    kill_percent: u8,
    /// Give up when nothing has changed for so many seconds
    #[arg(long, value_name = "S", default_value_t = 300, value_parser = clap::value_parser!(u32).range(30..=3600))]
    patience: u32,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

impl Soak {
    pub(crate) fn run(&self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.context("could not start a runtime")?.block_on(self.until_a_signal())
    }

    /// Whatever ends first: the rest is dropped, and with it every process that was started.
    async fn until_a_signal(&self) -> Result<()> {
        let mut interrupt = signal(SignalKind::interrupt()).context("could not listen for Ctrl-C")?;
        let soak = weir_soak::Soak {
            events: self.events as usize,
            seed: self.seed,
            workers: self.workers.into(),
            kill_percent: self.kill_percent,
            stall_timeout: Duration::from_secs(self.patience.into()),
            is_quiet: self.json,
            log_folder: crate::state_dir().join("soak"),
        };
        let mut view = View::new(self.json);
        let mut terminate = signal(SignalKind::terminate()).context("could not listen for SIGTERM")?;
        let step = |step: &str| eprintln!("{step}");
        let mut progress = |now: &weir_soak::Progress| view.update(now);
        let running = soak.run(crate::root(), &step, &mut progress);
        let weir_soak::SoakResult { report, findings, logs } = tokio::select! {
            biased;
            _ = interrupt.recv() => bail!("interrupted; nothing is left running"),
            _ = terminate.recv() => bail!("terminated; nothing is left running"),
            ended = running => ended?,
        };
        // What is printed next must not stand among bars.
        drop(view);
        if let Some(logs) = logs {
            eprintln!("The workers' logs are in {}", logs.display());
        }
        if self.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            println!("{}", weir_soak::table(&report, &findings));
        }
        if findings.is_broken() {
            bail!("a promise was broken: the figures above say which");
        }
        if !report.at_rest {
            bail!("the lanes did not become empty: nothing had changed for {} s", self.patience);
        }
        Ok(())
    }
}
