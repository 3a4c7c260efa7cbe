//! `cargo xtask bench`: weir's functions, measured beside what people would write instead.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use tokio::signal::unix::{SignalKind, signal};
use weir_bench::{
    report::{Report, accepted::Accepted, chart, check, table},
    run::{Other, Plan},
};

use crate::process::{cargo, run};

/// Measure ingest and the worker beside peers in Node and Python, and the pipeline on the local AWS.
///
/// Builds the functions as they are deployed, fetches the peers with npm and pip, and has all of them do the same work in
/// turns, against stubs of AWS over TLS. Report, tables and chart go to target/weir/bench. A run takes about ten
/// minutes, with --full over twenty.
///
/// With --check it only counts instructions, and fails if there are over 5 % more than were accepted: that is what CI does.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask bench\n  cargo xtask bench --only weir --no-pipeline --rounds 3\n  cargo xtask bench --check\n  cargo xtask bench --check --accept"
)]
pub(crate) struct Bench {
    /// Who is measured, separated by commas; all of them otherwise
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<Who>,
    /// Times that each is measured
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// AWS over HTTP, without TLS
    #[arg(long)]
    http: bool,
    /// Leave the pipeline on the local AWS out
    #[arg(long)]
    no_pipeline: bool,
    /// The pipeline with a hundred thousand events as well
    #[arg(long, conflicts_with = "no_pipeline")]
    full: bool,
    /// Count instructions, and compare them with those that were accepted
    #[arg(long, conflicts_with_all = ["only", "http", "full", "no_pipeline"])]
    check: bool,
    /// Write the figures to bench/ and docs/benchmarks.md, or with --check the counts alone: to be committed with the reason
    #[arg(long, conflicts_with_all = ["only", "http", "no_pipeline"])]
    accept: bool,
    /// Measure nothing: write the tables of docs/benchmarks.md and the chart from the accepted run
    #[arg(long, conflicts_with_all = ["only", "http", "no_pipeline", "full", "check", "accept", "json"])]
    render: bool,
    /// Build the functions, and measure nothing
    #[arg(long, conflicts_with_all = ["only", "http", "no_pipeline", "full", "check", "accept", "json", "render"])]
    no_run: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Who {
    Weir,
    Node,
    Python,
}

impl Bench {
    pub(crate) fn run(&self) -> Result<()> {
        if self.render {
            let accepted = Accepted::read(crate::root())?.context("nothing was accepted yet")?;
            return accepted.render(crate::root());
        }
        let release = release()?;
        if self.no_run {
            return Ok(());
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.context("could not start a runtime")?.block_on(self.until_a_signal(&release))
    }

    /// Whatever ends first: the rest is dropped, and with it every process that was started.
    async fn until_a_signal(&self, release: &Path) -> Result<()> {
        let mut interrupt = signal(SignalKind::interrupt()).context("could not listen for Ctrl-C")?;
        let mut terminate = signal(SignalKind::terminate()).context("could not listen for SIGTERM")?;
        let folder = crate::state_dir().join("bench");
        fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
        let is_named = |who| self.only.is_empty() || self.only.contains(&who);
        let peers = [(Who::Node, Other::Node), (Who::Python, Other::Python)];
        let plan = Plan {
            root: crate::root(),
            release,
            folder: &folder,
            is_secure: !self.http,
            rounds: self.rounds,
            peers: peers.into_iter().filter(|(who, _)| is_named(*who)).map(|(_, peer)| peer).collect(),
            pipeline: (!self.no_pipeline).then_some(self.full),
        };
        tokio::select! {
            biased;
            _ = interrupt.recv() => bail!("interrupted; nothing is left running"),
            _ = terminate.recv() => bail!("terminated; nothing is left running"),
            ended = self.go(&plan) => ended,
        }
    }

    async fn go(&self, plan: &Plan<'_>) -> Result<()> {
        if self.check {
            return self.check(plan).await;
        }
        let report = plan.whole(&tell).await?;
        self.publish(plan.folder, &report)?;
        if self.accept {
            Accepted::run(plan.root, report)?;
            eprintln!("Accepted: commit bench/ and docs/benchmarks.md, and say why the figures changed");
        }
        Ok(())
    }

    async fn check(&self, plan: &Plan<'_>) -> Result<()> {
        let now = plan.instructions(&tell).await?;
        if self.json {
            println!("{}", serde_json::to_string(&now)?);
        }
        let accepted = Accepted::read(plan.root)?;
        let differences = accepted.map(|accepted| check::differences(&accepted.instructions, &now));
        if !self.json {
            match &differences {
                Some(differences) => differences.iter().for_each(|difference| println!("{difference}")),
                None => println!("{now:#?}"),
            }
        }
        if self.accept {
            Accepted::instructions(plan.root, now)?;
            eprintln!("Accepted: commit bench/accepted.json, and say why the counts changed");
            return Ok(());
        }
        match differences {
            None => bail!("no counts were accepted yet: `cargo xtask bench --check --accept` does"),
            Some(differences) if differences.iter().any(check::Difference::is_regression) => bail!(
                "weir's functions take more instructions than were accepted, by more than chance does\n\
                 hint: if they must, `cargo xtask bench --check --accept`, in a commit that says why"
            ),
            Some(_) => Ok(()),
        }
    }

    /// Writes what a run came to, and prints it.
    fn publish(&self, folder: &Path, report: &Report) -> Result<()> {
        let (json, tables) = (serde_json::to_string_pretty(report)?, table::all(report));
        for (name, text) in [("report.json", &json), ("report.md", &tables), ("performance.svg", &chart::svg(report))] {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))?;
        }
        println!("{}", if self.json { json } else { tables });
        eprintln!("report.json, report.md and performance.svg are in {}", folder.display());
        Ok(())
    }
}

fn tell(what: &str) {
    eprintln!("{what}");
}

/// Builds the functions as they are deployed, and returns the folder that they are in.
fn release() -> Result<PathBuf> {
    eprintln!("Building the functions as they are deployed: minutes, the first time");
    // One by one, as `sam build` does: together they would have each other's features.
    for function in ["weir-ingest", "weir-worker"] {
        let mut build = cargo();
        build.args(["build", "--release", "--locked", "--package", function, "--bin", function]);
        run(build.current_dir(crate::root()))?;
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from);
    Ok(target.join("release"))
}
