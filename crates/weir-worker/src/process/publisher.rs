//! Gathers the events of a batch into as few `PutEvents` calls as fit.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::{AbortHandle, JoinSet},
    time::{Instant, timeout_at},
};
use weir_aws::Entry;
use weir_core::Failure;

use super::EffectsEnd;
use crate::outside::Publish;

/// EventBridge takes so many entries a call.
const MAX_ENTRIES: usize = 10;

/// How long a gathered event waits for those still being handled: a slow handler holds up nobody.
const LINGER: Duration = Duration::from_millis(50);

type Waiting = (Entry, oneshot::Sender<Result<(), Failure>>);

/// Hands out seats, one a message. While any is taken, a little patience may save a call; once all have
/// published or were given up, nothing is waited for.
pub struct Publisher {
    sender: mpsc::UnboundedSender<Waiting>,
    gathering: Gathering,
}

/// The gathering goes on while this is held, and no longer: Lambda freezes what runs on after the batch was answered,
/// and would let it publish in the next invocation, under leases that ended.
pub struct Gathering(AbortHandle);

impl Drop for Gathering {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The right to publish one event.
pub struct Seat {
    sender: mpsc::UnboundedSender<Waiting>,
}

impl Publisher {
    /// Starts gathering; publishes nothing after `end`.
    pub fn start<B: Publish>(bus: Arc<B>, end: EffectsEnd) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let gathering = Gathering(tokio::spawn(gather(bus, receiver, end)).abort_handle());
        Self { sender, gathering }
    }

    /// A seat for one message.
    pub fn seat(&self) -> Seat {
        Seat { sender: self.sender.clone() }
    }

    /// No more seats: once those that were handed out are used or given up, nothing is waited for.
    pub fn seated(self) -> Gathering {
        self.gathering
    }
}

impl Seat {
    /// Returns once EventBridge has the event, or refused it.
    pub async fn publish(self, entry: Entry) -> Result<(), Failure> {
        let (reply, result) = oneshot::channel();
        let gone = |_| Failure::transient("the publisher is gone");
        self.sender.send((entry, reply)).map_err(|_| Failure::transient("the publisher is gone"))?;
        // The seat is given up before the wait, not after it: the publisher may wait for nobody now.
        drop(self.sender);
        result.await.map_err(gone)?
    }
}

async fn gather<B: Publish>(bus: Arc<B>, mut receiver: mpsc::UnboundedReceiver<Waiting>, end: EffectsEnd) {
    let mut calls = JoinSet::new();
    while let Some(first) = receiver.recv().await {
        let until = Instant::now() + LINGER;
        let mut gathered = vec![first];
        while gathered.len() < MAX_ENTRIES {
            match timeout_at(until, receiver.recv()).await {
                Ok(Some(next)) => gathered.push(next),
                // All seats are given up, or the patience is.
                Ok(None) | Err(_) => break,
            }
        }
        calls.spawn(publish(bus.clone(), gathered, end));
    }
    calls.join_all().await;
}

async fn publish<B: Publish>(bus: Arc<B>, gathered: Vec<Waiting>, end: EffectsEnd) {
    let (entries, replies): (Vec<_>, Vec<_>) = gathered.into_iter().unzip();
    // When the time is up, those who wait know it by their own clock.
    let Ok(results) = end.run(bus.publish(entries)).await else { return };
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

    fn in_ten_seconds() -> EffectsEnd {
        let clock = resilience::Clock::starting_at(weir_core::UnixMillis(0));
        EffectsEnd::new(clock, weir_core::UnixMillis(10_000), Duration::from_secs(10))
    }

    fn entry(topic: &str) -> Entry {
        Entry { topic: topic.into(), detail: "{}".into(), xray: None }
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_shares_one_call_and_waits_for_no_clock() {
        let bus = Arc::new(Recorder::default());
        let publisher = Publisher::start(bus.clone(), in_ten_seconds());
        let seats: Vec<Seat> = (0..10).map(|_| publisher.seat()).collect();
        let _gathering = publisher.seated();
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for (index, seat) in seats.into_iter().enumerate() {
            // One gives up, the others take their time.
            if index > 0 {
                tasks.spawn(async move {
                    tokio::time::sleep(Duration::from_millis(index as u64)).await;
                    seat.publish(entry(if index == 5 { "refused" } else { "a/b" })).await
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
        let (quick, slow) = (publisher.seat(), publisher.seat());
        let _gathering = publisher.seated();
        let begun = Instant::now();
        assert_eq!(quick.publish(entry("a/b")).await, Ok(()));
        assert_eq!(begun.elapsed(), LINGER);
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
    async fn nothing_is_published_after_the_batch_was_answered() {
        let bus = Arc::new(Slow::default());
        let publisher = Publisher::start(bus.clone(), in_ten_seconds());
        let seat = publisher.seat();
        let gathering = publisher.seated();
        let waiting = tokio::spawn(seat.publish(entry("a/b")));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(*bus.0.lock().unwrap(), (1, 0), "under way");
        drop(gathering);
        assert!(waiting.await.unwrap().is_err());
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(*bus.0.lock().unwrap(), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_published_when_the_leases_are_about_to_end() {
        let bus = Arc::new(Slow::default());
        let publisher = Publisher::start(bus.clone(), in_ten_seconds());
        let (early, late) = (publisher.seat(), publisher.seat());
        let _gathering = publisher.seated();
        assert_eq!(early.publish(entry("a/b")).await, Ok(()));
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(late.publish(entry("a/b")).await.is_err());
        assert_eq!(*bus.0.lock().unwrap(), (1, 1));
    }
}
