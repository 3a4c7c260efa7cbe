//! `weir dlq replay --file`: an event gets another body, and runs as a new generation.

use std::{io::Read, path::Path};

use serde::Serialize;
use weir_aws::{Bodies, dead_letters::Outgoing, ledger::ReadError, operations::Stored};
use weir_core::{
    Lane, UnixMillis,
    envelope::{Envelope, MAX_BODY_BYTES, Meta, refer, seal},
    ledger::{Action, ActionKind, ActionRequest, Key, Record, State as Ledger},
    sha256,
};
use weir_ops::{
    Stack,
    events::{of_shop, whole_range},
};

use super::{
    backend::{DeadLetterBackend, StackBackend},
    batch,
    filter::{EventName, Filter},
    operation::{Chunk, Counts, Entry, Kind, Operation, Options, Planned, State, name_at},
    problem::Problem,
    reader::{Id, Reader},
    scan::join,
    stop::Stop,
    view, who,
};
use crate::{
    cli::DlqReplayArgs, commands::events::Reports, exit::ExitStatus, hints, layout::joined, printer::Printer,
    problem::Usage, target,
};

/// What the event is, before it gets its body.
struct Source {
    meta: Meta,
    lane: Lane,
    /// Its message in the dead-letter queue, if it is there.
    letter: Option<Id>,
    /// How long the body was, where the message has it.
    bytes: Option<usize>,
    /// How often its message was parked.
    parks: u32,
}

#[derive(Serialize)]
struct Outcome {
    changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    event: String,
    lane: &'static str,
    generation: u32,
    old_bytes: Option<usize>,
    old_sha256: String,
    new_bytes: usize,
    new_sha256: String,
    /// Whether a message of it is in the dead-letter queue, and goes.
    dead_lettered: bool,
    /// The event had this body before, so that nothing is done; the state of that generation.
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired_before: Option<&'static str>,
}

pub(super) async fn run(args: &DlqReplayArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let filter = Filter::new(&args.filter, UnixMillis::now())?;
    let (Some(path), Some(event)) = (&args.file, filter.event.clone()) else {
        return Err(Usage::new("--file needs --event", "name the event that gets the body").into());
    };
    let body = read(path, args.raw)?;
    let place = target::stack(&args.source).await?;
    let stack = StackBackend::of(&place)?;
    let stop = Stop::listen()?;
    let mut reader = Reader::new(&stack, filter.lanes(), false);
    let done = replace(&mut reader, &stack, &place, &filter, &event, body, args, &stop, printer).await;
    reader.give_back().await;
    let Some(outcome) = done? else { return Ok(ExitStatus::Interrupted) };
    printer.item(&outcome, lines)?;
    if outcome.repaired_before.is_some() {
        return Ok(ExitStatus::Done);
    }
    if !args.yes && !printer.is_json() {
        printer.note("nothing was changed: add --yes to do it");
    }
    Ok(ExitStatus::Done)
}

/// The file's bytes, as they are.
fn read(path: &Path, raw: bool) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    let most = MAX_BODY_BYTES as u64 + 1;
    let read = match path.to_str() {
        Some("-") => std::io::stdin().lock().take(most).read_to_end(&mut body),
        _ => std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut body)),
    };
    read.map_err(|error| {
        Usage::new(format!("could not read {}: {error}", path.display()), "check the path; - is stdin")
    })?;
    if body.len() > MAX_BODY_BYTES {
        return Err(Usage::new("the file is larger than any body that weir takes in", "6 MB are the most").into());
    }
    if !raw && let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&body) {
        let at = format!("{} is not JSON (line {}, column {})", path.display(), error.line(), error.column());
        return Err(Usage::new(at, "mend it, or say --raw if the event's body is none").into());
    }
    Ok(body)
}

