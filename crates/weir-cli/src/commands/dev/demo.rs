//! The demo: sends the flash sale through the real HTTP endpoint, and watches what becomes of it.

use std::cell::RefCell;
use std::io;
use std::time::Duration;

use anyhow::Context;
use aws_sdk_sqs::types::QueueAttributeName;
use futures_util::{StreamExt, future, stream};
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::time::{MissedTickBehavior, interval, timeout};
use weir_aws::DynamoLedger;
use weir_local::Deployed;

use super::plan::{self, Planned, Role};
use super::tally::{Reply, Tally};
use super::view::View;
use crate::{http::Endpoint, printer::Printer, target};

/// So many deliveries wait for their answers at once.
const AT_ONCE: usize = 8;

/// A lease that nobody ended runs out in less: whatever could still come to its end has.
const WITHIN: Duration = Duration::from_secs(120);

/// The ledger and the queues are looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Why a demo was not shown to its end.
#[derive(Debug)]
pub(super) enum DemoError {
    /// Nobody reads what is printed.
    Print(io::Error),
    /// The stack could not be asked.
    Failed(anyhow::Error),
}

impl From<io::Error> for DemoError {
    fn from(error: io::Error) -> Self {
        Self::Print(error)
    }
}

impl From<anyhow::Error> for DemoError {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// Sends everything, and returns when all is accounted for or the time is up.
pub(super) async fn run(deployed: &Deployed, printer: &Printer) -> Result<(), DemoError> {
    let script = plan::flash_sale(fastrand::u64(..), Timestamp::now());
    let tally = RefCell::new(Tally::new(&script));
    let stack = Watched::new(deployed);
    let mut view = View::new(printer, &tally.borrow())?;
    let before = stack.dead_letters().await?;
    let sent = send(deployed, &script, &tally);
    let watched = watch(&stack, before, &tally, &mut view);
    // Out of time is an answer too: what is missing is said below.
    if let Ok(Err(error)) = timeout(WITHIN, future::try_join(sent, watched)).await {
        return Err(error);
    }
    view.finish(&tally.into_inner())?;
    Ok(())
}

async fn send(deployed: &Deployed, script: &[Planned], tally: &RefCell<Tally>) -> Result<(), DemoError> {
    let url = deployed.webhook_url.parse().context("the stack's webhook URL is none")?;
    let endpoint = &Endpoint::new(url)?;
    let another = &SecretString::from("not-the-client-secret");
    let posts = stream::iter(script.iter().enumerate()).for_each_concurrent(AT_ONCE, |(place, planned)| async move {
        let secret = if planned.role == Role::Forged { another } else { &deployed.client_secret };
        let answer = endpoint.post(&planned.delivery, secret).await;
        let reply = answer.map_or(Reply::None, |answer| Reply::Status(answer.status));
        tally.borrow_mut().answered(place, reply);
    });
    posts.await;
    Ok(())
}

async fn watch(stack: &Watched, before: usize, tally: &RefCell<Tally>, view: &mut View<'_>) -> Result<(), DemoError> {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let dead_letters = stack.dead_letters().await?;
        stack.look_into_the_ledger(tally).await?;
        tally.borrow_mut().dead_lettered(dead_letters.saturating_sub(before));
        let tally = tally.borrow();
        view.update(&tally)?;
        if tally.is_settled() {
            return Ok(());
        }
    }
}

/// Where the evidence is.
struct Watched {
    ledger: DynamoLedger,
    sqs: aws_sdk_sqs::Client,
    dlq_urls: Vec<String>,
}

impl Watched {
    fn new(deployed: &Deployed) -> Self {
        let config = target::local_config(&deployed.region, &deployed.endpoint);
        Self {
            ledger: target::reader(&config, deployed.ledger_table.clone()),
            sqs: aws_sdk_sqs::Client::new(&config),
            dlq_urls: deployed.lanes.values().map(|lane| lane.dlq_url.clone()).collect(),
        }
    }

    /// How many messages are on the dead-letter queues.
    async fn dead_letters(&self) -> anyhow::Result<usize> {
        let depth = async |url: &String| {
            let name = QueueAttributeName::ApproximateNumberOfMessages;
            let request = self.sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone());
            let reply = request.send().await.context("could not ask a dead-letter queue for its depth")?;
            let depth = reply.attributes().and_then(|all| all.get(&name)?.parse::<usize>().ok());
            depth.context("a dead-letter queue does not tell its depth")
        };
        Ok(future::try_join_all(self.dlq_urls.iter().map(depth)).await?.into_iter().sum())
    }

    async fn look_into_the_ledger(&self, tally: &RefCell<Tally>) -> anyhow::Result<()> {
        let mut page = None;
        loop {
            let next = self.ledger.scan(page).await?;
            let mut tally = tally.borrow_mut();
            next.records.iter().for_each(|record| tally.recorded(record));
            if !next.has_more() {
                return Ok(());
            }
            page = Some(next);
        }
    }
}
