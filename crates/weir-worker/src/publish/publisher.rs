//! Gathers the events of a batch into as few `PutEvents` calls as fit.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::{AbortHandle, JoinSet},
    time::{Instant, timeout_at},
};
use weir_aws::Entry;
use weir_consumer::EffectDeadline;
use weir_core::Failure;

use super::Publish;

/// EventBridge takes so many entries a call.
const MAX_ENTRIES_PER_CALL: usize = 10;

/// How long a gathered event waits for those still being handled: a slow handler holds up nobody.
const LINGER_TIMEOUT: Duration = Duration::from_millis(50);

type Waiting = (Entry, oneshot::Sender<Result<(), Failure>>);

/// Gives each message a handle. While one is in use, a short wait may save a call; once all have published or were
/// dropped, nothing is waited for.
pub(super) struct Publisher {
    sender: mpsc::UnboundedSender<Waiting>,
    task: PublisherTask,
}

/// The publisher gathers while this is held, and no longer: Lambda freezes what runs on after the batch was answered,
/// and would let it publish in the next invocation, under leases that ended.
pub struct PublisherTask(AbortHandle);

impl Drop for PublisherTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The right to publish one event.
pub struct PublishHandle {
    sender: mpsc::UnboundedSender<Waiting>,
}

impl Publisher {
    /// Starts gathering; publishes nothing after `deadline`.
    pub(super) fn start<B: Publish>(bus: Arc<B>, deadline: EffectDeadline) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let task = PublisherTask(tokio::spawn(gather(bus, receiver, deadline)).abort_handle());
        Self { sender, task }
    }

    /// A handle for one message.
    pub(super) fn handle(&self) -> PublishHandle {
        PublishHandle { sender: self.sender.clone() }
    }

    /// No more handles: once those that were given are used or dropped, nothing is waited for.
    pub(super) fn close(self) -> PublisherTask {
        self.task
    }
}

impl PublishHandle {
    /// Returns once EventBridge has the event, or refused it.
    pub async fn publish(self, entry: Entry) -> Result<(), Failure> {
        let (reply, result) = oneshot::channel();
        let gone = |_| Failure::transient("the publisher is gone");
        self.sender.send((entry, reply)).map_err(|_| Failure::transient("the publisher is gone"))?;
        // The handle is dropped before the wait, not after it: the publisher may have nothing left to wait for.
        drop(self.sender);
        result.await.map_err(gone)?
    }
}

async fn gather<B: Publish>(bus: Arc<B>, mut receiver: mpsc::UnboundedReceiver<Waiting>, deadline: EffectDeadline) {
    let mut calls = JoinSet::new();
    while let Some(first) = receiver.recv().await {
        let until = Instant::now() + LINGER_TIMEOUT;
        let mut gathered = vec![first];
        while gathered.len() < MAX_ENTRIES_PER_CALL {
            match timeout_at(until, receiver.recv()).await {
                Ok(Some(next)) => gathered.push(next),
                // All handles are dropped, or the time is up.
                Ok(None) | Err(_) => break,
            }
        }
        calls.spawn(publish(bus.clone(), gathered, deadline));
    }
    calls.join_all().await;
}

async fn publish<B: Publish>(bus: Arc<B>, gathered: Vec<Waiting>, deadline: EffectDeadline) {
    let (entries, replies): (Vec<_>, Vec<_>) = gathered.into_iter().unzip();
    // When the time is up, those who wait know it by their own clock.
    let Ok(results) = deadline.run(bus.publish(entries)).await else { return };
    for (reply, result) in replies.into_iter().zip(results) {
        // Nobody waits any more if the message was abandoned at the deadline: it comes back.
        drop(reply.send(result));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Remembers how many entries each call had, and refuses topics named so.
    #[derive(Default)]
    struct Recorder(Mutex<Vec<usize>>);

    impl Publish for Recorder {
        async fn publish(&self, entries: Vec<Entry>) -> Vec<Result<(), Failure>> {
            self.0.lock().unwrap().push(entries.len());
            let refuse = |entry: &Entry| entry.topic == "refused";
            entries.iter().map(|e| if refuse(e) { Err(Failure::transient("no")) } else { Ok(()) }).collect()
        }
    }

    fn in_ten_seconds() -> EffectDeadline {
        let clock = resilience::Clock::starting_at(weir_core::UnixMillis(0));
        EffectDeadline::new(clock, weir_core::UnixMillis(10_000), Duration::from_secs(10))
    }

    fn entry(topic: &str) -> Entry {
        Entry { topic: topic.into(), detail: "{}".into(), xray: None }
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_shares_one_call_and_waits_for_no_clock() {
        let bus = Arc::new(Recorder::default());
        let publisher = Publisher::start(bus.clone(), in_ten_seconds());
        let handles: Vec<PublishHandle> = (0..10).map(|_| publisher.handle()).collect();
        let _task = publisher.close();
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for (index, handle) in handles.into_iter().enumerate() {
            // One gives up, the others take their time.
            if index > 0 {
                tasks.spawn(async move {
                    tokio::time::sleep(Duration::from_millis(index as u64)).await;
                    handle.publish(entry(if index == 5 { "refused" } else { "a/b" })).await
                });
            }
        }
        let results = tasks.join_all().await;
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1);
        assert_eq!(*bus.0.lock().unwrap(), [9]);
        assert_eq!(begun.elapsed(), Duration::from_millis(9));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_handler_holds_up_nobody() {
        let bus = Arc::new(Recorder::default());
        let publisher = Publisher::start(bus.clone(), in_ten_seconds());
        let (quick, slow) = (publisher.handle(), publisher.handle());
        let _task = publisher.close();
        let begun = Instant::now();
        assert_eq!(quick.publish(entry("a/b")).await, Ok(()));
        assert_eq!(begun.elapsed(), LINGER_TIMEOUT);
        assert_eq!(slow.publish(entry("a/b")).await, Ok(()));
        assert_eq!(*bus.0.lock().unwrap(), [1, 1]);
    }

    /// Takes its time, and counts what it began and ended.
    #[derive(Default)]
    struct Slow(Mutex<(u32, u32)>);

    impl Publish for Slow {
        async fn publish(&self, entries: Vec<Entry>) -> Vec<Result<(), Failure>> {
            self.0.lock().unwrap().0 += 1;
            tokio::time::sleep(Duration::from_secs(5)).await;
            self.0.lock().unwrap().1 += 1;
            vec![Ok(()); entries.len()]
        }
    }

    #[tokio::test(start_paused = true)]
    async fn publisher_stops_when_the_batch_is_answered() {
        let bus = Arc::new(Slow::default());
        let publisher = Publisher::start(bus.clone(), in_ten_seconds());
        let handle = publisher.handle();
        let task = publisher.close();
        let waiting = tokio::spawn(handle.publish(entry("a/b")));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(*bus.0.lock().unwrap(), (1, 0), "under way");
        drop(task);
        assert!(waiting.await.unwrap().is_err());
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(*bus.0.lock().unwrap(), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn publisher_stops_before_leases_end() {
        let bus = Arc::new(Slow::default());
        let publisher = Publisher::start(bus.clone(), in_ten_seconds());
        let (early, late) = (publisher.handle(), publisher.handle());
        let _task = publisher.close();
        assert_eq!(early.publish(entry("a/b")).await, Ok(()));
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(late.publish(entry("a/b")).await.is_err());
        assert_eq!(*bus.0.lock().unwrap(), (1, 1));
    }
}