#[expect(clippy::too_many_arguments, reason = "each is one thing of the command")]
async fn replace(
    reader: &mut Reader<'_, StackBackend>,
    stack: &StackBackend,
    place: &Stack,
    filter: &Filter,
    event: &EventName,
    body: Vec<u8>,
    args: &DlqReplayArgs,
    stop: &Stop,
    printer: &Printer,
) -> anyhow::Result<Option<Outcome>> {
    let failed = |problem: Problem| problem.at(place);
    let dead = find(reader, stack, filter, stop).await.map_err(failed)?;
    if stop.is_set() {
        return Ok(None);
    }
    let source = match dead {
        Some(source) => source,
        None => from_ledger(stack, place, event, printer).await?,
    };
    let new_sha256 = sha256::hex(&body);
    let name = Key::of(&source.meta).event;
    let history = stack.ledger.history(&name).await.map_err(|error| failed(error.into()))?;
    let before = before(&history, &source, &new_sha256).filter(|_| !args.force);
    let generation = match before {
        Some((generation, _)) => generation,
        None => generation(&history, &source, &new_sha256, args.force)?,
    };
    let mut outcome = Outcome {
        changed: args.yes && before.is_none(),
        operation: None,
        event: name,
        lane: source.lane.as_str(),
        generation,
        old_bytes: source.bytes,
        old_sha256: source.meta.body_sha256.clone(),
        new_bytes: body.len(),
        new_sha256: new_sha256.clone(),
        dead_lettered: source.letter.is_some(),
        repaired_before: before.map(|(_, state)| state),
    };
    if before.is_some() {
        return Ok(Some(outcome));
    }
    if !args.yes {
        return Ok(Some(outcome));
    }
    let old = (Key::of(&source.meta), source.meta.body_sha256.clone(), source.parks);
    let meta = Meta { body_sha256: new_sha256.clone(), generation, ..source.meta };
    let message = match seal(&meta, &body) {
        Ok(message) => message,
        Err(_) => {
            let bodies = Bodies::new(&place.config, place.output("BodiesBucket")?);
            refer(&meta, &bodies.put(&meta, body).await.map_err(|error| hints::failed(place, error))?)
        }
    };
    let now = UnixMillis::now();
    let mut operation = Operation {
        kind: Kind::Replay,
        state: State::Running,
        by: who::who(place).await?,
        command: who::command_line(),
        started_at: now,
        updated_at: now,
        filter: filter.clone(),
        options: Options { body_sha256: Some(new_sha256.clone()), force: args.force, ..Options::default() },
        planned: Planned { messages: 1, of: 1, errors: Vec::new() },
        counts: Counts { read: 1, ..Counts::default() },
        note: None,
        resumed: Vec::new(),
    };
    let name = name_at(now);
    stack.save(&name, None, &operation).await.map_err(|error| failed(error.into()))?;
    let message_id = source.letter.as_ref().map_or_else(String::new, |(_, id)| id.clone());
    let entry = Entry { event: outcome.event.clone(), generation, message: message_id };
    stack.enter(&name, 0, &Chunk { at: now, entries: vec![entry] }).await.map_err(|error| failed(error.into()))?;

    let outgoing = Outgoing { body: message, group: meta.shop.clone() };
    let sent = batch::send(stack, source.lane, vec![outgoing]).await;
    let taken = sent.as_ref().is_ok_and(|sent| sent.contains(&true));
    (operation.counts.sent, operation.counts.forced, operation.counts.failed) =
        (u64::from(taken), u64::from(taken), u64::from(!taken));
    operation.state = if taken { State::Done } else { State::Failed };
    if taken {
        let kind = ActionKind::Repaired { generation, body_sha256: new_sha256 };
        let action = Action::new(kind, now, &operation.by, &name, None);
        // The event gets the body all the same; what does not tell it is known.
        operation.counts.unrecorded = tell(stack, &history, &old, &action).await;
    }
    if let (true, Some(id)) = (taken, source.letter) {
        let receipt = reader.receipt(&id).map(str::to_owned);
        let gone = batch::delete(stack, id.0, receipt.into_iter().collect()).await;
        operation.counts.undeleted = u64::from(!gone.contains(&true));
        reader.deleted(id);
    }
    operation.updated_at = UnixMillis::now();
    let stored = stack.save(&name, Some(1), &operation).await.map_err(|error| failed(error.into()))?;
    debug_assert!(matches!(stored, Stored::Written(_) | Stored::Lost(Some(_))), "nobody else knows of it");
    sent.map_err(|error| failed(error.into()))?;
    anyhow::ensure!(taken, "the lane did not take the message\nhint: repeat the command: nothing is lost");
    outcome.operation = Some(name);
    Ok(Some(outcome))
}

/// The event's message. It stays held.
async fn find(
    reader: &mut Reader<'_, StackBackend>,
    stack: &StackBackend,
    filter: &Filter,
    stop: &Stop,
) -> Result<Option<Source>, Problem> {
    while !reader.is_over() && !stop.is_set() {
        let round = reader.round().await?;
        for (found, letter) in join(stack, round.fresh).await? {
            let (true, Ok(meta)) = (filter.takes(&found), &found.letter.head) else { continue };
            let envelope = Envelope::parse(&letter.body).ok();
            let bytes = envelope.and_then(|envelope| envelope.open(None).ok()).map(|body| body.len());
            let id = (found.letter.lane, letter.id);
            let parks = found.letter.parks;
            return Ok(Some(Source { meta: (**meta).clone(), lane: id.0, letter: Some(id), bytes, parks }));
        }
        reader.renew().await;
    }
    Ok(None)
}

