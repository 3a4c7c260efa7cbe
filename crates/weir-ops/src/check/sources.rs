//! The event sources of the functions: without one, a queue is read by nobody.

use aws_sdk_lambda::Client;
use futures_util::future::join_all;
use weir_aws::reason;
use weir_core::Lane;

use super::{
    model::{Area, Finding, FindingKind, Severity},
    target::CheckTarget,
};

/// What was seen of a function's event source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceFinding {
    /// The function has none.
    Missing,
    /// It does not hand out messages.
    NotEnabled {
        /// Its id.
        id: String,
        /// Lambda's word for its state.
        state: String,
        /// Why, as Lambda says.
        reason: Option<String>,
    },
}

impl SourceFinding {
    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::Missing => "source-missing",
            Self::NotEnabled { .. } => "source-not-enabled",
        }
    }
}

/// Looks at the event source of every function that drains a queue.
pub(super) async fn check(target: &CheckTarget) -> Vec<Finding> {
    let lanes = Lane::ALL.iter().map(|lane| (format!("lane {lane}"), worker(*lane)));
    let others =
        [("archive", "Archive"), ("orders", "OrdersFunction"), ("inventory", "Inventory"), ("notifier", "Notifier")];
    let others = others.map(|(name, id)| (name.to_owned(), id.to_owned()));
    let functions: Vec<_> = lanes.chain(others).filter_map(|(name, id)| Some((name, target.resource(&id)?))).collect();
    let client = Client::new(&target.stack.config);
    let looked = join_all(functions.iter().map(|(name, function)| of_function(&client, name, &function.id))).await;
    looked.into_iter().flatten().collect()
}

/// The template's name of a lane's worker.
fn worker(lane: Lane) -> String {
    let name = lane.as_str();
    format!("{}{}Worker", name[..1].to_uppercase(), &name[1..])
}

async fn of_function(client: &Client, name: &str, function: &str) -> Vec<Finding> {
    let read = match client.list_event_source_mappings().function_name(function).send().await {
        Ok(read) => read,
        Err(error) => return vec![Finding::not_checked(Area::Sources, name, reason(&error))],
    };
    let found = |kind| Finding {
        severity: Severity::Must,
        area: Area::Sources,
        subject: name.to_owned(),
        kind: FindingKind::Source(kind),
    };
    let all = read.event_source_mappings();
    if all.is_empty() {
        return vec![found(SourceFinding::Missing)];
    }
    // One that a deployment changes at this moment hands out messages all the same.
    let is_off = |state: &str| !["Enabled", "Enabling", "Updating", "Creating"].contains(&state);
    let off = all.iter().filter(|one| is_off(one.state().unwrap_or_default()));
    off.map(|one| {
        found(SourceFinding::NotEnabled {
            id: one.uuid().unwrap_or_default().to_owned(),
            state: one.state().unwrap_or("unknown").to_owned(),
            reason: one.state_transition_reason().map(str::to_owned),
        })
    })
    .collect()
}
