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
use lambda_host::{Environment, Function};
use serde::{Deserialize, Serialize};

use super::{accepted, done, served};
use crate::{events::Events, stub::Aws};

/// Warm invocations that are counted, beside the first.
const WARM: u64 = 20;

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
        let script = format!(
            "#!/bin/sh\nexec valgrind --quiet --tool=cachegrind --cache-sim=no --cachegrind-out-file={} {}\n",
            quoted(&counts),
            quoted(&function.bootstrap)
        );
        fs::write(&bootstrap, script).with_context(|| format!("could not write {}", bootstrap.display()))?;
        fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755))?;
        Ok((Function { bootstrap, ..function.clone() }, counts))
    }
}

/// Counts those of ingest.
///
/// # Errors
/// When it does not run, or refuses a webhook.
pub async fn deliveries(valgrind: &Valgrind, function: &Function, events: &mut Events, aws: &Aws) -> Result<Counts> {
    let mut totals = [0; 2];
    for (total, warm) in totals.iter_mut().zip([0, WARM]) {
        let (wrapped, counts) = valgrind.wrap(function)?;
        let mut environment = Environment::start(&wrapped, warm).await?;
        for _ in 0..=warm {
            let answer = environment.invoke(events.delivery()).await?;
            accepted(&answer, &environment)?;
        }
        *total = ended(environment, &counts).await?;
    }
    served(&aws.take())?;
    Ok(of(totals))
}

/// Counts those of a worker, by batches.
///
/// # Errors
/// When it does not run, or a message fails.
pub async fn batches(valgrind: &Valgrind, function: &Function, events: &mut Events, aws: &Aws) -> Result<Counts> {
    let mut totals = [0; 2];
    for (total, warm) in totals.iter_mut().zip([0, WARM]) {
        let (wrapped, counts) = valgrind.wrap(function)?;
        let mut environment = Environment::start(&wrapped, warm).await?;
        for _ in 0..=warm {
            let answer = environment.invoke(events.batch()?).await?;
            done(&answer, &environment)?;
        }
        *total = ended(environment, &counts).await?;
    }
    served(&aws.take())?;
    Ok(of(totals))
}

fn of([cold, whole]: [u64; 2]) -> Counts {
    Counts { cold, warm: whole.saturating_sub(cold) / WARM }
}

async fn ended(environment: Environment, counts: &Path) -> Result<u64> {
    environment.terminate().await.context("the process could not be ended")?;
    let text = fs::read_to_string(counts).with_context(|| format!("valgrind wrote no {}", counts.display()))?;
    total(&text).with_context(|| format!("{} has no summary", counts.display()))
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
        assert_eq!(of([1_000, 3_000]), Counts { cold: 1_000, warm: 100 });
    }

    #[test]
    fn the_sum_is_read_from_the_last_line() {
        assert_eq!(total("events: Ir\nfn=main\n3 17\nsummary: 4321 \n"), Some(4321));
        assert_eq!(total("events: Ir\n"), None);
    }
}
