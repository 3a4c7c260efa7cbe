//! `weir dev --forward-to`: events go to a person's own server, and each answer is shown with what weir makes of it.

mod again;
mod keys;
mod view;
mod watch;

use std::{convert::Infallible, time::Duration};

use anyhow::Context;
use tokio::time::{MissedTickBehavior, interval};
use weir_core::UnixMillis;
use weir_load::web_url;
use weir_local::{DevFile, Relay};
use weir_ops::{
    events::{EventFilter, EventQuery, Follower, QueryTimes},
    health::circuits,
};

use self::{keys::Key, view::Told, watch::Watch};
use crate::{printer::Printer, target};

/// The ledger and the circuits are looked at this often.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

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
                    Key::Again => again::send(watch.last(), &stack, printer).await?,
                    Key::Unknown => printer.note(view::KEYS),
                },
                _ = tick.tick() => {
                    let now = UnixMillis::now();
                    for record in follower.look(now).await? {
                        if watch.is_news(&record) {
                            printer.item(&Told::of_record(&record, now), view::line)?;
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
