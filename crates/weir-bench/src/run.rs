//! A whole run.

use std::{collections::BTreeMap, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{
    compare::{Bench, ORDER_BYTES, Rounds},
    events::Events,
    measure::{Valgrind, count_batches, count_deliveries},
    peers,
    pipeline::{self, Local},
    report::{Figures, Instructions, Machine, Report, WEIR},
    stub::Distance,
    subject::{Role, Subject},
};

/// What a run is to do, and where.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// The checkout.
    pub root: &'a Path,
    /// The folder with weir's functions as they are deployed.
    pub release: &'a Path,
    /// For what the run installs and writes.
    pub folder: &'a Path,
    /// AWS over TLS, as it is.
    pub is_secure: bool,
    /// Times that each subject is measured.
    pub rounds: u32,
    /// Who is measured beside weir.
    pub peers: Vec<Other>,
    /// Whether the pipeline is measured on the emulator, and whether with a hundred thousand events as well.
    pub pipeline: Option<bool>,
}

/// Who is measured beside weir.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// Node.
    Node,
    /// Python.
    Python,
}

/// Where a run says what it does now.
pub type Tell<'a> = &'a (dyn Fn(&str) + Send + Sync);

impl Plan<'_> {
    fn weir(&self) -> Subject {
        Subject { name: WEIR, ingest: self.release.join("weir-ingest"), worker: self.release.join("weir-worker") }
    }

    /// Counts the instructions of weir's functions, over TLS whatever the rest of the run does.
    ///
    /// # Errors
    /// When valgrind is not there, or a function does not do its work.
    pub async fn instructions(&self, tell: Tell<'_>) -> Result<Instructions> {
        let valgrind = Valgrind::find(self.folder)?;
        let bench = Bench::start(self.folder, true).await?;
        bench.aws.move_to(Distance { is_steady: true, ..Distance::default() });
        let mut events = Events::new(ORDER_BYTES);
        tell("instructions: ingest");
        let function = bench.function(&self.weir(), Role::Ingest);
        let ingest = count_deliveries(&valgrind, &function, &mut events, &bench.aws).await?;
        tell("instructions: worker");
        let function = bench.function(&self.weir(), Role::Worker);
        let worker = count_batches(&valgrind, &function, &mut events, &bench.aws).await?;
        Ok(Instructions { counted_by: valgrind.version().to_owned(), ingest, worker })
    }

    /// Measures everything that is asked for.
    ///
    /// # Errors
    /// When something can't be fetched, started or does not do its work.
    pub async fn whole(&self, tell: Tell<'_>) -> Result<Report> {
        let sources = self.root.join("bench/peers");
        let mut fetched = Vec::new();
        for peer in &self.peers {
            fetched.push(match peer {
                Other::Node => peers::node(&sources, self.folder, tell)?,
                Other::Python => peers::python(&sources, self.folder, tell)?,
            });
        }
        let instructions = match self.instructions(tell).await {
            Ok(counted) => Some(counted),
            Err(error) => {
                tell(&format!("instructions are left out: {error:#}"));
                None
            }
        };
        let bench = Bench::start(self.folder, self.is_secure).await?;
        let mut subjects = vec![self.weir()];
        subjects.extend(fetched.iter().map(|peer| peer.subject.clone()));
        let rounds = bench.compare(&subjects, self.rounds, tell).await?;
        let mut figures = BTreeMap::new();
        for subject in &subjects {
            let peer = fetched.iter().find(|peer| peer.subject.name == subject.name);
            let measured = self.figures(&bench, subject, peer, &rounds, tell).await?;
            figures.insert(subject.name.to_owned(), measured);
        }
        Ok(Report {
            date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            machine: Machine::this(),
            rounds: self.rounds,
            instructions,
            subjects: figures,
            pipeline: self.pipeline(tell).await?,
        })
    }

    async fn figures(
        &self,
        bench: &Bench,
        subject: &Subject,
        peer: Option<&peers::Peer>,
        rounds: &Rounds,
        tell: Tell<'_>,
    ) -> Result<Figures> {
        tell(&format!("a large body, and AWS far away: {}", subject.name));
        let mut figures = Figures::new(rounds, subject.name);
        figures.large = Some(bench.large(subject).await?);
        if self.is_secure {
            figures.far = Some(bench.far(subject, &mut Events::new(ORDER_BYTES)).await?);
        }
        match peer {
            Some(peer) => {
                figures.artifact_bytes = peer.artifact;
                figures.versions.clone_from(&peer.versions);
            }
            None => {
                let artifact = std::fs::metadata(&subject.ingest).context("weir-ingest is not there")?;
                figures.artifact_bytes = artifact.len();
                figures.versions = vec![("rustc".to_owned(), rustc())];
            }
        }
        Ok(figures)
    }

    async fn pipeline(&self, tell: Tell<'_>) -> Result<Vec<pipeline::Run>> {
        let Some(is_full) = self.pipeline else { return Ok(Vec::new()) };
        let local = Local::start(self.root, self.release, self.folder, tell).await?;
        let mut runs = Vec::new();
        for load in pipeline::loads(is_full) {
            let pipeline::Load { events, shops, body_bytes } = load;
            tell(&format!("the pipeline: {events} events of {shops} shops, bodies of {body_bytes} bytes"));
            match local.run(load).await {
                Ok(run) => runs.push(run),
                // What was measured so far took its time, and stands.
                Err(error) => {
                    tell(&format!("the rest of the pipeline is left out: {error:#}"));
                    break;
                }
            }
        }
        Ok(runs)
    }
}

/// The compiler's version, without the words around it.
fn rustc() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    said.split_whitespace().nth(1).unwrap_or("unknown").to_owned()
}