/// What the ledger knows of an event whose message is nowhere any more.
async fn from_ledger(
    stack: &StackBackend,
    place: &Stack,
    event: &EventName,
    printer: &Printer,
) -> anyhow::Result<Source> {
    let nowhere = |why: &str, hint: &str| anyhow::anyhow!("{event} is not dead-lettered, and {why}\nhint: {hint}");
    let EventName::Whole(name) = event else {
        return Err(nowhere("without its shop the ledger does not find it", "name it as SHOP#ID"));
    };
    let read = |error: ReadError| Problem::from(error).at(place);
    let now = UnixMillis::now();
    let Some((shop, id)) = name.split_once('#') else { return Err(nowhere("it has no shop", "name it as SHOP#ID")) };
    let mut reports = Reports::new(printer);
    let events = of_shop(&stack.ledger, shop, id, whole_range(now), |progress| reports.lookup(progress));
    let events = events.await.map_err(read)?;
    if let [_, _, ..] = &events[..] {
        return Err(nowhere("that id is one of several events", &format!("name one of them: {}", events.join(", "))));
    }
    let mut history = Vec::new();
    for event in &events {
        history = stack.ledger.history(event).await.map_err(read)?;
    }
    let known = history.iter().max_by_key(|record| record.key.generation);
    let known =
        known.ok_or_else(|| nowhere("the ledger does not know it", "`weir events list` shows what it knows"))?;
    let (Some(topic), Some(app), Some((shop, id))) = (&known.topic, &known.app, known.key.event.split_once('#')) else {
        return Err(nowhere("the ledger knows no topic of it", "it was no envelope: nothing says what it was"));
    };
    let meta = Meta {
        webhook_id: known.webhook_id().to_owned(),
        shop: shop.to_owned(),
        topic: topic.clone(),
        app: app.clone(),
        event_id: known.event_id.clone(),
        api_version: None,
        subscription: None,
        triggered_at: known.triggered_at.clone(),
        received_at: known.received_at,
        body_sha256: known.body_sha256.clone(),
        traceparent: None,
        generation: known.key.generation,
        // It stays the event that it was, whatever its body is now.
        dedupe_key: known.webhook_id.as_ref().map(|_| id.to_owned()),
        synthetic: None,
        test: known.test,
    };
    Ok(Source { meta, lane: known.lane, letter: None, bytes: None, parks: known.parks })
}

/// The generation that has this very body, or had it sent to its lane, and its state: the repair was done.
fn before(history: &[Record], source: &Source, sha256: &str) -> Option<(u32, &'static str)> {
    // Its message is still there when the command was interrupted after it had sent: then the repair goes on.
    let is_under_way = source.letter.is_some();
    let ran = history.iter().find(|record| record.key.generation > 0 && record.body_sha256 == sha256);
    if let Some(ran) = ran.filter(|ran| !is_under_way || ran.key.generation == source.meta.generation) {
        return Some((ran.key.generation, ran.state.as_str()));
    }
    let sent = history.iter().flat_map(|record| &record.actions).find_map(|action| match &action.kind {
        ActionKind::Repaired { generation, body_sha256 } if body_sha256 == sha256 => Some(*generation),
        _ => None,
    });
    sent.filter(|_| !is_under_way).map(|generation| (generation, "sent"))
}

/// The lowest generation above the message's that no other body has, so that whoever repeats the command after an
/// interruption comes to the same one. By force another one than any that is known.
fn generation(history: &[Record], source: &Source, sha256: &str, force: bool) -> anyhow::Result<u32> {
    let is_taken = |generation: u32| {
        let has = |record: &&Record| record.key.generation == generation;
        history.iter().find(has).is_some_and(|record| force || record.body_sha256 != sha256)
    };
    let mut generation = source.meta.generation.checked_add(1);
    while let Some(next) = generation.filter(|next| is_taken(*next)) {
        generation = next.checked_add(1);
    }
    generation.ok_or_else(|| {
        anyhow::anyhow!(
            "the event has no later generation\nhint: weir did not write its message: look at it, and drop it"
        )
    })
}

/// Has the generation that is replaced tell it, and every other that would still count as failed. Returns how many did
/// not take it.
async fn tell(stack: &StackBackend, history: &[Record], old: &(Key, String, u32), action: &Action) -> u64 {
    let (key, body, parks) = old;
    let mut untold = 0;
    let others = history.iter().filter(|record| matches!(record.state, Ledger::Failed(_)) && record.key != *key);
    let others = others.filter(|record| record.key.generation < new_generation(action));
    for key in std::iter::once(key).chain(others.map(|record| &record.key)) {
        let request = ActionRequest { key, action, body_sha256: Some(body), parks: *parks };
        untold += u64::from(stack.record(&request).await.is_err());
    }
    untold
}

fn new_generation(action: &Action) -> u32 {
    match action.kind {
        ActionKind::Repaired { generation, .. } | ActionKind::Replayed { generation } => generation,
        ActionKind::Dropped => 0,
    }
}

