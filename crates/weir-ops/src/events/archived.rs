//! The body of an event out of the archive.

use weir_aws::{
    ArchiveBucket, Bodies, BodyError, CallError,
    archive::{ArchiveError, ListedObject},
};
use weir_core::{
    EventShop, UnixMillis,
    archive::{ArchivedBody, ArchivedEvent, Hour, ObjectKey},
    envelope::Meta,
    ledger::Record,
    sha256,
};

use super::lookup::MAX_SPREAD;
use crate::{Stack, StackError};

/// The output that names the archive's bucket.
const BUCKET: &str = "ArchiveBucket";

/// The archive can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveReadError {
    /// The stack lacks the output of the bucket of large bodies.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// An object is not what weir writes.
    #[error("object {0} of the archive is damaged")]
    Damaged(String),
    /// The archive's bucket.
    #[error(transparent)]
    Archive(CallError),
    /// The bucket of large bodies.
    #[error(transparent)]
    Bucket(BodyError),
}

impl From<ArchiveError> for ArchiveReadError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Damaged(object) => Self::Damaged(object),
            ArchiveError::Failed(call) => Self::Archive(call),
        }
    }
}

/// A body that the archive has.
#[derive(Clone, PartialEq, Eq)]
pub struct FoundBody {
    /// The bytes.
    pub body: Vec<u8>,
    /// Whether they are those that Shopify signed. The bus may print JSON anew, which means the same.
    pub is_as_signed: bool,
}

impl std::fmt::Debug for FoundBody {
    /// Not the body: it holds customer data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FoundBody({} bytes)", self.body.len())
    }
}

/// Whether a stack keeps an archive: one with `ArchiveDays` 0 does not.
#[must_use]
pub fn has_archive(stack: &Stack) -> bool {
    stack.output(BUCKET).is_ok()
}

/// The body of an event that ended, if the stack keeps an archive and it has the event. Takes a request to list the objects
/// of the event's hour, and one for each object that can have it: a few.
///
/// # Errors
/// If the archive can't be read.
pub async fn archived_body(stack: &Stack, record: &Record) -> Result<Option<FoundBody>, ArchiveReadError> {
    let Ok(bucket) = stack.output(BUCKET) else { return Ok(None) };
    let copy = find(&ArchiveBucket::new(&stack.config, bucket), record).await?;
    let body = match copy.map(|copy| copy.body) {
        None => return Ok(None),
        Some(ArchivedBody::Here(body)) => body,
        Some(ArchivedBody::At(reference)) => {
            match Bodies::new(&stack.config, stack.output("BodiesBucket")?).get(&reference).await {
                Ok(body) => body,
                Err(BodyError::Lost | BodyError::Foreign) => return Ok(None),
                Err(error) => return Err(ArchiveReadError::Bucket(error)),
            }
        }
    };
    let is_as_signed = sha256::hex(&body) == record.body_sha256;
    Ok(Some(FoundBody { body, is_as_signed }))
}

/// The archive's bucket, if the stack keeps an archive.
pub(crate) fn bucket(stack: &Stack) -> Option<ArchiveBucket> {
    Some(ArchiveBucket::new(&stack.config, stack.output(BUCKET).ok()?))
}

/// An event as the archive has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArchivedCopy {
    /// All but the body.
    pub(crate) meta: Meta,
    /// Where the body is.
    pub(crate) body: ArchivedBody,
}

impl ArchivedCopy {
    /// Of a line of an object; `None` if the line was altered.
    pub(crate) fn of(event: ArchivedEvent<'_>) -> Option<Self> {
        Some(Self { meta: event.meta()?, body: event.into_body()? })
    }
}

/// What the search needs of a bucket.
pub(crate) trait Archive {
    async fn list(&self, prefix: &str) -> Result<Vec<ListedObject>, CallError>;
    async fn get(&self, key: &ObjectKey) -> Result<Option<String>, ArchiveError>;
}

