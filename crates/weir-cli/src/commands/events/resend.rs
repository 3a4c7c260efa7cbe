//! `weir events resend`: preview, then send events again.

use serde::Serialize;
use weir_core::{EventShop, UnixMillis};
use weir_ops::{
    Stack,
    dead_letters::{Cancel, JobState, StackBackend},
    events::{EventFilter, of_any_shop, of_shop, recent_range, whole_range},
    resend::{
        self, Resend, ResendCounts, ResendError, ResendOptions, ResendPlan, ResendWork, Resender, Resent, Selection,
        Skipped,
    },
};

use super::resend_view::{self, ResendView};
use crate::{
    cli::{ResendArgs, ResendsArgs},
    commands::dlq::{caller, stop, view},
    exit::ExitStatus,
    hints::{self, hint_for},
    printable::unescaped,
    printer::Printer,
    problem::{HintedError, Usage},
    progress::Progress,
    shop_domain, target,
};

#[derive(Serialize)]
struct Outcome<'a> {
    changed: bool,
    operation: &'a str,
    state: &'static str,
    counts: &'a ResendCounts,
    skipped: &'a [Skipped],
}

pub(super) async fn run(args: &ResendArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let now = UnixMillis::now();
    let filter = filter(args)?;
    let stack = target::stack(&args.source).await?;
    let backend = StackBackend::of(&stack)?;
    let resender = Resender::of(&stack, &backend)?;
    let failed = |error: ResendError| explained(error, &stack);
    let cancel = stop::listen()?;
    if let Some(name) = &args.resume {
        let mut resent = resumed(&backend, &stack, name).await?;
        if !args.yes {
            let Resend { work, .. } = resent.job();
            let left = work.planned.sends.saturating_sub(work.counts.sent);
            printer.item(&ResendView::new(name, resent.job(), now), |_| {
                format!("about {left} events of {name} are left")
            })?;
            printer.note("nothing was changed: add --yes to do it");
            return Ok(ExitStatus::Done);
        }
        if let Some(rate) = args.rate {
            resent.job_mut().work.options.rate = Some(rate);
        }
        resent.claim(&backend, caller::name(&stack).await?).await.map_err(failed)?;
        return act(resent, &resender, &stack, &cancel, printer).await;
    }
    let selection = match args.events.is_empty() {
        true => matching(args, filter, now)?,
        false => Selection::Events(named(args, &stack, now, printer).await?),
    };
    let mut progress = Progress::new(printer);
    let preview = resend::preview(&resender, &selection, args.superseded, args.limit, |looked| {
        progress.step(|| format!("{} events found", view::number(looked.found)));
    });
    // A preview changes nothing: it can be left at any time.
    let preview = tokio::select! {
        preview = preview => preview.map_err(failed)?,
        () = cancel.wait() => return Ok(ExitStatus::Interrupted),
    };
    if preview.sends == 0 && preview.matching > 0 {
        return Err(resend_view::refused(&preview).into());
    }
    if !args.yes || preview.sends == 0 {
        printer.item(&preview, resend_view::lines)?;
        if !printer.is_json() {
            printer.note("nothing was changed: add --yes to do it");
        }
        return Ok(ExitStatus::Done);
    }
    let actor = caller::actor(&stack).await?;
    let options =
        ResendOptions { rate: args.rate, limit: args.limit, superseded: args.superseded, why: args.why.clone() };
    let work = ResendWork { selection, options, planned: preview.planned(), counts: ResendCounts::default() };
    let job = Resend::new(actor.by, actor.command, work, now);
    let resent = resend::start(&backend, job).await.map_err(failed)?;
    act(resent, &resender, &stack, &cancel, printer).await
}

/// `weir events resends`: what was sent again.
pub(super) async fn list(args: &ResendsArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let stack = target::stack(&args.source).await?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let all = StackBackend::of(&stack)?.resends(limit).await;
    let all = all.map_err(|error| hints::with(&hint_for(&error.to_string(), hints::of(&stack)), error))?;
    let now = UnixMillis::now();
    let views: Vec<ResendView> = all.iter().map(|(name, job)| ResendView::new(name, job, now)).collect();
    printer.item(&views, |views| resend_view::table(views))?;
    Ok(ExitStatus::Done)
}

fn filter(args: &ResendArgs) -> Result<EventFilter, Usage> {
    let shop = args.shop.as_deref().map(shop_domain::parse).transpose()?;
    Ok(EventFilter {
        shop: shop.map(|shop| shop.to_string()),
        topic: args.topic.clone(),
        app: args.app.clone(),
        lane: args.lane,
        resource: args.resource.clone(),
        error: None,
        state: args.state.map(Into::into),
        outcome: None,
    })
}

