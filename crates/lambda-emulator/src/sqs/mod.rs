//! An event source mapping of an SQS queue, as Lambda has it.

mod event;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_sqs::{
    Client,
    types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName},
};
use aws_types::SdkConfig;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{Environment, Function, InvokeError, StartError};

/// Lambda's largest batch without a batching window.
const BATCH: i32 = 10;

/// How long a receive waits for a message.
const LONG_POLL_S: i32 = 1;

/// So many starts in a row may fail: then it is not chance.
const STARTS: u32 = 5;

/// After something failed that should not.
const PAUSE: Duration = Duration::from_millis(200);

/// Reads one queue, and hands what it receives to processes of one function.
pub struct SqsSource {
    client: Client,
    queue_url: String,
    arn: String,
    function: Function,
    visibility: Duration,
    doom: Box<Doom>,
    counts: Mutex<SourceCounts>,
}

/// When the next invocation is to be killed, counted from its begin; `None` lets it live.
type Doom = dyn Fn(&SourceCounts) -> Option<Duration> + Send + Sync;

/// What a source did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// Invocations begun.
    pub invocations: u64,
    /// Processes started.
    pub processes: u64,
    /// Invocations that were killed on purpose.
    pub kills: u64,
    /// Invocations that took too long.
    pub time_outs: u64,
    /// Invocations that ended otherwise without an answer.
    pub failures: u64,
    /// Messages that were handed over.
    pub messages: u64,
    /// Messages that were reported as failed.
    pub item_failures: u64,
    /// Invocations that were answered.
    pub answered: u64,
    /// What these took, all together.
    pub answered_in: Duration,
}

impl std::iter::Sum for SourceCounts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |a, b| Self {
            invocations: a.invocations + b.invocations,
            processes: a.processes + b.processes,
            kills: a.kills + b.kills,
            time_outs: a.time_outs + b.time_outs,
            failures: a.failures + b.failures,
            messages: a.messages + b.messages,
            item_failures: a.item_failures + b.item_failures,
            answered: a.answered + b.answered,
            answered_in: a.answered_in + b.answered_in,
        })
    }
}

impl SqsSource {
    /// A source for this queue. A message stays hidden for `visibility` when it is received: that is when it comes back
    /// after its process was killed, so it must exceed the function's time-out.
    #[must_use]
    pub fn new(aws: &SdkConfig, queue_url: String, function: Function, visibility: Duration) -> Self {
        let name = queue_url.rsplit('/').next().unwrap_or_default();
        Self {
            client: Client::new(aws),
            arn: format!("arn:aws:sqs:us-east-1:000000000000:{name}"),
            queue_url,
            function,
            visibility,
            doom: Box::new(|_| None),
            counts: Mutex::default(),
        }
    }

    /// Asks `doom` at the begin of each invocation when its process is to be killed, if at all.
    #[must_use]
    pub fn doomed_by(mut self, doom: impl Fn(&SourceCounts) -> Option<Duration> + Send + Sync + 'static) -> Self {
        self.doom = Box::new(doom);
        self
    }

    /// What it did so far.
    #[must_use]
    pub fn counts(&self) -> SourceCounts {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count<T>(&self, count: impl FnOnce(&mut SourceCounts) -> T) -> T {
        count(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the queue with so many processes at once until this future is dropped; then they are killed.
    ///
    /// # Errors
    /// When processes can't be started, several times in a row.
    pub async fn run(self: Arc<Self>, concurrency: usize) -> Result<Infallible, StartError> {
        let mut slots = JoinSet::new();
        for _ in 0..concurrency.max(1) {
            let source = Arc::clone(&self);
            slots.spawn(async move { source.slot().await });
        }
        loop {
            match slots.join_next().await {
                Some(Ok(ended)) => return ended,
                // A panic was printed; the slot is given up.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// One process after the other; each runs until it is gone.
    async fn slot(&self) -> Result<Infallible, StartError> {
        let mut failed = 0;
        loop {
            let number = self.count(|counts| {
                counts.processes += 1;
                counts.processes
            });
            match Environment::start(&self.function, number).await {
                Ok(mut environment) => {
                    failed = 0;
                    while self.batch(&mut environment).await {}
                }
                Err(error) => {
                    failed += 1;
                    if failed == STARTS {
                        return Err(error);
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Whether the process can go on.
    async fn batch(&self, environment: &mut Environment) -> bool {
        let Some(messages) = self.receive().await else {
            sleep(PAUSE).await;
            return true;
        };
        if messages.is_empty() {
            return true;
        }
        let doom = self.count(|counts| {
            counts.invocations += 1;
            counts.messages += messages.len() as u64;
            (self.doom)(counts)
        });
        let death = async move {
            match doom {
                Some(after) => sleep(after).await,
                None => std::future::pending().await,
            }
        };
        let began = Instant::now();
        match environment.invoke_until(event::write(&messages, &self.arn), death).await {
            Ok(response) => {
                let done = event::acknowledged(&messages, &response);
                self.count(|counts| {
                    counts.answered += 1;
                    counts.answered_in += began.elapsed();
                    counts.item_failures += (messages.len() - done.len()) as u64;
                });
                self.delete(&done).await;
                true
            }
            Err(error) => {
                self.count(|counts| match error {
                    InvokeError::Killed => counts.kills += 1,
                    InvokeError::TimedOut(_) => counts.time_outs += 1,
                    InvokeError::Died { .. } | InvokeError::Failed(_) => counts.failures += 1,
                });
                error.goes_on()
            }
        }
    }

    /// `None` if the queue did not answer.
    async fn receive(&self) -> Option<Vec<Message>> {
        let request = self.client.receive_message().queue_url(&self.queue_url).max_number_of_messages(BATCH);
        let request = request
            .visibility_timeout(i32::try_from(self.visibility.as_secs()).unwrap_or(i32::MAX))
            .wait_time_seconds(LONG_POLL_S)
            .message_system_attribute_names(MessageSystemAttributeName::All);
        Some(request.send().await.ok()?.messages.unwrap_or_default())
    }

    /// What can't be deleted comes again: delivery is at least once.
    async fn delete(&self, messages: &[&Message]) {
        if messages.is_empty() {
            return;
        }
        let entry = |(index, message): (usize, &&Message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string());
            entry.set_receipt_handle(message.receipt_handle.clone()).build().ok()
        };
        let entries = messages.iter().enumerate().filter_map(entry).collect();
        drop(self.client.delete_message_batch().queue_url(&self.queue_url).set_entries(Some(entries)).send().await);
    }
}

impl std::fmt::Debug for SqsSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SqsSource({} for {})", self.queue_url, self.function.name)
    }
}
