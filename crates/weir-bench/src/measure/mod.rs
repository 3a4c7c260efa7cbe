//! Measurements.

mod ingest;
mod instructions;
pub mod process;
mod worker;

use anyhow::{Result, bail};
use lambda_emulator::Environment;
use serde::Deserialize;

pub use ingest::{Start, Warm, start, warm};
pub use instructions::{Counts, Valgrind, batches as count_batches, deliveries as count_deliveries};
pub use worker::{Batches, batches};

use crate::stub::Seen;

/// Fails unless the webhook was accepted.
fn accepted(answer: &[u8], environment: &Environment) -> Result<()> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        status_code: u16,
    }
    match serde_json::from_slice::<Answer>(answer) {
        Ok(Answer { status_code: 200 }) => Ok(()),
        Ok(Answer { status_code }) => {
            bail!("a webhook was answered {status_code}; the function's log is {}", environment.log().display())
        }
        Err(_) => bail!("a webhook was not answered; the function's log is {}", environment.log().display()),
    }
}

/// Fails unless every message of the batch is done.
fn done(answer: &[u8], environment: &Environment) -> Result<()> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        batch_item_failures: Vec<serde::de::IgnoredAny>,
    }
    match serde_json::from_slice::<Answer>(answer) {
        Ok(answer) if answer.batch_item_failures.is_empty() => Ok(()),
        Ok(answer) => bail!(
            "{} messages of a batch failed; the worker's log is {}",
            answer.batch_item_failures.len(),
            environment.log().display()
        ),
        Err(_) => bail!("a batch was not answered; the worker's log is {}", environment.log().display()),
    }
}

/// Fails if the stub could not serve something: then what was measured is an error's way.
fn served(seen: &Seen) -> Result<()> {
    match seen.unknown.first() {
        None => Ok(()),
        Some(what) => bail!("the stub of AWS has no answer for {what}: give it one in weir-bench/src/stub/answers.rs"),
    }
}