fn matching(args: &ResendArgs, filter: EventFilter, now: UnixMillis) -> Result<Selection, Usage> {
    if filter == EventFilter::default() && args.since.is_none() {
        return Err(Usage::new(
            "this would send every event of the last day again",
            "say which events (`weir events resend --help`), or since when: --since 24h",
        ));
    }
    let day = std::time::Duration::from_secs(86_400);
    let since = args.since.map_or(now - day, |since| since.at(now));
    let until = args.until.map_or(now, |until| until.at(now));
    if since > until {
        return Err(Usage::new("--since is later than --until", "nothing can be between them: exchange them"));
    }
    Ok(Selection::Matching { filter, since, until })
}

/// The keys of the events that were named.
async fn named(args: &ResendArgs, stack: &Stack, now: UnixMillis, printer: &Printer) -> anyhow::Result<Vec<String>> {
    let ledger = stack.ledger()?;
    let given = args.shop.as_deref().map(shop_domain::parse).transpose()?.map(|shop| shop.to_string());
    let mut all: Vec<String> = Vec::new();
    for name in &args.events {
        let name = unescaped(name);
        let (shop, id) = match name.split_once('#') {
            Some((shop, id)) => (Some(shop.to_owned()), id),
            None => (given.clone(), name.as_str()),
        };
        let mut reports = Progress::new(printer);
        let progress = |progress| reports.lookup(progress);
        let found = match &shop {
            Some(shop) => of_shop(&ledger, &EventShop::from_stored(shop), id, whole_range(now), progress).await,
            None => of_any_shop(&ledger, id, recent_range(None, now), progress).await,
        };
        let found = found.map_err(|error| hints::with(&hint_for(&error.to_string(), hints::of(stack)), error))?;
        match &found[..] {
            // What the ledger does not know is listed as such.
            [] => all.push(shop.map_or_else(|| name.clone(), |shop| format!("{shop}#{id}"))),
            [one] => all.push(one.clone()),
            several => {
                let hint = format!("name one of them: {}", several.join(", "));
                return Err(Usage::new(format!("{} events have the id {id}", several.len()), hint).into());
            }
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

async fn resumed(backend: &StackBackend, stack: &Stack, name: &str) -> anyhow::Result<Resent> {
    let found = resend::resume(backend, name).await.map_err(|error| explained(error, stack))?;
    let resent = found.ok_or_else(|| {
        HintedError::new(format!("no resend has the name {name}"), "`weir events resends` lists them")
    })?;
    if resent.job().state == JobState::Done {
        let problem = format!("{name} is done: there is nothing left of it");
        return Err(HintedError::new(problem, "`weir events resend` begins another one").into());
    }
    Ok(resent)
}

async fn act(
    mut resent: Resent,
    resender: &Resender<'_>,
    stack: &Stack,
    cancel: &Cancel,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let name = resent.name().to_owned();
    if !printer.is_json() {
        printer.step(format!("resend {name}"));
    }
    let tell = |job: &Resend| {
        let (ResendPlan { sends, .. }, counts) = (&job.work.planned, &job.work.counts);
        printer.step(format!("{} of {} sent", view::number(counts.sent), view::number(*sends)));
    };
    let ran = resend::run(resender, &mut resent, cancel, &tell).await;
    let work = &resent.job().work;
    let outcome = Outcome {
        changed: true,
        operation: &name,
        state: resent.job().state.as_str(),
        counts: &work.counts,
        skipped: &resent.skipped,
    };
    printer.item(&outcome, |outcome| resend_view::outcome(&name, outcome.state, outcome.counts, outcome.skipped))?;
    let goes_on = format!("`weir events resend --resume {name} --yes` goes on");
    ran.map_err(|error| explained(error, stack).context(format!("{name} stopped before its end; {goes_on}")))?;
    match resent.job().state {
        JobState::Interrupted => {
            printer.note(format!("interrupted: {goes_on}"));
            Ok(ExitStatus::Interrupted)
        }
        JobState::Failed => {
            let problem = format!("{} events were not sent: SQS did not take them", view::number(work.counts.failed));
            Err(HintedError::new(problem, goes_on).into())
        }
        // Of events that were named, each was to be sent.
        _ if matches!(work.selection, Selection::Events(_)) && !resent.skipped.is_empty() => {
            let problem = format!("{} of the events that you named were not sent", resent.skipped.len());
            Err(HintedError::new(problem, "the list above says why for each").into())
        }
        _ => Ok(ExitStatus::Done),
    }
}

/// The error, with what to do.
fn explained(error: ResendError, stack: &Stack) -> anyhow::Error {
    let hint = match &error {
        // It has its own hint.
        ResendError::Stack(_) => return error.into(),
        ResendError::Damaged(_) => "somebody altered the object; select other events, or delete it".to_owned(),
        _ => hint_for(&error.to_string(), hints::of(stack)),
    };
    hints::with(&hint, error)
}
