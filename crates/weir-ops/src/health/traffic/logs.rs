//! Metrics of the functions' logs, for a stack on an emulator: it has none of CloudWatch's.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_cloudwatchlogs::Client;
use resilience::UnixMillis;
use weir_telemetry::metrics::NAMESPACE;

use super::{super::error::HealthError, line, samples::Samples};
use crate::Stack;

/// What stands in each line that CloudWatch makes metrics of.
const PATTERN: &str = "\"CloudWatchMetrics\"";

/// Reads on where it ended before.
#[derive(Debug)]
pub(in super::super) struct Logs {
    client: Client,
    prefix: String,
    samples: Samples,
    /// By log group: the time of the last line that was read, and the ids of those at that time.
    ends: BTreeMap<String, (i64, Vec<String>)>,
}

impl Logs {
    pub(super) fn of(stack: &Stack) -> Self {
        Self {
            client: Client::new(&stack.config),
            prefix: format!("/aws/lambda/{}/", stack.name),
            samples: Samples::default(),
            ends: BTreeMap::new(),
        }
    }

    /// The values of the `last` time.
    pub(super) async fn read(&mut self, now: UnixMillis, last: Duration) -> Result<&Samples, HealthError> {
        for group in self.groups().await? {
            self.read_on(&group, now - last).await?;
        }
        self.samples.forget(now, last);
        Ok(&self.samples)
    }

    async fn read_on(&mut self, group: &str, from: UnixMillis) -> Result<(), HealthError> {
        let (start, seen) = self.ends.get(group).cloned().unwrap_or((from.0, Vec::new()));
        let (mut end, mut at_end) = (start, seen.clone());
        let request = self.client.filter_log_events().log_group_name(group).start_time(start).filter_pattern(PATTERN);
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed(&error))?;
            for event in page.events() {
                let (id, at) = (event.event_id().unwrap_or_default(), event.timestamp().unwrap_or(start));
                if seen.iter().any(|seen| seen == id) {
                    continue;
                }
                if at > end {
                    (end, at_end) = (at, Vec::new());
                }
                if at == end {
                    at_end.push(id.to_owned());
                }
                let message = event.message().unwrap_or_default();
                line::read(message, NAMESPACE, |name, values| self.samples.add(name, UnixMillis(at), values));
            }
        }
        self.ends.insert(group.to_owned(), (end, at_end));
        Ok(())
    }

    async fn groups(&self) -> Result<Vec<String>, HealthError> {
        let groups = self.client.describe_log_groups().log_group_name_prefix(&self.prefix).into_paginator().items();
        let groups: Result<Vec<_>, _> = groups.send().collect().await;
        let groups = groups.map_err(|error| failed(&error))?;
        Ok(groups.into_iter().filter_map(|group| group.log_group_name).collect())
    }
}

fn failed(error: &(dyn std::error::Error + 'static)) -> HealthError {
    HealthError::Logs { reason: weir_aws::reason(error) }
}