impl Archive for ArchiveBucket {
    async fn list(&self, prefix: &str) -> Result<Vec<ListedObject>, CallError> {
        self.list(prefix).await
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<String>, ArchiveError> {
        self.get(key).await
    }
}

/// The copy of one event.
pub(crate) async fn find(archive: &impl Archive, record: &Record) -> Result<Option<ArchivedCopy>, ArchiveError> {
    let Some(shop) = record.key.shop().map(EventShop::from_stored) else { return Ok(None) };
    let first = record.received_at;
    if let Some(body) = in_hour(archive, record, &shop, Hour::of(first), first, first).await? {
        return Ok(Some(body));
    }
    // An event that came under several webhook ids may have been published from a later delivery.
    if record.other_webhook_id().is_none() {
        return Ok(None);
    }
    let until = record.updated_at.min(first + MAX_SPREAD);
    let mut hour = Hour::of(first);
    while hour <= Hour::of(until) {
        if let Some(body) = in_hour(archive, record, &shop, hour, first, until).await? {
            return Ok(Some(body));
        }
        hour = hour.next();
    }
    Ok(None)
}

/// Looks through the objects of an hour that can have an event received within this time. Those with the shortest time come
/// first: a late retry makes a long one.
async fn in_hour(
    archive: &impl Archive,
    record: &Record,
    shop: &EventShop,
    hour: Hour,
    since: UnixMillis,
    until: UnixMillis,
) -> Result<Option<ArchivedCopy>, ArchiveError> {
    let mut objects = archive.list(&hour.prefix(shop)).await?;
    objects.retain(|object| object.key.may_have(since, until));
    objects.sort_by_key(|object| (object.key.span_ms(), object.bytes));
    for object in objects {
        let Some(lines) = archive.get(&object.key).await? else { continue };
        for line in lines.lines().filter(|line| line.contains(record.webhook_id())) {
            let event: ArchivedEvent<'_> =
                serde_json::from_str(line).map_err(|_| ArchiveError::Damaged(object.key.to_string()))?;
            if event.webhook_id == record.webhook_id() && event.generation == record.key.generation {
                return Ok(ArchivedCopy::of(event));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{cell::Cell, time::Duration};

    use weir_core::{
        WebhookId,
        envelope::{self, Envelope, Meta},
    };

    use super::super::fixtures::record;
    use super::*;

    const SHOP: &str = "north.myshopify.com";
    const MINUTE: Duration = Duration::from_secs(60);

    /// Objects, and how many requests were made.
    #[derive(Default)]
    pub(crate) struct Memory {
        objects: Vec<(ObjectKey, String)>,
        pub(crate) requests: Cell<usize>,
    }

    impl Memory {
        /// Stores an object of these events: their ids, and when they were received.
        pub(crate) fn store(&mut self, events: &[(&str, UnixMillis)]) {
            let lines = events.iter().map(|(id, received_at)| line(id, *received_at)).collect();
            let times = || events.iter().map(|(_, at)| *at);
            let (first, last) = (times().min().unwrap(), times().max().unwrap());
            let batch = self.objects.len().to_string();
            self.objects.push((ObjectKey { shop: EventShop::from_stored(SHOP), first, last, batch }, lines));
        }
    }

    impl Archive for Memory {
        async fn list(&self, prefix: &str) -> Result<Vec<ListedObject>, CallError> {
            self.requests.set(self.requests.get() + 1);
            let of_prefix = self.objects.iter().filter(|(key, _)| key.to_string().starts_with(prefix));
            Ok(of_prefix.map(|(key, lines)| ListedObject { key: key.clone(), bytes: lines.len() as u64 }).collect())
        }

        async fn get(&self, key: &ObjectKey) -> Result<Option<String>, ArchiveError> {
            self.requests.set(self.requests.get() + 1);
            Ok(self.objects.iter().find(|(of, _)| of == key).map(|(_, lines)| lines.clone()))
        }
    }

    fn line(id: &str, received_at: UnixMillis) -> String {
        let body = format!("{{\"id\":\"{id}\"}}");
        let meta = Meta { received_at, ..Meta::sample(id, body.as_bytes()) };
        let message = envelope::seal(&meta, body.as_bytes()).unwrap();
        ArchivedEvent::line(&Envelope::parse(&message).unwrap()).unwrap()
    }

    async fn found(archive: &Memory, record: &Record) -> Option<String> {
        match find(archive, record).await.unwrap()?.body {
            ArchivedBody::Here(body) => Some(String::from_utf8(body).unwrap()),
            ArchivedBody::At(reference) => panic!("{reference}"),
        }
    }

    #[tokio::test]
    async fn event_is_found_by_a_list_and_the_one_object_of_its_minute() {
        let (mut archive, record) = (Memory::default(), record());
        let at = record.received_at;
        for minute in 0..50 {
            let begin = at + MINUTE * minute;
            archive.store(&[("other", begin), (if minute == 0 { "1" } else { "another" }, begin)]);
        }
        assert_eq!(found(&archive, &record).await.as_deref(), Some("{\"id\":\"1\"}"));
        assert_eq!(archive.requests.get(), 2);
    }

    #[tokio::test]
    async fn object_with_a_late_retry_is_read_last() {
        let (mut archive, record) = (Memory::default(), record());
        let at = record.received_at;
        archive.store(&[("late", at - MINUTE), ("10", at + MINUTE * 40)]);
        archive.store(&[("1", at), ("10", at)]);
        assert_eq!(found(&archive, &record).await.as_deref(), Some("{\"id\":\"1\"}"));
        assert_eq!(archive.requests.get(), 2);
    }

    #[tokio::test]
    async fn event_that_was_published_from_a_later_delivery_is_found_in_its_hour() {
        let (mut archive, mut record) = (Memory::default(), record());
        let later = record.received_at + MINUTE * 70;
        archive.store(&[("1", later)]);
        assert_eq!(found(&archive, &record).await, None);
        record.webhook_id = WebhookId::parse("1");
        record.last_webhook_id = WebhookId::parse("2");
        record.updated_at = later + MINUTE;
        assert_eq!(found(&archive, &record).await.as_deref(), Some("{\"id\":\"1\"}"));
    }

    #[tokio::test]
    async fn other_generation_and_an_unknown_event_are_not_found() {
        let (mut archive, mut record) = (Memory::default(), record());
        archive.store(&[("1", record.received_at)]);
        record.key.generation = 1;
        assert_eq!(found(&archive, &record).await, None);
        assert_eq!(found(&Memory::default(), &record).await, None);
    }
}
