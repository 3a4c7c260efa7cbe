//! Lines of the log groups of a stack's functions.

use std::collections::VecDeque;

use aws_sdk_cloudwatchlogs::types::{FilteredLogEvent, LogGroup};
use resilience::UnixMillis;

use super::{line::MESSAGE, run::Reading};
use crate::target::LogsTarget;

/// Hands over each line from `from` to `to` that tells of a call, with its time: of all groups together, the oldest
/// first, for what two functions ask within a minute is redundant too.
pub(super) async fn read(
    target: &LogsTarget,
    from: UnixMillis,
    to: UnixMillis,
    reading: &mut Reading<'_>,
) -> anyhow::Result<()> {
    let mut groups = Vec::new();
    for name in names(target).await? {
        groups.push(Group { name, page: VecDeque::new(), next: Next::First });
    }
    loop {
        for group in &mut groups {
            group.fill(target, from, to, reading).await?;
        }
        let oldest = groups.iter_mut().filter(|group| !group.page.is_empty()).min_by_key(|group| group.oldest());
        let Some(event) = oldest.and_then(|group| group.page.pop_front()) else { return Ok(()) };
        reading.take(event.message().unwrap_or_default().as_bytes(), event.timestamp().map(UnixMillis));
    }
}

/// A log group, a page of which is here.
struct Group {
    name: String,
    page: VecDeque<FilteredLogEvent>,
    next: Next,
}

enum Next {
    First,
    After(String),
    None,
}

impl Group {
    fn oldest(&self) -> Option<i64> {
        self.page.front().and_then(FilteredLogEvent::timestamp)
    }

    /// Sees to it that its oldest line is here, if there is one more. Pages may be empty: CloudWatch answers after a
    /// megabyte that it searched, whatever it found.
    async fn fill(
        &mut self,
        target: &LogsTarget,
        from: UnixMillis,
        to: UnixMillis,
        reading: &mut Reading<'_>,
    ) -> anyhow::Result<()> {
        while self.page.is_empty() {
            let token = match std::mem::replace(&mut self.next, Next::None) {
                Next::First => None,
                Next::After(token) => Some(token),
                Next::None => return Ok(()),
            };
            let request = target.client.filter_log_events().log_group_name(&self.name).start_time(from.0);
            let request = request.end_time(to.0);
            let request = request.filter_pattern(format!("\"{MESSAGE}\"")).set_next_token(token);
            let unreadable = |error| failed(target, &format!("log group {} could not be read", self.name), &error);
            let reply = request.send().await.map_err(unreadable)?;
            self.next = reply.next_token.map_or(Next::None, Next::After);
            self.page = reply.events.unwrap_or_default().into();
            reading.page();
        }
        Ok(())
    }
}

/// The groups whose names begin as those of the stack's functions do.
async fn names(target: &LogsTarget) -> anyhow::Result<Vec<String>> {
    let groups = target.client.describe_log_groups().log_group_name_prefix(&target.prefix).into_paginator().items();
    let groups: Vec<LogGroup> = groups
        .send()
        .collect::<Result<_, _>>()
        .await
        .map_err(|error| failed(target, "the log groups could not be listed", &error))?;
    if groups.is_empty() {
        anyhow::bail!("there is no log group {}*\nhint: {}", target.prefix, target.hint);
    }
    Ok(groups.into_iter().filter_map(|group| group.log_group_name).collect())
}

fn failed(target: &LogsTarget, what: &str, error: &(dyn std::error::Error + 'static)) -> anyhow::Error {
    anyhow::anyhow!("{what}: {}\nhint: {}", weir_aws::reason(error), target.hint)
}
