//! `weir dlq replay --file`: an event gets another body, and runs as a new generation.

use std::{io::Read, path::Path};

use serde::Serialize;
use weir_aws::{
    Bodies,
    dead_letters::Outgoing,
    ledger::{Range, ReadError},
    operations::Stored,
};
use weir_core::{
    Lane, UnixMillis,
    envelope::{Envelope, MAX_BODY_BYTES, Meta, refer, seal},
    ledger::Key,
    sha256,
};

use super::{
    batch,
    filter::{EventName, Filter},
    operation::{Chunk, Counts, Entry, Kind, Operation, Options, Planned, State, name_at},
    outside::{Outside, Stack},
    problem::Problem,
    reader::{Id, Reader},
    scan::join,
    stop::Stop,
    view, who,
};
use crate::{
    cli::DlqReplayArgs,
    commands::{ExitStatus, events::search},
    printer::Printer,
    problem::Usage,
    target::Place,
};

/// What the event is, before it gets its body.
struct Source {
    meta: Meta,
    lane: Lane,
    /// Its message in the dead-letter queue, if it is there.
    letter: Option<Id>,
    /// How long the body was, where the message has it.
    bytes: Option<usize>,
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
}

pub(super) async fn run(args: &DlqReplayArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let filter = Filter::new(&args.filter, UnixMillis::now())?;
    let (Some(path), Some(event)) = (&args.file, filter.event.clone()) else {
        return Err(Usage::new("--file needs --event", "name the event that gets the body").into());
    };
    let body = read(path, args.raw)?;
    let place = Place::find(&args.source).await?;
    let stack = Stack::of(&place)?;
    let stop = Stop::listen()?;
    let mut reader = Reader::new(&stack, filter.lanes(), false);
    let done = replace(&mut reader, &stack, &place, &filter, &event, body, args.yes, &stop, printer).await;
    reader.give_back().await;
    let Some(outcome) = done? else { return Ok(ExitStatus::Interrupted) };
    printer.item(&outcome, lines)?;
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
    reader: &mut Reader<'_, Stack>,
    stack: &Stack,
    place: &Place,
    filter: &Filter,
    event: &EventName,
    body: Vec<u8>,
    yes: bool,
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
    let generation = generation(stack, &source, &new_sha256).await.map_err(failed)?;
    let mut outcome = Outcome {
        changed: yes,
        operation: None,
        event: Key::of(&source.meta).event,
        lane: source.lane.as_str(),
        generation,
        old_bytes: source.bytes,
        old_sha256: source.meta.body_sha256.clone(),
        new_bytes: body.len(),
        new_sha256: new_sha256.clone(),
        dead_lettered: source.letter.is_some(),
    };
    if !yes {
        return Ok(Some(outcome));
    }
    let meta = Meta { body_sha256: new_sha256.clone(), generation, ..source.meta };
    let message = match seal(&meta, &body) {
        Ok(message) => message,
        Err(_) => {
            let bodies = Bodies::new(&place.config, place.output("BodiesBucket")?);
            refer(&meta, &bodies.put(&meta, body).await.map_err(|error| place.failed(error))?)
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
        options: Options { body_sha256: Some(new_sha256), ..Options::default() },
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
    reader: &mut Reader<'_, Stack>,
    stack: &Stack,
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
            return Ok(Some(Source { meta: (**meta).clone(), lane: id.0, letter: Some(id), bytes }));
        }
        reader.renew().await;
    }
    Ok(None)
}

/// What the ledger knows of an event whose message is nowhere any more.
async fn from_ledger(stack: &Stack, place: &Place, event: &EventName, printer: &Printer) -> anyhow::Result<Source> {
    let nowhere = |why: &str, hint: &str| anyhow::anyhow!("{event} is not dead-lettered, and {why}\nhint: {hint}");
    let EventName::Whole(name) = event else {
        return Err(nowhere("without its shop the ledger does not find it", "name it as SHOP#ID"));
    };
    let read = |error: ReadError| Problem::from(error).at(place);
    let now = UnixMillis::now();
    let Some((shop, id)) = name.split_once('#') else { return Err(nowhere("it has no shop", "name it as SHOP#ID")) };
    let range = Range { since: (now - search::OF_A_SHOP).max(UnixMillis(0)), until: now };
    let events = search::of_shop(&stack.ledger, shop, id, range, printer).await.map_err(read)?;
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
    };
    Ok(Source { meta, lane: known.lane, letter: None, bytes: None })
}

/// Of a message that is there, the lowest generation above its own that no other body has, so that whoever repeats the
/// command after an interruption comes to the same one. Otherwise the next: each command is one run.
async fn generation(stack: &Stack, source: &Source, sha256: &str) -> Result<u32, Problem> {
    let event = Key::of(&source.meta).event;
    let history = stack.ledger.history(&event).await?;
    let taken = |generation: u32| {
        history.iter().any(|record| {
            let same = record.body_sha256 == sha256 && source.letter.is_some();
            record.key.generation == generation && !same
        })
    };
    let mut generation = source.meta.generation + 1;
    while taken(generation) {
        generation += 1;
    }
    Ok(generation)
}

fn lines(outcome: &Outcome) -> String {
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
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
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
