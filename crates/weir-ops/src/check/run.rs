//! Every check of a deployed stack, all at once.

use std::{cell::RefCell, time::Duration};

use futures_util::{FutureExt, StreamExt, future::LocalBoxFuture, stream::FuturesUnordered};
use resilience::UnixMillis;
use secrecy::SecretString;
use weir_subscriptions::Desired;

use super::{
    account, alarms, bus, cost, delivery, health,
    model::{Area, Finding, FindingKind, Report},
    permissions, sources, subscriptions,
    target::CheckTarget,
};
use crate::health::FindingKind as HealthKind;

/// How often it is said what is still under way.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// What to check, and how.
#[derive(Debug)]
pub struct Options {
    /// Whether webhooks of the check's own are sent.
    pub sends: bool,
    /// What they are signed with; `None` for the newest secret that the stack has of app `default`.
    pub secret: Option<SecretString>,
    /// How long each of them may take to its end.
    pub timeout: Duration,
}

/// Runs every check. `desired` is what the shops' subscriptions should be, `process` names this process to others, and
/// `progress` is called twice a second with what is still under way.
pub async fn run(
    target: &CheckTarget,
    options: &Options,
    desired: &Desired,
    process: impl Fn() -> String,
    mut progress: impl FnMut(&[Area]),
) -> Report {
    let at = UnixMillis::now().to_string();
    let stack = &target.stack;
    let quotas = account::check(&stack.config, |name| stack.parameter(name), true);
    let subscriptions = subscriptions::check(target, desired, process);
    let mut checks: Vec<(Area, LocalBoxFuture<'_, Vec<Finding>>)> = vec![
        (Area::Quotas, quotas.boxed_local()),
        (Area::Sources, sources::check(target).boxed_local()),
        (Area::Permissions, permissions::check(target).boxed_local()),
        (Area::Bus, bus::check(target).boxed_local()),
        (Area::Health, health::check(target).boxed_local()),
        (Area::Alarms, alarms::check(target).boxed_local()),
        (Area::Subscriptions, subscriptions.boxed_local()),
        (Area::Cost, async { cost::check().into_iter().collect() }.boxed_local()),
    ];
    if options.sends {
        checks.push((Area::Delivery, delivery::check(target, options).boxed_local()));
    }
    let areas: Vec<Area> = checks.iter().map(|(area, _)| *area).collect();
    let left = RefCell::new(areas.clone());
    let work = async {
        let mut under_way: FuturesUnordered<_> =
            checks.into_iter().map(|(area, check)| check.map(move |found| (area, found))).collect();
        let mut all = Vec::new();
        while let Some((area, found)) = under_way.next().await {
            left.borrow_mut().retain(|other| *other != area);
            all.extend(found);
        }
        all
    };
    let found = watched(work, || progress(&left.borrow())).await;
    Report::new(&stack.name, at, &areas, once(found))
}

/// Waits for `work`, and calls `progress` meanwhile.
pub(super) async fn watched<T>(work: impl Future<Output = T>, mut progress: impl FnMut()) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        match tokio::time::timeout(PROGRESS_INTERVAL, &mut work).await {
            Ok(done) => return done,
            Err(_elapsed) => progress(),
        }
    }
}

/// Without what another check has found more exactly: the monitor's word about a shop that was just asked.
fn once(found: Vec<Finding>) -> Vec<Finding> {
    let is_asked =
        |shop: &str| found.iter().any(|one| matches!(one.kind, FindingKind::Subscription(_)) && one.subject == shop);
    let is_repeated = |one: &Finding| match &one.kind {
        FindingKind::Health(HealthKind::Drifted { shop }) => is_asked(shop),
        _ => false,
    };
    let repeated: Vec<bool> = found.iter().map(is_repeated).collect();
    found.into_iter().zip(repeated).filter(|(_, is_repeated)| !is_repeated).map(|(one, _)| one).collect()
}
