//! From the command line to the answers.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::Instant;
use weir_load::PostError;

use super::{
    curl,
    deliveries::deliveries,
    report::{self, Sent, Summary},
    turn,
};
use crate::{cli::SendArgs, exit::ExitStatus, printer::Printer, target};

pub(crate) async fn run(args: &SendArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let mut deliveries = deliveries(args, Timestamp::now())?;
    let target = target::endpoint(&args.endpoint)?;
    if args.dry_run {
        let delivery = deliveries.next(Timestamp::now());
        let request = curl::Request::new(target.endpoint.url(), &delivery, &target.secret)?;
        printer.item(&request, curl::Request::command)?;
        return Ok(ExitStatus::Done);
    }
    let (target, started) = (&target, Instant::now());
    let posts = stream::iter(0..args.times).map(|number| {
        let delivery = deliveries.next(Timestamp::now());
        async move {
            if let Some(rate) = args.rate {
                tokio::time::sleep_until(started + turn(number, rate)).await;
            }
            let answer = target.endpoint.post(&delivery, &target.secret).await;
            (delivery, answer)
        }
    });
    let mut posts = std::pin::pin!(posts.buffer_unordered(args.concurrency.into()));
    let mut all = Vec::new();
    while let Some((delivery, answer)) = posts.next().await {
        // The others would say the same.
        if let Err(error @ PostError::NoConnection { .. }) = answer {
            return Err(error.into());
        }
        let sent = Sent::new(&delivery, answer);
        printer.item(&sent, Sent::line)?;
        all.push(sent);
    }
    if args.times > 1 {
        let summary = Summary::of(&all, started.elapsed());
        printer.item(&report::Last { summary }, |last| last.summary.line())?;
    }
    let accepted = all.iter().all(Sent::is_accepted);
    if let (true, true, [sent, ..]) = (accepted, target.is_local, &all[..]) {
        printer.note(format_args!("next: cargo weir events show '{}'", sent.event()));
    }
    Ok(if accepted { ExitStatus::Done } else { ExitStatus::Failed })
}
