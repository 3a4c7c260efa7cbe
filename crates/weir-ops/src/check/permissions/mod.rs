//! Whether the functions' roles allow what the functions call, by IAM's own simulation.
//!
//! It knows the policies of the role, its boundary and those of the organization, and changes nothing. Policies of resources
//! are not part of it: the template's only deny requests without TLS.

mod needs;
mod simulate;

pub use needs::{NEEDS, Need, On};
pub(super) use simulate::{Decision, simulate};

use aws_sdk_iam::Client;
use futures_util::{StreamExt, stream};

use self::needs::Resolved;
use super::{
    model::{Area, Finding, FindingKind, Severity},
    target::CheckTarget,
};

/// Simulations at once: IAM allows an account few.
const MAX_CONCURRENCY: usize = 4;

/// What was seen of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermissionFinding {
    /// A function can't call what it needs.
    Denied {
        /// The actions.
        actions: Vec<String>,
        /// What they are on.
        resource: String,
        /// Whether a policy denies it, in place of none allowing it.
        is_explicit: bool,
    },
}

impl PermissionFinding {
    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::Denied { .. } => "permission-denied",
        }
    }
}

/// Simulates every need of every role of the stack.
pub(super) async fn check(target: &CheckTarget) -> Vec<Finding> {
    if target.stack.is_emulated {
        return vec![Finding::not_checked(Area::Permissions, "roles", "the emulator has no IAM")];
    }
    let client = Client::new(&target.stack.config);
    let needs = needs::of(target);
    let judged = stream::iter(&needs).map(|need| judged(&client, target, need)).buffered(MAX_CONCURRENCY);
    let mut found = Vec::new();
    let mut judged = std::pin::pin!(judged);
    while let Some(one) = judged.next().await {
        match one {
            Ok(findings) => found.extend(findings),
            // IAM refuses the others alike.
            Err(reason) => {
                found.push(Finding::not_checked(Area::Permissions, "roles", reason));
                break;
            }
        }
    }
    found
}

async fn judged(client: &Client, target: &CheckTarget, need: &Resolved) -> Result<Vec<Finding>, String> {
    let role = format!("arn:{}:iam::{}:role/{}", target.account.partition, target.account.id, need.role_name);
    let decisions = simulate(client, &role, need.actions, &need.resource).await?;
    let of = |wanted: Decision| {
        let actions = decisions.iter().filter(|(_, decision)| *decision == wanted).map(|(action, _)| action.clone());
        let actions: Vec<String> = actions.collect();
        let is_explicit = wanted == Decision::Denied;
        (!actions.is_empty()).then(|| Finding {
            severity: Severity::Must,
            area: Area::Permissions,
            subject: format!("role {}", need.role),
            kind: FindingKind::Permission(PermissionFinding::Denied {
                actions,
                resource: need.resource.clone(),
                is_explicit,
            }),
        })
    };
    Ok([Decision::Denied, Decision::NotAllowed].into_iter().filter_map(of).collect())
}

#[cfg(test)]
mod tests;
