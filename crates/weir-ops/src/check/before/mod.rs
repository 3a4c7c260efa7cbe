//! Whether an account and a region can take a stack, before there is one.

mod build;
mod existing;
mod name;
mod region;
mod rights;

use std::{collections::BTreeMap, path::PathBuf};

pub use build::Machine;

use super::{
    account,
    model::{Area, Finding, FindingKind, Report, Severity},
    target::Account,
};
use crate::{StackLocation, caller::CallerError};
use resilience::UnixMillis;

/// What is to be deployed.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Parameters that differ from the template's defaults, by name.
    pub parameters: BTreeMap<String, String>,
    /// The executables that were built.
    pub executables: Vec<PathBuf>,
}

/// What was seen before a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeforeFinding {
    /// The name can't be a stack's.
    BadName {
        /// Which rule it breaks.
        rule: NameRule,
    },
    /// A stack of that name failed to be made: it has to be deleted first.
    FailedCreation {
        /// CloudFormation's word for its state.
        status: String,
    },
    /// A stack of that name is being changed.
    InProgress {
        /// CloudFormation's word for its state.
        status: String,
    },
    /// An update of the stack of that name can't be rolled back.
    StuckRollback,
    /// There is a stack of that name: a deployment updates it.
    Exists {
        /// CloudFormation's word for its state.
        status: String,
    },
    /// What an earlier stack of that name left is in the way.
    InTheWay {
        /// Queues and secrets, by name.
        names: Vec<String>,
    },
    /// No endpoint of the service answers in the region.
    NoService {
        /// The region.
        region: String,
    },
    /// The region is not enabled for the account, or the credentials are unknown there.
    RegionOff {
        /// The region.
        region: String,
    },
    /// The caller may not create what is needed.
    MayNot {
        /// Who asks.
        caller: String,
        /// The actions.
        actions: Vec<String>,
        /// Whether a policy denies them, in place of none allowing them on every resource.
        is_explicit: bool,
    },
    /// A function was built for another processor than `Architecture` says.
    OtherMachine {
        /// What it was built for.
        built: Machine,
        /// What the parameter says.
        wanted: String,
    },
    /// No function was built.
    NotBuilt,
}

/// A rule for a stack's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// A letter, then letters, digits and hyphens.
    Characters,
    /// So that the longest name of a queue is one.
    Length,
    /// SSM reserves what begins with these.
    ReservedPrefix,
    /// It is the name of the account's own bus.
    DefaultBus,
}

impl BeforeFinding {
    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::BadName { .. } => "bad-name",
            Self::FailedCreation { .. } => "failed-creation",
            Self::InProgress { .. } => "in-progress",
            Self::StuckRollback => "stuck-rollback",
            Self::Exists { .. } => "exists",
            Self::InTheWay { .. } => "in-the-way",
            Self::NoService { .. } => "no-service",
            Self::RegionOff { .. } => "region-off",
            Self::MayNot { .. } => "may-not",
            Self::OtherMachine { .. } => "other-machine",
            Self::NotBuilt => "not-built",
        }
    }
}

/// Looks at the account and the region of a stack that is to be made at `location`.
///
/// # Errors
/// If STS does not know the credentials: nothing else can be asked then.
pub async fn run(
    location: &StackLocation,
    plan: &Plan,
    mut progress: impl FnMut(&[Area]),
) -> Result<Report, CallerError> {
    let at = UnixMillis::now().to_string();
    let account = Account::of(&location.config).await?;
    let areas = [Area::Name, Area::Build, Area::Region, Area::Rights, Area::Quotas];
    let parameter = |name: &str| plan.parameters.get(name).map(String::as_str);
    let mut found = name::check(&location.name);
    let work = async {
        let (existing, region, rights, quotas) = tokio::join!(
            existing::check(location, found.is_empty()),
            region::check(&location.config, &account),
            rights::check(location, &account),
            account::check(&location.config, parameter, false),
        );
        [existing, region, rights, quotas].concat()
    };
    let looked = super::run::watched(work, || progress(&areas[2..])).await;
    found.extend(looked);
    found.extend(build::check(plan));
    Ok(Report::new(&location.name, at, &areas, found))
}

fn finding(severity: Severity, area: Area, subject: &str, kind: BeforeFinding) -> Finding {
    Finding { severity, area, subject: subject.to_owned(), kind: FindingKind::Before(kind) }
}