fn lines(outcome: &Outcome) -> String {
    if let Some(state) = outcome.repaired_before {
        let Outcome { event, generation, .. } = outcome;
        let then = match state {
            "failed" => "it failed with it: mend the cause, then `weir dlq replay` sends its message again",
            _ => "nothing was done: --force sends it once more",
        };
        return joined([
            format!("{event} was repaired already: replay {generation} has this very body ({state})"),
            format!("  {then}"),
        ]);
    }
    let verb = if outcome.changed { "was sent" } else { "would be sent" };
    let short = |sha256: &str| sha256.get(..12).unwrap_or(sha256).to_owned();
    let old =
        outcome.old_bytes.map_or_else(|| "? bytes".to_owned(), |bytes| format!("{} bytes", view::number(bytes as u64)));
    let mut out = vec![
        format!(
            "{} {verb} to the {} lane with another body, as replay {}",
            outcome.event, outcome.lane, outcome.generation
        ),
        format!("  old body  {old}, SHA-256 {}…", short(&outcome.old_sha256)),
        format!(
            "  new body  {} bytes, SHA-256 {}…",
            view::number(outcome.new_bytes as u64),
            short(&outcome.new_sha256)
        ),
    ];
    out.push(match (outcome.dead_lettered, outcome.changed) {
        (true, true) => "  its message was taken out of the dead-letter queue".to_owned(),
        (true, false) => "  its message would be taken out of the dead-letter queue".to_owned(),
        (false, _) => "  no message of it is dead-lettered: what the ledger knows of it makes the envelope".to_owned(),
    });
    if outcome.old_sha256 == outcome.new_sha256 {
        out.push("  it is the very same body".to_owned());
    }
    joined(out)
}

#[cfg(test)]
mod tests {
    use super::super::letter::tests::{failed, meta, record};
    use super::*;

    fn file(text: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn source(generation: u32, has_letter: bool) -> Source {
        let meta = Meta { generation, ..meta("7", b"{}") };
        let letter = has_letter.then(|| (Lane::Standard, "m-1".to_owned()));
        Source { meta, lane: Lane::Standard, letter, bytes: None, parks: 0 }
    }

    fn of(generation: u32, state: Ledger, body: &[u8]) -> Record {
        record(Key { generation, ..Key::of(&meta("7", b"{}")) }, state, body)
    }

    #[test]
    fn repair_that_ran_or_was_sent_is_known_and_one_under_way_goes_on() {
        let fixed = sha256::hex(b"fixed");
        let mut first = of(0, Ledger::Replaced { generation: 1 }, b"{}");
        let kind = ActionKind::Repaired { generation: 1, body_sha256: fixed.clone() };
        first.actions.push(Action::new(kind, UnixMillis(0), "me", "op", None));
        let sent = [first.clone()];
        assert_eq!(before(&sent, &source(0, false), &fixed), Some((1, "sent")));
        assert_eq!(before(&sent, &source(0, true), &fixed), None, "it was sent, and its old message not yet deleted");
        assert_eq!(generation(&sent, &source(0, true), &fixed, false).unwrap(), 1, "the same one again");
        let ran = [first, of(1, Ledger::Done, b"fixed")];
        assert_eq!(before(&ran, &source(1, false), &fixed), Some((1, "done")));
        assert_eq!(before(&ran, &source(1, false), &sha256::hex(b"another")), None);
        assert_eq!(generation(&ran, &source(0, false), &fixed, true).unwrap(), 2, "by force once more");
        let failed_again = [of(0, Ledger::Replaced { generation: 1 }, b"{}"), of(1, failed(), b"fixed")];
        assert_eq!(before(&failed_again, &source(1, true), &fixed), Some((1, "failed")));
    }

    #[test]
    fn event_of_the_last_generation_has_none_after_it() {
        assert!(generation(&[], &source(u32::MAX, true), "aa", false).is_err());
        let taken = [of(u32::MAX, Ledger::Done, b"other")];
        assert!(generation(&taken, &source(u32::MAX - 1, true), "aa", false).is_err());
    }

    #[test]
    fn a_file_is_taken_byte_for_byte_and_must_be_json_unless_it_need_not() {
        let json = b" {\"id\": 820982911946154508}\n";
        assert_eq!(read(file(json).path(), false).unwrap(), json);
        let said = read(file(b"{\"id\": }").path(), false).unwrap_err().to_string();
        assert!(said.contains("is not JSON (line 1, column 8)") && said.contains("--raw"), "{said}");
        assert_eq!(read(file(b"no json").path(), true).unwrap(), b"no json");
        assert!(read(Path::new("/nowhere/x"), false).unwrap_err().to_string().contains("check the path"));
    }
}
