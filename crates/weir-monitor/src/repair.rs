//! One shop: compared, put right, and its events recovered.

use std::time::Duration;

use jiff::Timestamp;
use shopify_client::{Call, Client, budget::Priority};
use tokio::time::Instant;
use weir_aws::documents::{Document, DocumentError, Stored};
use weir_core::UnixMillis;
use weir_reconcile::FIRST_RUN_LOOKBACK;
use weir_shops::Shop;
use weir_subscriptions::{
    Actual, Change, DesiredSubscriptions, Plan, address,
    drift::{self, Drift, Found},
    plan, shopify,
};

use crate::{
    Monitor, Summary,
    loss::{CatchUp, Loss, RecoveryProgress, Subject},
};

/// For reading a shop's subscriptions, waits for its budget included.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// For changing one of them.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(15);

/// Kept at the end of an invocation for what is written down afterwards.
const WRAP_UP_TIME: Duration = Duration::from_secs(5);

/// How long a repair is remembered.
const REPAIR_RETENTION: Duration = Duration::from_secs(90 * 86_400);

/// A shop that could not be checked or put right, in words for the log.
#[derive(Debug, thiserror::Error)]
enum CheckError {
    #[error("{0}")]
    Client(#[from] weir_shops::ClientError),
    #[error("{0}")]
    Shopify(#[from] shopify_client::Error),
    #[error("{0}")]
    Operations(#[from] DocumentError),
}

/// The shop's document, as it is in the table.
struct DriftNote {
    name: String,
    version: Option<u64>,
    drift: Drift,
    /// Whether the shop is set up, and nothing was lost.
    is_new: bool,
}

impl Monitor {
    /// Checks a shop; what was counted, and whether it is known now that all is well.
    pub(crate) async fn check(
        &self,
        shop: &Shop,
        known: Option<&Document<Drift>>,
        well_at: Option<UnixMillis>,
        is_due: bool,
        deadline: Instant,
    ) -> (Summary, bool) {
        let mut summary = Summary { shops: 1, ..Summary::default() };
        let wanted = self.desired.wanted(&shop.app, &shop.domain);
        if wanted == DesiredSubscriptions::default() {
            return (summary, true);
        }
        let checked = self.compare(shop, &wanted, known, well_at, deadline, &mut summary).await;
        if let Ok(Some(client)) = &checked
            && is_due
        {
            self.keep_up(&subject(shop, client, &wanted, deadline), &mut summary).await;
        }
        if let Err(error) = &checked {
            summary.failed = 1;
            let (domain, app) = (shop.domain.as_str(), shop.app.as_str());
            tracing::warn!(shop = domain, app, %error, "Could not check the subscriptions of a shop");
        }
        (summary, checked.is_ok())
    }

    /// The client, if nothing was wrong and nothing is to be recovered.
    async fn compare(
        &self,
        shop: &Shop,
        wanted: &DesiredSubscriptions<'_>,
        known: Option<&Document<Drift>>,
        well_at: Option<UnixMillis>,
        deadline: Instant,
        summary: &mut Summary,
    ) -> Result<Option<Client>, CheckError> {
        let client = self.clients.of(&shop.app).await?;
        let subject = subject(shop, &client, wanted, deadline);
        let actual = shopify::read(&client, &shop.domain, &call(READ_TIMEOUT, subject.deadline)).await?;
        let address = address(&self.webhook_url, &shop.app);
        summary.fell_forward += fell_forward(shop, &client, &actual, &address);
        let plan = plan(wanted, &actual, &address).without_deletions();
        let mut noted = known.map(|known| DriftNote {
            name: known.name.clone(),
            version: Some(known.version),
            drift: known.value.clone(),
            is_new: false,
        });
        if !plan.changes.is_empty() {
            let noted = noted.get_or_insert_with(|| {
                let now = self.clock.now();
                let found = Found::of(well_at, shop.installed_at, now, FIRST_RUN_LOOKBACK);
                DriftNote {
                    name: drift::name(&shop.app, &shop.domain),
                    version: None,
                    drift: Drift::found(&plan, now, found.since()),
                    is_new: matches!(found, Found::New(_)),
                }
            });
            noted.drift.add(&plan);
            self.restore(&subject, &address, &plan, noted, summary).await?;
        }
        let Some(mut noted) = noted else { return Ok(Some(client)) };
        if noted.drift.repaired_at.is_none() {
            noted.drift.repaired_at = Some(self.clock.now().to_string());
            noted.drift.failure = None;
            self.note(&mut noted).await?;
        }
        self.recover(subject, &mut noted, summary).await?;
        Ok(None)
    }

    /// Reconciles a shop whose turn it is. What goes wrong is for its next turn: the cursors stay where they are.
    async fn keep_up(&self, subject: &Subject<'_>, summary: &mut Summary) {
        let (shop, app) = (subject.shop.as_str(), subject.app);
        match self.recovery.keep_up(subject).await {
            Ok(CatchUp { recovery, silent }) => {
                if let RecoveryProgress::Whole(events) = recovery {
                    summary.recovered += events;
                }
                summary.silent += silent.len() as u64;
                for topic in silent {
                    tracing::error!(
                        shop,
                        app,
                        topic,
                        "Events happened whose deliveries, declared in the app's TOML, did not come"
                    );
                }
            }
            Err(error) => tracing::warn!(shop, app, error, "A shop could not be reconciled"),
        }
    }

    /// Notes the drift, and then makes the changes: a run that dies in between has left a note of what may be missing.
    async fn restore(
        &self,
        subject: &Subject<'_>,
        address: &str,
        plan: &Plan,
        noted: &mut DriftNote,
        summary: &mut Summary,
    ) -> Result<(), CheckError> {
        let (domain, app) = (subject.shop.as_str(), subject.app);
        self.note(noted).await?;
        for change in &plan.changes {
            let (topic, what) = (change.topic(), what(change));
            if !noted.is_new {
                summary.drift += 1;
                let possible_since = &noted.drift.possible_since;
                tracing::warn!(shop = domain, app, topic, what, possible_since, "A subscription is lost");
            }
            let done = shopify::carry_out(
                subject.client,
                subject.shop,
                address,
                change,
                &call(CHANGE_TIMEOUT, subject.deadline),
            )
            .await;
            if let Err(error) = done {
                noted.drift.failure = Some(error.to_string());
                self.note(noted).await?;
                return Err(error.into());
            }
            if noted.is_new {
                tracing::info!(shop = domain, app, topic, "A subscription is made in a new shop");
            } else {
                summary.restored += 1;
                tracing::info!(shop = domain, app, topic, "A subscription is restored");
            }
        }
        Ok(())
    }

    /// Has the missed events sent, and closes the document.
    async fn recover(
        &self,
        subject: Subject<'_>,
        noted: &mut DriftNote,
        summary: &mut Summary,
    ) -> Result<(), CheckError> {
        let now = self.clock.now();
        let repaired_at = noted.drift.repaired_at.as_deref().and_then(|at| at.parse().ok());
        let loss = Loss {
            // An app that was installed anew since: what was before is not its.
            since: noted.drift.well_until().unwrap_or(subject.installed_at).max(subject.installed_at),
            repaired_at: repaired_at.map_or(now, |at: Timestamp| UnixMillis(at.as_millisecond())),
            topics: noted.drift.topics(),
            subject,
        };
        let failure = match self.recovery.recover(&loss).await {
            Ok(RecoveryProgress::Whole(events)) => {
                summary.recovered += events;
                return self.close(noted).await;
            }
            Ok(RecoveryProgress::Unfinished(why)) | Err(why) => why,
        };
        let (domain, app) = (loss.subject.shop.as_str(), loss.subject.app);
        tracing::warn!(shop = domain, app, failure, "The events of a loss are not recovered yet: the next run goes on");
        noted.drift.failure = Some(failure);
        self.note(noted).await
    }

    /// Writes the document. Of two runs that write at once the first counts: the shop is looked at again soon.
    async fn note(&self, noted: &mut DriftNote) -> Result<(), CheckError> {
        let put = self.operations.put(drift::COLLECTION, &noted.name, noted.version, &noted.drift, None);
        noted.version = match put.await? {
            Stored::Written(version) => Some(version),
            Stored::Lost(there) => there.map(|there| there.version),
        };
        Ok(())
    }

    /// The shop is as it should be: the document goes to those of repairs.
    async fn close(&self, noted: &DriftNote) -> Result<(), CheckError> {
        let now = self.clock.now();
        let name = format!("{now}/{}", noted.name);
        let expires = Some(now + REPAIR_RETENTION);
        self.operations.put(drift::REPAIRS, &name, None, &noted.drift, expires).await?;
        Ok(self.operations.delete(drift::COLLECTION, &noted.name).await?)
    }
}

fn subject<'a>(
    shop: &'a Shop,
    client: &'a Client,
    wanted: &'a DesiredSubscriptions<'a>,
    deadline: Instant,
) -> Subject<'a> {
    Subject {
        shop: &shop.domain,
        app: &shop.app,
        client,
        installed_at: shop.installed_at,
        wanted,
        deadline: deadline.checked_sub(WRAP_UP_TIME).unwrap_or(deadline),
    }
}

/// A call that nobody waits for, and that ends before the invocation does.
fn call(within: Duration, deadline: Instant) -> Call {
    Call { priority: Priority::Background, deadline: deadline.min(Instant::now() + within) }
}

/// What is wrong, for the log. Filters and fields are the operator's own words.
fn what(change: &Change) -> String {
    match change {
        Change::Create(_) => "missing".to_owned(),
        Change::Update { differences, .. } => {
            let names: Vec<&str> = differences.iter().map(|one| one.what).collect();
            format!("other: {}", names.join(", "))
        }
        Change::Delete(_) => "not desired".to_owned(),
    }
}

/// Whether another API version answers, or is delivered: the one that weir knows is retired, or the app's webhooks are
/// set to another one.
fn fell_forward(shop: &Shop, client: &Client, actual: &[Actual], address: &str) -> u64 {
    let expected = shopify_schema::API_VERSION;
    let (domain, app) = (shop.domain.as_str(), shop.app.as_str());
    let mut count = 0;
    if client.fell_forward() {
        count += 1;
        tracing::error!(shop = domain, app, expected, "Shopify answers with another API version: this one is retired");
    }
    let other = actual.iter().find(|one| one.uri == address && one.api_version != expected);
    if let Some(Actual { api_version, .. }) = other {
        count += 1;
        tracing::error!(shop = domain, app, expected, api_version, "Webhooks are delivered in another API version");
    }
    count
}
