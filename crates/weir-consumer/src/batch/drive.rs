//! Runs the messages of one batch.

use std::{collections::HashMap, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::Verdict;

/// When the invocation ends, and what must be over before.
#[derive(Debug, Clone, Copy)]
pub struct BatchDeadline {
    /// Lambda stops the function then.
    pub end: Instant,
}

impl BatchDeadline {
    /// No message is begun so shortly before the end.
    const BEGIN_MARGIN: Duration = Duration::from_secs(5);
    /// What is still running is abandoned, so that the batch can be answered.
    const ANSWER_MARGIN: Duration = Duration::from_secs(1);

    /// The deadline of an invocation that has `remaining` left.
    pub fn after(remaining: Duration) -> Self {
        Self { end: Instant::now() + remaining }
    }

    /// Whether a message may still be begun.
    fn may_begin(&self) -> bool {
        Instant::now() + Self::BEGIN_MARGIN < self.end
    }
}

/// Runs each message's future, at most `max_concurrency` at a time, and gives every message (here whatever stands for
/// it) a verdict, in order.
///
/// A panic fails its message alone. Messages that were not begun in time, and those that are still running
/// when the batch must be answered, are to be retried.
pub async fn drive<T, F>(messages: Vec<(T, F)>, max_concurrency: usize, deadline: BatchDeadline) -> Vec<(T, Verdict)>
where
    F: Future<Output = Verdict> + Send + 'static,
{
    let mut verdicts: Vec<(T, Verdict)> = Vec::with_capacity(messages.len());
    let mut running = JoinSet::new();
    let mut index_of = HashMap::new();
    let mut waiting = messages.into_iter();
    let mut begin = |running: &mut JoinSet<Verdict>, verdicts: &mut Vec<(T, Verdict)>| {
        if let Some((message, future)) = waiting.next() {
            if deadline.may_begin() {
                index_of.insert(running.spawn(future).id(), verdicts.len());
            }
            verdicts.push((message, Verdict::Retry));
            return true;
        }
        false
    };
    while running.len() < max_concurrency.max(1) && begin(&mut running, &mut verdicts) {}
    let mut ended = Vec::new();
    while let Ok(Some(result)) =
        timeout_at(deadline.end - BatchDeadline::ANSWER_MARGIN, running.join_next_with_id()).await
    {
        match result {
            Ok(done) => ended.push(done),
            // The panic hook logged the place.
            Err(error) => tracing::error!(panicked = error.is_panic(), "A message was abandoned"),
        }
        while running.len() < max_concurrency.max(1) && begin(&mut running, &mut verdicts) {}
    }
    running.abort_all();
    // Whatever the deadline left unbegun.
    while begin(&mut running, &mut verdicts) {}
    for (id, verdict) in ended {
        if let Some(index) = index_of.get(&id) {
            verdicts[*index].1 = verdict;
        }
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use super::*;

    type Job = Pin<Box<dyn Future<Output = Verdict> + Send>>;

    async fn run(jobs: Vec<Job>, max_concurrency: usize, seconds: u64) -> Vec<Verdict> {
        let messages = jobs.into_iter().enumerate().collect();
        let verdicts = drive(messages, max_concurrency, BatchDeadline::after(Duration::from_secs(seconds))).await;
        assert!(verdicts.iter().enumerate().all(|(index, (message, _))| index == *message));
        verdicts.into_iter().map(|(_, verdict)| verdict).collect()
    }

    fn after(seconds: u64, verdict: Verdict) -> Job {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            verdict
        })
    }

    fn counted(begun: &Arc<AtomicUsize>, job: Job) -> Job {
        let begun = begun.clone();
        Box::pin(async move {
            begun.fetch_add(1, Ordering::SeqCst);
            job.await
        })
    }

    #[tokio::test(start_paused = true)]
    async fn messages_run_at_once_and_keep_their_verdicts() {
        let begun = Instant::now();
        let later = Verdict::RetryAfter(Duration::from_secs(9));
        let jobs = vec![after(4, Verdict::Acknowledge), after(2, later), after(3, Verdict::Acknowledge)];
        assert_eq!(run(jobs, 10, 30).await, [Verdict::Acknowledge, later, Verdict::Acknowledge]);
        assert_eq!(begun.elapsed(), Duration::from_secs(4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_fails_its_message_alone() {
        let panic: Job = Box::pin(async { panic!("on purpose") });
        let jobs = vec![after(1, Verdict::Acknowledge), panic, after(1, Verdict::Acknowledge)];
        assert_eq!(run(jobs, 10, 30).await, [Verdict::Acknowledge, Verdict::Retry, Verdict::Acknowledge]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_run_at_once_than_allowed() {
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let jobs = (0..20).map(|_| {
            let (running, most) = (running.clone(), most.clone());
            Box::pin(async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                Verdict::Acknowledge
            }) as Job
        });
        assert_eq!(run(jobs.collect(), 4, 30).await, [Verdict::Acknowledge; 20]);
        assert_eq!(most.load(Ordering::SeqCst), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn close_to_the_deadline_nothing_new_is_begun_and_the_rest_is_retried() {
        // Ten seconds, four a message, one at a time: the second begins at 4 s, a third would at 8 s.
        let begun = Arc::new(AtomicUsize::new(0));
        let jobs = (0..4).map(|_| counted(&begun, after(4, Verdict::Acknowledge))).collect();
        let (done, rest) = (Verdict::Acknowledge, Verdict::Retry);
        assert_eq!(run(jobs, 1, 10).await, [done, done, rest, rest]);
        assert_eq!(begun.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_batch_is_answered_in_time_though_a_message_never_ends() {
        let begun = Instant::now();
        let jobs = vec![Box::pin(std::future::pending()) as Job, after(1, Verdict::Acknowledge)];
        assert_eq!(run(jobs, 10, 30).await, [Verdict::Retry, Verdict::Acknowledge]);
        assert_eq!(begun.elapsed(), Duration::from_secs(29));
    }

    #[tokio::test(start_paused = true)]
    async fn an_invocation_without_time_begins_nothing_and_retries_everything() {
        let begun = Arc::new(AtomicUsize::new(0));
        assert_eq!(run(vec![counted(&begun, after(0, Verdict::Acknowledge))], 10, 4).await, [Verdict::Retry]);
        assert_eq!(begun.load(Ordering::SeqCst), 0);
    }
}
