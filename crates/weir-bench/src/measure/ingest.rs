//! Ingest: cold and warm.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use lambda_emulator::{Environment, Function};

use super::{accepted, process, served};
use crate::{events::Events, stub::Aws};

/// A cold start.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// From the start of the process until it asked for its first invocation.
    pub init: Duration,
    /// What its first answer took.
    pub first: Duration,
    /// What both took of a CPU.
    pub cpu: Duration,
    /// Connections that it opened during init.
    pub handshakes_in_init: usize,
    /// Connections that the first webhook waited for; one more if init did not reach SQS. Here all services are one host and
    /// may share a connection, on AWS each is its own.
    pub handshakes_in_first: usize,
}

/// Webhooks one after the other, to one process.
#[derive(Debug, Clone)]
pub struct Warm {
    /// What each took, from the hand-over to the answer.
    pub latencies: Vec<Duration>,
    /// What each took beside its requests to AWS.
    pub own: Vec<Duration>,
    /// CPU time of one.
    pub cpu: Duration,
    /// The most memory that the process had resident, in bytes.
    pub peak_memory: u64,
}

/// Starts a process and has it answer one webhook. The process goes on.
///
/// # Errors
/// When it does not start, or does not accept the webhook.
pub async fn start(function: &Function, number: u64, events: &mut Events, aws: &Aws) -> Result<(Environment, Start)> {
    drop(aws.take());
    let event = events.delivery();
    let began = Instant::now();
    let mut environment = Environment::start(function, number).await?;
    let asked = Instant::now();
    let is_queue_warm = aws.seen().count("GetQueueAttributes") > 0;
    let handed_over = Instant::now();
    let answer = environment.invoke(event).await?;
    let answered = Instant::now();
    accepted(&answer, &environment)?;
    let seen = aws.take();
    served(&seen)?;
    let opened_in_first = seen.handshakes_since(asked);
    let start = Start {
        init: asked - began,
        first: answered - handed_over,
        cpu: process::cpu(pid(&environment)?)?,
        handshakes_in_init: seen.handshakes.len() - opened_in_first,
        handshakes_in_first: opened_in_first + usize::from(!is_queue_warm),
    };
    Ok((environment, start))
}

/// Hands over so many webhooks that are not counted, and then those that are.
///
/// # Errors
/// When one is not accepted.
pub async fn warm(
    environment: &mut Environment,
    events: &mut Events,
    aws: &Aws,
    uncounted: usize,
    counted: usize,
) -> Result<Warm> {
    for _ in 0..uncounted {
        let answer = environment.invoke(events.delivery()).await?;
        accepted(&answer, environment)?;
    }
    let pid = pid(environment)?;
    let before = process::cpu(pid)?;
    let (mut latencies, mut own) = (Vec::with_capacity(counted), Vec::with_capacity(counted));
    for _ in 0..counted {
        let event = events.delivery();
        drop(aws.take());
        let began = Instant::now();
        let answer = environment.invoke(event).await?;
        let took = began.elapsed();
        accepted(&answer, environment)?;
        let seen = aws.take();
        served(&seen)?;
        latencies.push(took);
        own.push(took.saturating_sub(seen.inside));
    }
    let cpu = process::cpu(pid)? - before;
    let counted = u32::try_from(counted.max(1)).unwrap_or(u32::MAX);
    Ok(Warm { latencies, own, cpu: cpu / counted, peak_memory: process::peak_memory(pid)? })
}

/// Its id, as long as it runs.
pub(super) fn pid(environment: &Environment) -> Result<u32> {
    environment.pid().context("the process is gone")
}
