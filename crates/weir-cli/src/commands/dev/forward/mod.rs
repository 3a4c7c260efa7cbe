//! `weir dev --forward-to`: events go to a person's own server, and each answer is shown with what weir makes of it.

mod again;
mod keys;
mod view;
mod watch;

use std::{collections::HashMap, convert::Infallible, time::Duration};

use anyhow::Context;
use futures_util::future::join_all;
use tokio::time::{MissedTickBehavior, interval};
use weir_core::{Lane, UnixMillis, ledger::Record};
use weir_load::web_url;
use weir_local::{DevFile, Relay};
use weir_ops::{
    Stack,
    events::{EventFilter, EventQuery, Follower, MessageLocation, QueryTimes, max_receives},
    health::circuits,
};

use self::{keys::Key, view::Told, watch::Watch};
use crate::{printer::Printer, target};

/// The ledger and the circuits are looked at this often.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// How often each lane hands out a message before it gives it up.
struct Receives(HashMap<Lane, u32>);

impl Receives {
    async fn of(stack: &Stack) -> Self {
        let of_lanes = Lane::ALL.map(async |lane| Some((lane, max_receives(stack, lane).await?)));
        Self(join_all(of_lanes).await.into_iter().flatten().collect())
    }

    fn location(&self, record: &Record, now: UnixMillis) -> MessageLocation {
        MessageLocation::of(record, self.0.get(&record.lane).copied(), now)
    }
}

/// A person's own server, behind a relay that the workers post to.
pub(super) struct Forward {
    relay: Relay,
}

impl Forward {
    /// Begins to listen for the workers.
    pub(super) async fn start(to: &str) -> anyhow::Result<Self> {
        let url = web_url(to)?;
        let client = weir_load::client(&url).context("no HTTP client could be made")?;
        let relay = Relay::start(client, url).await.context("there is no free port on 127.0.0.1 for the relay")?;
        Ok(Self { relay })
    }

    /// What the template must know.
    pub(super) fn parameter(&self) -> (String, String) {
        ("ForwardUrl".to_owned(), self.relay.url.clone())
    }

    /// Shows what happens until something fails.
    pub(super) async fn show(mut self, file: &DevFile, printer: &Printer) -> anyhow::Result<Infallible> {
        let stack = target::whole_stack_in(file).await?;
        let ledger = stack.ledger()?;
        let query =
            EventQuery::new(EventFilter::default(), QueryTimes::default(), None, usize::MAX, UnixMillis::now())?;
        let mut follower = Follower::new(&ledger, &query);
        follower.begin(&[], query.now).await?;
        let mut watch = Watch::default();
        let receives = Receives::of(&stack).await;
        let mut keys = keys::listen();
        let mut tick = interval(LOOK_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        printer.note(view::KEYS);
        loop {
            tokio::select! {
                post = self.relay.posts.recv() => {
                    let post = post.context("the relay ended")?;
                    printer.item(&Told::of_post(&post, UnixMillis::now()), view::line)?;
                    watch.posted(post);
                }
                Some(key) = keys.recv() => match key {
                    Key::Again => again::send(watch.last(), &stack, &receives, printer).await?,
                    Key::Unknown => printer.note(view::KEYS),
                },
                _ = tick.tick() => {
                    let now = UnixMillis::now();
                    for record in follower.look(now).await? {
                        if watch.is_news(&record) {
                            printer.item(&Told::of_record(&record, receives.location(&record, now), now), view::line)?;
                        }
                    }
                    for circuit in watch.changed(circuits(&stack).await?) {
                        printer.item(&Told::Circuit(circuit), view::line)?;
                    }
                }
            }
        }
    }
}
