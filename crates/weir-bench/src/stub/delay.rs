//! Waiting to the tenth of a millisecond: tokio's own timer rounds up to whole ones, and five are to be five.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

/// A thread that ends waits in their order. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Delays {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    waits: BinaryHeap<Reverse<Wait>>,
    is_over: bool,
}

#[derive(Debug)]
struct Wait {
    until: Instant,
    ends: oneshot::Sender<()>,
}

impl Delays {
    pub(super) fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || theirs.run());
        Self { shared }
    }

    /// Returns after this time, counted from `since`.
    pub(super) async fn wait(&self, since: Instant, time: Duration) {
        if time.is_zero() {
            return;
        }
        let (ends, ended) = oneshot::channel();
        self.shared.change(|queue| queue.waits.push(Reverse(Wait { until: since + time, ends })));
        // The thread is gone only when the stub is.
        drop(ended.await);
    }
}

impl Drop for Delays {
    fn drop(&mut self) {
        self.shared.change(|queue| queue.is_over = true);
    }
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut Queue)) {
        change(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_one();
    }

    fn run(&self) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        while !queue.is_over {
            let now = Instant::now();
            let next = queue.waits.peek().map(|Reverse(wait)| wait.until);
            queue = match next {
                Some(until) if until <= now => {
                    if let Some(Reverse(wait)) = queue.waits.pop() {
                        // Who waited may have gone away.
                        let _ = wait.ends.send(());
                    }
                    queue
                }
                Some(until) => self.changed.wait_timeout(queue, until - now).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl PartialEq for Wait {
    fn eq(&self, other: &Self) -> bool {
        self.until == other.until
    }
}

impl Eq for Wait {}

impl PartialOrd for Wait {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Wait {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.until.cmp(&other.until)
    }
}
