//! The worker: full batches, one after the other.

use std::time::{Duration, Instant};

use anyhow::Result;
use lambda_emulator::{Environment, Function};

use super::{done, ingest::pid, process, served};
use crate::{
    events::{BATCH, Events},
    stub::Aws,
};

/// Batches to one process.
#[derive(Debug, Clone)]
pub struct Batches {
    /// From the start of the process until it asked for its first batch.
    pub init: Duration,
    /// What the first batch took.
    pub first: Duration,
    /// Connections that the first batch waited for.
    pub handshakes_in_first: usize,
    /// What each of the others took.
    pub latencies: Vec<Duration>,
    /// Messages a second, of the counted batches together.
    pub rate: f64,
    /// CPU time of one message.
    pub cpu: Duration,
    /// The most memory that the process had resident, in bytes.
    pub peak_memory: u64,
    /// Writes to tables for one message, as the stub counted them.
    pub writes: f64,
    /// Calls of the bus for one batch.
    pub publishes: f64,
}

/// Starts a process and hands it batches: one, then so many that are not counted, then those that are.
///
/// # Errors
/// When it does not start, or a message fails.
pub async fn batches(
    function: &Function,
    number: u64,
    events: &mut Events,
    aws: &Aws,
    uncounted: usize,
    counted: usize,
) -> Result<Batches> {
    drop(aws.take());
    let event = events.batch()?;
    let began = Instant::now();
    let mut environment = Environment::start(function, number).await?;
    let asked = Instant::now();
    let answer = environment.invoke(event).await?;
    let answered = Instant::now();
    done(&answer, &environment)?;
    let handshakes_in_first = aws.take().handshakes_since(asked);
    for _ in 0..uncounted {
        let answer = environment.invoke(events.batch()?).await?;
        done(&answer, &environment)?;
    }
    let pid = pid(&environment)?;
    drop(aws.take());
    let before = process::cpu(pid)?;
    let mut latencies = Vec::with_capacity(counted);
    for _ in 0..counted {
        let event = events.batch()?;
        let began = Instant::now();
        let answer = environment.invoke(event).await?;
        latencies.push(began.elapsed());
        done(&answer, &environment)?;
    }
    let cpu = process::cpu(pid)? - before;
    let seen = aws.take();
    served(&seen)?;
    let messages = counted * BATCH;
    let whole: Duration = latencies.iter().sum();
    Ok(Batches {
        init: asked - began,
        first: answered - asked,
        handshakes_in_first,
        latencies,
        rate: messages as f64 / whole.as_secs_f64(),
        cpu: cpu / u32::try_from(messages.max(1)).unwrap_or(u32::MAX),
        peak_memory: process::peak_memory(pid)?,
        writes: seen.writes() as f64 / messages as f64,
        publishes: seen.count("PutEvents") as f64 / counted as f64,
    })
}
