//! `weir load`: a load of webhooks, how they were answered, and what became of them.

pub(crate) mod args;
mod mix;
mod progress;
mod report;
mod target;

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use weir_load::{Audit, Pattern, SendJob, Traffic};

use mix::mix;
use progress::Progress;
use report::{Plan, Report};
use target::LoadTarget;

use crate::exit::ExitStatus;
use crate::{cli::LoadArgs, hints, printer::Printer, problem::Usage, signals::Signals};

/// More would take days and gigabytes: the id of each accepted event is kept.
const MAX_DELIVERIES: u64 = 10_000_000;

/// From the start to the first delivery: by then some are drawn.
const LEAD_TIME: Duration = Duration::from_millis(200);

/// So many wait for their answer at once, unless the command line says otherwise. With more, the emulator of a local stack
/// is too slow for ingest's three seconds, which then answers 503.
const LOCAL_CONCURRENCY: u16 = 16;
const CONCURRENCY: u16 = 256;

/// A body that nobody gave a size, about.
const USUAL_BODY_BYTES: usize = 10 << 10;

pub(super) async fn run(args: &LoadArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let mix = mix(args)?;
    let pattern = Pattern::new(args.pattern.into(), args.rate, args.duration);
    let count = pattern.total();
    checked(count)?;
    let target = LoadTarget::new(args).await?;
    let body_bytes = args.payload_kb.map_or(USUAL_BODY_BYTES, |kb| kb as usize * 1024);
    target.allowed(args, count, pattern.peak(), body_bytes)?;
    let mix = weir_load::Mix { app: target.app.clone(), ..mix };
    // Said once, rather than by each delivery.
    target.endpoint.reach().await?;
    // Numbers up to here are exact in every reader of JSON.
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..1 << 53));
    let concurrency = args.concurrency.unwrap_or(if target.is_local { LOCAL_CONCURRENCY } else { CONCURRENCY });
    let plan = Plan {
        url: target.endpoint.url().to_string(),
        pattern: weir_load::Shape::from(args.pattern).as_str(),
        rate: args.rate,
        peak_rate: pattern.peak(),
        duration_s: args.duration.as_secs_f64(),
        shops: args.shops,
        concurrency,
        seed,
        deliveries: count,
    };
    printer.step(format_args!(
        "{count} webhooks within {:?}, {} (up to {:.0} a second), seed {seed}, to {}",
        args.duration, plan.pattern, plan.peak_rate, plan.url
    ));
    let begin = Instant::now() + LEAD_TIME;
    let first_due = Timestamp::now().checked_add(LEAD_TIME).unwrap_or(Timestamp::UNIX_EPOCH);
    let job = SendJob {
        endpoint: target.endpoint.clone(),
        traffic: Traffic::new(mix, seed, target.secret.clone(), first_due),
        pattern,
        seed,
        body_bytes,
        concurrency: concurrency.into(),
        begin,
    };
    let mut signals = Signals::listen()?;
    let mut progress = Progress::new(printer, count);
    let interrupt = async || {
        signals.next().await;
    };
    let sent = weir_load::send(job, interrupt, |measured| progress.sending(measured)).await;
    progress.clear();
    let mut report = Report::new(plan, &sent);
    printer.line(report.answers())?;
    let accepted = &sent.measured.events;
    if let Some(ledger) = target.ledger.as_ref().filter(|_| !accepted.is_empty()) {
        let events = accepted.len() as u64;
        let mut progress = Progress::new(printer, events);
        let settling = |audit: &Audit| progress.settling(events, audit);
        let interrupt = async || {
            signals.next().await;
        };
        let settled = weir_load::settle(accepted, &ledger.probe, args.settle, interrupt, settling).await;
        progress.clear();
        let (audit, interrupted) = settled.map_err(|error| hints::with(ledger.hint, error))?;
        report.interrupted |= interrupted;
        report.audit = Some(audit);
    }
    printer.item(&report, Report::what_came_out)?;
    after(&report, &target, args, printer);
    Ok(match &report {
        report if report.interrupted => ExitStatus::Interrupted,
        report if report.is_good() => ExitStatus::Done,
        _ => ExitStatus::Failed,
    })
}

fn checked(count: u64) -> Result<(), Usage> {
    match count {
        0 => Err(Usage::new("that is not a single webhook", "raise --rate or --duration")),
        1..=MAX_DELIVERIES => Ok(()),
        _ => Err(Usage::new(
            format!("that would be {count} webhooks, and {MAX_DELIVERIES} is the most"),
            "lower --rate or --duration, or run it more than once",
        )),
    }
}

/// What to know or to do next.
fn after(report: &Report, target: &LoadTarget, args: &LoadArgs, printer: &Printer) {
    if !report.kept_up && target.is_local {
        printer.note(
            "hint: the emulator of a local stack takes some dozens a second: lower --rate, or load a stack on AWS",
        );
    }
    match &report.audit {
        None if args.no_audit || report.accepted == 0 => {}
        None => printer.note("What became of them was not looked up: --stack NAME says whose ledger knows."),
        Some(audit) if audit.lost > 0 => {
            printer.note(
                "hint: lost means that neither ledger nor lane has it: `weir dlq list` looks in the dead-letter queues",
            );
        }
        Some(audit) if !audit.is_complete() => {
            printer.note(
                "hint: not all came to their end: give it longer with --settle; `weir status` shows what is slow",
            );
        }
        Some(audit) if audit.dead_lettered > 0 && target.is_local => printer.note("next: cargo weir dlq list"),
        Some(_) => {}
    }
}
