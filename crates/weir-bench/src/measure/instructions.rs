//! Instructions, counted by valgrind: they repeat within half a percent on a busy machine, where times do not.
//!
//! Valgrind has a CPU of its own, without the SHA extensions: ring's portable code for AVX2 is counted in their place.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use lambda_emulator::{Environment, Function};
use serde::{Deserialize, Serialize};

use super::{accepted, done, served};
use crate::{events::Events, stub::Aws};

/// Runs of a cold start. An odd number: chance decides now and then how many connections one makes, and the median shows
/// what is usual.
const COLD_RUNS: usize = 5;

/// So often a run that fails is done again.
const TRIES: usize = 4;

/// Runs with warm invocations.
const WARM_RUNS: usize = 3;

/// valgrind, which was found.
#[derive(Debug, Clone)]
pub struct Valgrind {
    version: String,
    folder: PathBuf,
}

/// Instructions of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// From the start of the process through its first answer, and its end.
    pub cold: u64,
    /// Of each invocation after that.
    pub warm: u64,
}

impl Valgrind {
    /// Looks for it. `folder` is for what it writes.
    ///
    /// # Errors
    /// When it is not there.
    pub fn find(folder: &Path) -> Result<Self> {
        let output = Command::new("valgrind").arg("--version").stdin(Stdio::null()).output();
        match output {
            Ok(output) if output.status.success() => Ok(Self {
                version: String::from_utf8_lossy(&output.stdout).trim().to_owned(),
                folder: folder.to_owned(),
            }),
            _ => bail!("valgrind was not found; on Debian and Ubuntu: apt-get install valgrind"),
        }
    }

    /// Which one.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The same function, run by cachegrind, and the file that it will write the counts to.
    fn wrap(&self, function: &Function) -> Result<(Function, PathBuf)> {
        let counts = self.folder.join(format!("{}.cachegrind", function.name));
        let bootstrap = self.folder.join(format!("{}.cachegrind.sh", function.name));
        let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
        // Fair: otherwise threads that resolve names starve, and how many connections are made is chance.
        let script = format!(
            "#!/bin/sh\nexec valgrind --quiet --fair-sched=yes --tool=cachegrind --cache-sim=no --cachegrind-out-file={} {}\n",
            quoted(&counts),
            quoted(&function.bootstrap)
        );
        fs::write(&bootstrap, script).with_context(|| format!("could not write {}", bootstrap.display()))?;
        fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755))?;
        Ok((Function { bootstrap, ..function.clone() }, counts))
    }
}

/// What a function is handed while it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Delivery,
    Batch,
}

impl Kind {
    /// Warm invocations that are counted, beside the first: so many that a connection more or less counts little.
    fn warm(self) -> u64 {
        match self {
            Self::Delivery => 100,
            Self::Batch => 20,
        }
    }
}

/// Counts those of ingest, by webhooks.
///
/// # Errors
/// When it does not run, or refuses a webhook.
pub async fn deliveries(valgrind: &Valgrind, function: &Function, events: &mut Events, aws: &Aws) -> Result<Counts> {
    counts(valgrind, function, Kind::Delivery, events, aws).await
}

/// Counts those of a worker, by batches.
///
/// # Errors
/// When it does not run, or a message fails.
pub async fn batches(valgrind: &Valgrind, function: &Function, events: &mut Events, aws: &Aws) -> Result<Counts> {
    counts(valgrind, function, Kind::Batch, events, aws).await
}

async fn counts(
    valgrind: &Valgrind,
    function: &Function,
    kind: Kind,
    events: &mut Events,
    aws: &Aws,
) -> Result<Counts> {
    let mut cold = Vec::new();
    for _ in 0..COLD_RUNS {
        cold.push(persistently(valgrind, function, kind, 0, events, aws).await?);
    }
    let mut whole = Vec::new();
    for _ in 0..WARM_RUNS {
        whole.push(persistently(valgrind, function, kind, kind.warm(), events, aws).await?);
    }
    Ok(of(cold, whole, kind.warm()))
}

/// Under valgrind a function is some fifty times slower, and on a machine that is busy besides its requests to AWS may time
/// out: such a run says nothing and is done again.
async fn persistently(
    valgrind: &Valgrind,
    function: &Function,
    kind: Kind,
    warm: u64,
    events: &mut Events,
    aws: &Aws,
) -> Result<u64> {
    for _ in 1..TRIES {
        if let Ok(count) = once(valgrind, function, kind, warm, events, aws).await {
            return Ok(count);
        }
    }
    once(valgrind, function, kind, warm, events, aws).await
}

async fn once(
    valgrind: &Valgrind,
    function: &Function,
    kind: Kind,
    warm: u64,
    events: &mut Events,
    aws: &Aws,
) -> Result<u64> {
    let (wrapped, counts) = valgrind.wrap(function)?;
    drop(aws.take());
    let mut environment = Environment::start(&wrapped, warm).await?;
    for _ in 0..=warm {
        match kind {
            Kind::Delivery => accepted(&environment.invoke(events.delivery()).await?, &environment)?,
            Kind::Batch => done(&environment.invoke(events.batch()?).await?, &environment)?,
        }
    }
    served(&aws.take())?;
    environment.terminate().await.context("the process could not be ended")?;
    let text = fs::read_to_string(&counts).with_context(|| format!("valgrind wrote no {}", counts.display()))?;
    total(&text).with_context(|| format!("{} has no summary", counts.display()))
}

fn of(cold: Vec<u64>, whole: Vec<u64>, warm: u64) -> Counts {
    let middle = |mut counts: Vec<u64>| {
        counts.sort_unstable();
        counts.get(counts.len() / 2).copied().unwrap_or_default()
    };
    let cold = middle(cold);
    Counts { cold, warm: middle(whole).saturating_sub(cold) / warm }
}

/// The sum at the end of what cachegrind writes.
fn total(text: &str) -> Option<u64> {
    text.lines().rev().find_map(|line| line.strip_prefix("summary:"))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warm_invocation_is_a_twentieth_of_what_twenty_more_cost() {
        let counts = of(vec![1_000, 990, 2_000, 1_010, 980], vec![3_000, 2_990, 9_000], 20);
        assert_eq!(counts, Counts { cold: 1_000, warm: 100 });
    }

    #[test]
    fn the_sum_is_read_from_the_last_line() {
        assert_eq!(total("events: Ir\nfn=main\n3 17\nsummary: 4321 \n"), Some(4321));
        assert_eq!(total("events: Ir\n"), None);
    }
}
