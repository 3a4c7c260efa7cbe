//! What weir takes for granted of SQS, case by case: of the real wire and of a simulated queue alike.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// A message as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Stays the same over receives.
    pub id: String,
    /// Names this receive.
    pub receipt: String,
    /// The body.
    pub body: String,
    /// The message group.
    pub group: String,
    /// How often it was received, this time included.
    pub receives: u32,
}

/// An empty queue with a DLQ, a visibility time-out of [`VISIBILITY`] and [`MAX_RECEIVES`].
pub trait QueueUnderTest {
    /// Sends a message.
    fn send(&self, body: &str, group: &str, delay: Duration) -> impl Future<Output = ()>;
    /// Up to ten messages, without waiting for any.
    fn receive(&self) -> impl Future<Output = Vec<Taken>>;
    /// Deletes a message.
    fn delete(&self, receipt: &str) -> impl Future<Output = ()>;
    /// Makes a message visible after a delay.
    fn change_visibility(&self, receipt: &str, delay: Duration) -> impl Future<Output = ()>;
    /// The bodies on the DLQ.
    fn dead(&self) -> impl Future<Output = Vec<String>>;
}

/// The visibility time-out of a queue under test.
pub const VISIBILITY: Duration = Duration::from_secs(3);

/// How often it is received before it goes to the DLQ.
pub const MAX_RECEIVES: u32 = 2;

/// How long anything is waited for, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(300);

/// Longer than anything is waited for.
const NEVER: Duration = Duration::from_secs(3_600);

/// SQS counts whole seconds, from its own clock's: a delay of two may be over a little early.
const EARLY: Duration = Duration::from_millis(1_050);

/// Runs every case, one after another, each on what the one before left empty.
pub async fn cases<Q: QueueUnderTest>(queue: &Q) {
    what_is_received_is_hidden_comes_back_and_ends_on_the_dlq(queue).await;
    what_is_delayed_comes_no_earlier(queue).await;
    visibility_can_be_shortened_and_prolonged(queue).await;
    what_is_deleted_never_comes_again(queue).await;
}

async fn what_is_received_is_hidden_comes_back_and_ends_on_the_dlq<Q: QueueUnderTest>(queue: &Q) {
    queue.send("a", "north", Duration::ZERO).await;
    let (first, asked) = next(queue).await;
    assert_eq!((first.body.as_str(), first.group.as_str(), first.receives), ("a", "north", 1));
    let (second, _) = next(queue).await;
    assert!(asked.elapsed() + EARLY >= VISIBILITY, "hidden for {:?}", asked.elapsed());
    assert_eq!((&second.id, second.receives), (&first.id, 2));
    assert_ne!(second.receipt, first.receipt);
    // Received as often as it may be: it comes no more.
    let end = Instant::now() + PATIENCE;
    loop {
        assert_eq!(queue.receive().await, []);
        let dead = queue.dead().await;
        if dead == ["a"] {
            return;
        }
        assert!(dead.is_empty() && Instant::now() < end, "on the DLQ: {dead:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

async fn what_is_delayed_comes_no_earlier<Q: QueueUnderTest>(queue: &Q) {
    // Long enough that the other one comes first even where each request takes a second.
    let delay = Duration::from_secs(8);
    let sent = Instant::now();
    queue.send("b", "north", delay).await;
    queue.send("c", "south", Duration::ZERO).await;
    let (other, _) = next(queue).await;
    assert_eq!(other.body, "c", "one that is delayed holds up no other");
    queue.delete(&other.receipt).await;
    let (delayed, _) = next(queue).await;
    assert!(sent.elapsed() + EARLY >= delay, "delayed for {:?}", sent.elapsed());
    assert_eq!((delayed.body.as_str(), delayed.group.as_str(), delayed.receives), ("b", "north", 1));
    queue.delete(&delayed.receipt).await;
}

async fn visibility_can_be_shortened_and_prolonged<Q: QueueUnderTest>(queue: &Q) {
    queue.send("d", "north", Duration::ZERO).await;
    let (first, _) = next(queue).await;
    queue.change_visibility(&first.receipt, NEVER).await;
    queue.change_visibility(&first.receipt, Duration::ZERO).await;
    let (second, _) = next(queue).await;
    assert_eq!((second.id, second.receives), (first.id, 2));
    queue.delete(&second.receipt).await;
    queue.send("e", "north", Duration::ZERO).await;
    let (first, _) = next(queue).await;
    let changed = Instant::now();
    queue.change_visibility(&first.receipt, VISIBILITY * 2).await;
    let (second, _) = next(queue).await;
    assert!(changed.elapsed() + EARLY >= VISIBILITY * 2, "came back after {:?}", changed.elapsed());
    queue.delete(&second.receipt).await;
}

async fn what_is_deleted_never_comes_again<Q: QueueUnderTest>(queue: &Q) {
    queue.send("f", "north", Duration::ZERO).await;
    let (taken, _) = next(queue).await;
    queue.delete(&taken.receipt).await;
    let end = Instant::now() + VISIBILITY * 2;
    while Instant::now() < end {
        assert_eq!(queue.receive().await, []);
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(queue.dead().await, ["a"], "nothing but what the first case left there");
}

/// The next message, which must be alone, and when it was asked for: its time out of sight begins after that, however late
/// the answer comes.
async fn next<Q: QueueUnderTest>(queue: &Q) -> (Taken, Instant) {
    let end = Instant::now() + PATIENCE;
    loop {
        let asked = Instant::now();
        let mut taken = queue.receive().await;
        match (taken.pop(), taken.is_empty()) {
            (Some(message), true) => return (message, asked),
            (message, _) => assert!(message.is_none(), "more than one: {message:?}, {taken:?}"),
        }
        assert!(Instant::now() < end, "nothing came");
        sleep(Duration::from_millis(50)).await;
    }
}
