//! The rules of the bus and their targets: what no rule takes is accepted and gone.

mod queue;

use std::collections::BTreeSet;

use aws_sdk_eventbridge::{
    Client,
    types::{Rule, RuleState, Target},
};
use weir_aws::reason;

use self::queue::Queues;
use super::{
    model::{Area, Finding, FindingKind, Severity},
    target::CheckTarget,
};

/// What was seen of a rule of the bus, or of the monitor's schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusFinding {
    /// The template has it, or a parameter names it, and it is gone.
    RuleGone,
    /// It is switched off.
    RuleOff {
        /// Whether weir's template has it.
        is_own: bool,
    },
    /// It takes events and sends them nowhere.
    NoTarget {
        /// Whether weir's template has it.
        is_own: bool,
    },
    /// The queue that it sends to does not exist.
    TargetGone {
        /// The queue's ARN.
        target: String,
    },
    /// The policy of the queue that it sends to does not let EventBridge send.
    TargetClosed {
        /// The queue's ARN.
        target: String,
    },
    /// No rule takes events for a service of the operator's own.
    NoRuleOfYours {
        /// The bus.
        bus: String,
    },
}

impl BusFinding {
    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::RuleGone => "rule-gone",
            Self::RuleOff { .. } => "rule-off",
            Self::NoTarget { .. } => "rule-without-target",
            Self::TargetGone { .. } => "target-gone",
            Self::TargetClosed { .. } => "target-closed",
            Self::NoRuleOfYours { .. } => "no-rule-of-yours",
        }
    }
}

/// Looks at every rule of the bus, and at the schedule of the monitor.
pub(super) async fn check(target: &CheckTarget) -> Vec<Finding> {
    let client = Client::new(&target.stack.config);
    let mut found = match target.stack.output("BusName") {
        Ok(bus) => rules(target, &client, &bus)
            .await
            .unwrap_or_else(|reason| vec![Finding::not_checked(Area::Bus, bus, reason)]),
        Err(error) => vec![Finding::not_checked(Area::Bus, "bus", error.to_string())],
    };
    found.extend(schedule(target, &client).await);
    found
}

async fn rules(target: &CheckTarget, client: &Client, bus: &str) -> Result<Vec<Finding>, String> {
    let rules = list(client, bus).await?;
    let own: BTreeSet<&str> = own_rules(target, bus);
    // An emulator names a rule without its bus; the monitor's schedule, which is on another, has no bus on AWS either.
    let own_by_name: BTreeSet<&str> = target.of_kind("AWS::Events::Rule").map(|(_, id)| id).collect();
    let queues = Queues::new(target);
    let named = target.stack.parameter("ComplianceRule").filter(|name| !name.is_empty());
    let names: BTreeSet<&str> = rules.iter().filter_map(Rule::name).collect();
    let missing = own.iter().copied().chain(named).filter(|name| !names.contains(name));
    let mut found: Vec<Finding> = missing.map(|name| finding(Severity::Must, name, BusFinding::RuleGone)).collect();
    let mut has_one_of_yours = false;
    for rule in &rules {
        let Some(name) = rule.name() else { continue };
        // The archive of EventBridge keeps a rule of its own on the bus.
        if rule.managed_by().is_some() {
            continue;
        }
        let is_own = own.contains(name) || own_by_name.contains(name);
        has_one_of_yours |= !is_own;
        if rule.state() == Some(&RuleState::Disabled) {
            let severity = if is_own { Severity::Must } else { Severity::Should };
            found.push(finding(severity, name, BusFinding::RuleOff { is_own }));
            continue;
        }
        let targets = client.list_targets_by_rule().event_bus_name(bus).rule(name).send().await;
        let targets = targets.map_err(|error| reason(&error))?;
        found.extend(of_targets(name, is_own, targets.targets(), &queues).await);
    }
    if !has_one_of_yours {
        found.push(finding(Severity::Note, bus, BusFinding::NoRuleOfYours { bus: bus.to_owned() }));
    }
    Ok(found)
}

async fn of_targets(name: &str, is_own: bool, targets: &[Target], queues: &Queues) -> Vec<Finding> {
    let severity = if is_own { Severity::Must } else { Severity::Should };
    if targets.is_empty() {
        return vec![finding(severity, name, BusFinding::NoTarget { is_own })];
    }
    let mut found = Vec::new();
    for target in targets {
        match queues.look(target.arn()).await {
            Ok(kind) => found.extend(kind.map(|kind| finding(severity, name, kind))),
            Err(reason) => found.push(Finding::not_checked(Area::Bus, format!("rule {name}"), reason)),
        }
    }
    found
}

/// The names of the template's rules on the bus. `!Ref` of such a rule is `BUS|NAME`.
fn own_rules<'a>(target: &'a CheckTarget, bus: &str) -> BTreeSet<&'a str> {
    let rules = target.of_kind("AWS::Events::Rule").map(|(_, id)| id);
    rules.filter_map(|id| id.split_once('|')).filter(|(of, _)| *of == bus).map(|(_, name)| name).collect()
}

async fn list(client: &Client, bus: &str) -> Result<Vec<Rule>, String> {
    let (mut rules, mut next) = (Vec::new(), None);
    loop {
        let page = client.list_rules().event_bus_name(bus).set_next_token(next).send().await;
        let page = page.map_err(|error| reason(&error))?;
        rules.extend_from_slice(page.rules());
        next = page.next_token;
        if next.is_none() {
            return Ok(rules);
        }
    }
}

/// The monitor's schedule, unless a parameter keeps it off.
async fn schedule(target: &CheckTarget, client: &Client) -> Option<Finding> {
    let rule = target.resource("MonitorSchedule")?;
    if target.stack.parameter("MonitorState") == Some("DISABLED") {
        return None;
    }
    match client.describe_rule().name(&rule.id).send().await {
        Ok(rule) if rule.state() == Some(&RuleState::Disabled) => {
            Some(finding(Severity::Must, "MonitorSchedule", BusFinding::RuleOff { is_own: true }))
        }
        Ok(_) => None,
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
            Some(finding(Severity::Must, "MonitorSchedule", BusFinding::RuleGone))
        }
        Err(error) => Some(Finding::not_checked(Area::Bus, "MonitorSchedule", reason(&error))),
    }
}

fn finding(severity: Severity, subject: &str, kind: BusFinding) -> Finding {
    Finding { severity, area: Area::Bus, subject: format!("rule {subject}"), kind: FindingKind::Bus(kind) }
}

#[cfg(test)]
mod tests;
