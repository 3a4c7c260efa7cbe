//! One invocation: a batch of changes in, one message out.

use std::{fmt, sync::Arc};

use aws_lambda_events::sqs::SqsEvent;
use resilience::{
    SharedState,
    shared::{self, Change as Write, SharedStateError},
};
use tokio::time::Instant;
use weir_core::UnixMillis;

use crate::{
    alarm::{Change, NoAlarm},
    alarm_state::{AlarmStates, KEPT, Notification},
    message,
    slack::{NoWebhookUrl, PostError, Slack, WebhookUrl},
};

/// The document of what was told.
const DOCUMENT: &str = "alarms/told";

/// A batch was not told: all of it comes back.
#[derive(Debug, thiserror::Error)]
pub enum NotTold {
    /// The address can't be read.
    #[error("the secret of the Slack webhook can't be fetched: {0}")]
    Secret(String),
    /// It is none.
    #[error(transparent)]
    Url(#[from] NoWebhookUrl),
    /// Slack did not take the message.
    #[error(transparent)]
    Slack(#[from] PostError),
}

/// Made once in `main`, borrowed by every invocation.
pub struct Notifier {
    /// The stack's name.
    pub stack: String,
    /// Where people read the runbook.
    pub runbook_url: Option<String>,
    /// Where it is kept what was told.
    pub state: Arc<dyn SharedState>,
    /// Who tells.
    pub slack: Slack,
}

impl Notifier {
    /// Tells of a batch by one message, or of nothing if all of it was told. `end` is when the invocation must have ended.
    ///
    /// What was told is written afterwards: a crash in between tells twice, rather than not at all. For the same reason
    /// everything is told while the document can't be read.
    ///
    /// # Errors
    /// When Slack did not take the message.
    pub async fn handle(
        &self,
        event: &SqsEvent,
        webhook: &WebhookUrl,
        now: UnixMillis,
        end: Instant,
    ) -> Result<(), NotTold> {
        let bodies = event.records.iter().map(|record| record.body.as_deref().unwrap_or_default());
        let read: Vec<_> = bodies.map(|body| Change::read(body, &self.stack)).collect();
        let (changes, others) = (in_time(&read), read.iter().filter(|read| read.is_err()).count());

        let mut told = shared::peek::<AlarmStates>(&*self.state, DOCUMENT)
            .await
            .unwrap_or_else(|error| {
                unremembered(&error);
                None
            })
            .unwrap_or_default();
        let mut tellings = told_how(&mut told, &changes, now);
        tellings.retain(|(_, telling)| *telling != Notification::Suppressed);
        if tellings.is_empty() && others == 0 {
            tracing::info!(changes = changes.len(), "Slack was sent this before");
            return Ok(());
        }
        let is_news = |name: &&str| !tellings.iter().any(|(change, _)| change.name == *name);
        let standing: Vec<String> = told.standing().filter(is_news).map(str::to_owned).collect();
        let text = message::compose(&message::AlarmStates {
            stack: &self.stack,
            changes: &tellings,
            standing: &standing,
            others,
            runbook_url: self.runbook_url.as_deref(),
        });
        self.slack.post(webhook, &text, end).await?;
        tracing::info!(told = tellings.len(), changes = changes.len(), others, "Sent alarms to Slack");

        // Again, on what stands there now: another invocation may have told of other alarms meanwhile.
        let remembered = shared::update(&*self.state, DOCUMENT, KEPT, |document: Option<AlarmStates>| {
            let mut told = document.unwrap_or_default();
            told_how(&mut told, &changes, now);
            told.forget(now);
            (Write::Write(told), ())
        });
        if let Err(error) = remembered.await {
            unremembered(&error);
        }
        Ok(())
    }
}

/// The changes in the order in which they happened.
fn in_time(read: &[Result<Change, NoAlarm>]) -> Vec<Change> {
    let mut changes: Vec<Change> = read.iter().flatten().cloned().collect();
    changes.sort_by_key(|change| change.at);
    changes
}

/// How each is told. Of an alarm that changed more than once within the batch, only the last state is.
fn told_how(told: &mut AlarmStates, changes: &[Change], now: UnixMillis) -> Vec<(Change, Notification)> {
    let is_last = |index: usize, change: &Change| !changes[index + 1..].iter().any(|later| later.name == change.name);
    let last = changes.iter().enumerate().filter(|(index, change)| is_last(*index, change));
    last.map(|(_, change)| (change.clone(), told.take(change, now))).collect()
}

fn unremembered(error: &SharedStateError) {
    tracing::warn!(reason = weir_aws::reason(error), "What Slack was sent could not be recorded: it may be sent again");
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier").field("stack", &self.stack).finish_non_exhaustive()
    }
}
