//! Reading the shops' subscriptions, several shops at once.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures_util::{Stream, StreamExt, stream};
use shopify_client::{Call, Client};
use weir_ops::{Stack, shops::Shops};
use weir_shops::{Shop, ShopState};
use weir_subscriptions::{Desired, Plan, address, plan, shopify};

use crate::{
    admin,
    cli::SelectArgs,
    commands::shops::{app, failed},
    delivery,
    printer::Printer,
    target,
};

/// Shops at once. Each has a budget of its own at Shopify; this bounds what this machine does.
const AT_ONCE: usize = 8;

/// For a shop's calls, with their waits for its budget.
const WITHIN: Duration = Duration::from_secs(60);

/// Work that takes longer than this shows that it goes on.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// The shops that were asked for, and who calls Shopify for them.
pub(super) struct Selected {
    pub(super) stack: Stack,
    pub(super) webhook_url: String,
    /// By app; an app's error is each of its shops'.
    clients: BTreeMap<String, Result<Client, String>>,
    shops: Vec<Shop>,
}

/// What came of a shop.
pub(super) enum Outcome {
    /// Compared.
    Planned(Plan),
    /// Not asked, and why.
    Skipped(String),
    /// Asked in vain.
    Failed(String),
}

/// A shop and what came of it.
pub(super) struct Read {
    pub(super) shop: Shop,
    pub(super) outcome: Outcome,
}

impl Selected {
    /// Finds the shops in the registry.
    pub(super) async fn find(args: &SelectArgs, printer: &Printer) -> anyhow::Result<Self> {
        let only = args.app.as_deref().map(app).transpose()?;
        let domain = args.shop.as_deref().map(delivery::shop).transpose()?;
        let stack = target::stack(&args.source).await?;
        let target = Shops::of(&stack)?;
        let mut shops = all(&target, only.as_deref(), printer).await?;
        if let Some(domain) = &domain {
            shops.retain(|shop| shop.domain == *domain);
            anyhow::ensure!(
                !shops.is_empty(),
                "{domain} is not registered{}\nhint: `weir shops list` shows the shops that are",
                only.map(|app| format!(" for app {app}")).unwrap_or_default()
            );
        }
        shops.sort_by(|a, b| (&a.domain, &a.app).cmp(&(&b.domain, &b.app)));
        let mut clients = BTreeMap::new();
        for shop in shops.iter().filter(|shop| shop.state == ShopState::Installed) {
            if !clients.contains_key(&shop.app) {
                let client = admin::client(&target, &shop.app).await;
                clients.insert(shop.app.clone(), client.map_err(|error| one_line(&error)));
            }
        }
        Ok(Self { webhook_url: stack.webhook_url()?, stack, clients, shops })
    }

    /// Compares each shop with what is desired, in the order in which they are done. Says how far it got.
    pub(super) async fn compare(&self, desired: &Desired, prune: bool, printer: &Printer) -> Vec<Read> {
        let reads = self.each(&self.shops, async |shop| {
            let outcome = self.compared(shop, desired, prune).await;
            Read { shop: shop.clone(), outcome }
        });
        let mut reads = told(reads, self.shops.len(), "compared", printer).await;
        reads.sort_by(|a, b| (&a.shop.domain, &a.shop.app).cmp(&(&b.shop.domain, &b.shop.app)));
        reads
    }

    /// Compares one.
    pub(super) async fn compared(&self, shop: &Shop, desired: &Desired, prune: bool) -> Outcome {
        if shop.state != ShopState::Installed {
            return Outcome::Skipped(format!("the registry has it as {}", shop.state));
        }
        let client = match self.client(shop) {
            Ok(client) => client,
            Err(error) => return Outcome::Failed(error),
        };
        let wanted = desired.wanted(&shop.app, shop.domain.as_str());
        match shopify::read(client, &shop.domain, &call()).await {
            Ok(actual) => {
                let plan = plan(&wanted, &actual, &self.address(shop));
                Outcome::Planned(if prune { plan } else { plan.without_deletions() })
            }
            Err(error) => Outcome::Failed(one_line(&error.into())),
        }
    }

    pub(super) fn client(&self, shop: &Shop) -> Result<&Client, String> {
        match self.clients.get(&shop.app) {
            Some(client) => client.as_ref().map_err(Clone::clone),
            None => Err(format!("app {} has no client", shop.app)),
        }
    }

    pub(super) fn address(&self, shop: &Shop) -> String {
        address(&self.webhook_url, &shop.app)
    }

    /// Does the same for many, some at once.
    pub(super) fn each<'a, I, T, F>(&'a self, items: &'a [I], work: F) -> impl Stream<Item = T> + 'a
    where
        F: AsyncFnMut(&'a I) -> T + Clone + 'a,
        T: 'a,
    {
        stream::iter(items)
            .map(move |item| {
                let mut work = work.clone();
                async move { work(item).await }
            })
            .buffer_unordered(AT_ONCE)
    }
}

/// Collects what comes, and tells how far it got every two seconds.
pub(super) async fn told<T>(work: impl Stream<Item = T>, of: usize, done: &str, printer: &Printer) -> Vec<T> {
    let (mut results, mut told_at) = (Vec::new(), Instant::now());
    let mut work = std::pin::pin!(work);
    while let Some(result) = work.next().await {
        results.push(result);
        if told_at.elapsed() >= TELL_EVERY {
            told_at = Instant::now();
            printer.step(format!("{} of {of} shops {done}", results.len()));
        }
    }
    results
}

/// Nobody waits for a single one of many: they leave a quarter of each budget to the workers.
pub(super) fn call() -> Call {
    Call::background(WITHIN)
}

/// An error with its hint, for a line of a list.
pub(super) fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").replace("\nhint: ", "; ").replace('\n', " ")
}

async fn all(shops: &Shops, app: Option<&str>, printer: &Printer) -> anyhow::Result<Vec<Shop>> {
    let (mut all, mut after, mut told_at) = (Vec::new(), None, Instant::now());
    loop {
        let page = shops.registry.list(app, None, after).await;
        let mut page = page.map_err(|error| failed(error, shops))?;
        all.append(&mut page.shops);
        if !page.has_more() {
            return Ok(all);
        }
        if told_at.elapsed() >= TELL_EVERY {
            told_at = Instant::now();
            printer.step(format!("{} shops found", all.len()));
        }
        after = Some(page);
    }
}
