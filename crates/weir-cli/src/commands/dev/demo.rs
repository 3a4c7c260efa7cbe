//! The demo: lets the flash sale happen in the simulated Shopify, whose webhooks go through the real HTTP endpoint, and
//! watches what becomes of them.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use secrecy::SecretString;
use shopify_sim::DeliveryFaults;
use shopify_webhook::ShopDomain;
use tokio::time::{MissedTickBehavior, interval, timeout};
use weir_load::Endpoint;
use weir_local::Deployed;
use weir_ops::{Stack, events::Ledger, health};

use super::http_receiver::{Seen, Sent};
use super::plan::{self, Act, Planned, Role};
use super::shopify::Shopify;
use super::tally::{Reply, Tally};
use super::view::View;
use crate::{printer::Printer, target};

/// So many deliveries wait for their answers at once.
const MAX_CONCURRENCY: usize = 8;

/// A lease that nobody ended runs out in less: whatever could still come to its end has.
const DEMO_TIMEOUT: Duration = Duration::from_secs(120);

/// The ledger and the queues are looked at this often.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

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
pub(super) async fn run(deployed: &Deployed, shopify: &mut Shopify, printer: &Printer) -> Result<(), DemoError> {
    let script = plan::flash_sale(fastrand::u64(..), Timestamp::now());
    let tally = RefCell::new(Tally::new(&script));
    let stack = Watched::new(deployed)?;
    let mut view = View::new(printer, &tally.borrow())?;
    let before = stack.dead_letters().await?;
    let sale = Sale::new(deployed, &script, &tally)?;
    let shown = async {
        tokio::select! {
            failed = sale.run(shopify) => match failed? {},
            settled = watch(&stack, before, &tally, &mut view) => settled,
        }
    };
    // Out of time is an answer too: what is missing is said below.
    if let Ok(Err(error)) = timeout(DEMO_TIMEOUT, shown).await {
        return Err(error);
    }
    view.finish(&tally.borrow())?;
    Ok(())
}

/// What happens in the shops, and which place of the script each webhook of it has.
struct Sale<'a> {
    endpoint: Endpoint,
    secret: &'a SecretString,
    script: &'a [Planned],
    tally: &'a RefCell<Tally>,
}

/// Places of the script whose webhooks are still to go out, by topic and what they are about.
type Expected = HashMap<(&'static str, u64), VecDeque<usize>>;

impl<'a> Sale<'a> {
    fn new(deployed: &'a Deployed, script: &'a [Planned], tally: &'a RefCell<Tally>) -> anyhow::Result<Self> {
        let url = deployed.webhook_url.parse().context("the stack's webhook URL is none")?;
        Ok(Self { endpoint: Endpoint::new(url)?, secret: &deployed.client_secret, script, tally })
    }

    /// Lets everything happen, no faster than the webhooks are answered; then listens for those that come again.
    async fn run(&self, shopify: &mut Shopify) -> Result<Infallible, DemoError> {
        let (mut expected, mut on_the_way) = (Expected::new(), 0_usize);
        let mut unpaid: HashMap<&ShopDomain, VecDeque<u64>> = HashMap::new();
        for (place, planned) in self.script.iter().enumerate() {
            while on_the_way >= MAX_CONCURRENCY {
                on_the_way = on_the_way.saturating_sub(self.hear(shopify, &mut expected).await?);
            }
            let next_is_again = self.script.get(place + 1).is_some_and(|next| next.role == Role::Duplicate);
            let duplicate = if next_is_again { 1.0 } else { 0.0 };
            // Drawn while the order is placed: so it is this one that comes twice.
            shopify.sim.set_delivery_faults(DeliveryFaults { duplicate, ..DeliveryFaults::default() });
            let unpaid = unpaid.entry(&planned.shop).or_default();
            let (topic, about) = match &planned.act {
                Act::Place => {
                    let order = shopify.sim.place_orders(&planned.shop, 1).first().copied();
                    unpaid.extend(order);
                    ("orders/create", order)
                }
                Act::Pay => {
                    let order = unpaid.pop_front();
                    if let Some(order) = order {
                        shopify.sim.pay_order(&planned.shop, order);
                    }
                    ("orders/paid", order)
                }
                Act::Rename(number) => {
                    let product = shopify.sim.products(&planned.shop).get(*number).copied();
                    if let Some(product) = product {
                        shopify.sim.update_product(&planned.shop, product, &format!("Flash sale, no. {number}"));
                    }
                    ("products/update", product)
                }
                Act::Again => continue,
                Act::Post(delivery) => {
                    let another = SecretString::from("not-the-client-secret");
                    let secret = if planned.role == Role::Forged { &another } else { self.secret };
                    let answer = self.endpoint.post(delivery, secret).await;
                    let reply = answer.map_or(Reply::None, |answer| Reply::Status(answer.status));
                    self.tally.borrow_mut().answered(place, reply);
                    continue;
                }
            };
            let about = about.with_context(|| format!("{} has nothing for {topic}", planned.shop))?;
            let places = expected.entry((topic, about)).or_default();
            places.push_back(place);
            if next_is_again {
                places.push_back(place + 1);
            }
            on_the_way += 1;
        }
        // The stack is the user's from here on.
        shopify.sim.set_delivery_faults(DeliveryFaults::default());
        loop {
            self.hear(shopify, &mut expected).await?;
        }
    }

    /// Waits for the next word of a webhook; how many are answered that were on their way.
    async fn hear(&self, shopify: &mut Shopify, expected: &mut Expected) -> anyhow::Result<usize> {
        let seen = shopify.seen.recv().await.context("the simulated Shopify ended")?;
        let mut tally = self.tally.borrow_mut();
        match seen {
            Seen::Sent(Sent { event, topic, id }) => {
                let mut places = expected.iter_mut().find(|((of, about), _)| *of == topic && *about == id);
                // One that comes again after a bad answer has its place already.
                if let Some(place) = places.as_mut().and_then(|(_, places)| places.pop_front()) {
                    tally.went_out(place, &event);
                }
                Ok(0)
            }
            Seen::Answered(Sent { event, .. }, reply) => {
                // Two of one event are alike: whichever is answered first takes the first place.
                let place = tally.unaccepted(&event);
                if let Some(place) = place {
                    tally.answered(place, reply);
                }
                // Repeats are held back on purpose: nothing waits for them.
                Ok(usize::from(place.is_some_and(|place| self.script[place].role == Role::Event)))
            }
        }
    }
}

async fn watch(stack: &Watched, before: usize, tally: &RefCell<Tally>, view: &mut View<'_>) -> Result<(), DemoError> {
    let mut tick = interval(LOOK_INTERVAL);
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
    stack: Stack,
    ledger: Ledger,
}

impl Watched {
    fn new(deployed: &Deployed) -> anyhow::Result<Self> {
        let stack = target::stack_in(&deployed.dev_file())?;
        Ok(Self { ledger: stack.ledger()?, stack })
    }

    /// How many messages are on the dead-letter queues.
    async fn dead_letters(&self) -> anyhow::Result<usize> {
        let count = health::visible_dead_letters(&self.stack).await;
        let count = count.context("could not ask the dead-letter queues for their depth")?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
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
