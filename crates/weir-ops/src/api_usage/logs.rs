//! Lines of the log groups of a stack's functions.

use std::collections::VecDeque;

use aws_sdk_cloudwatchlogs::{
    Client,
    types::{FilteredLogEvent, LogGroup},
};
use aws_smithy_types::retry::RetryConfig;
use resilience::UnixMillis;

use super::line::MESSAGE;
use crate::Stack;

/// CloudWatch Logs lets an account search five times a second: of a long log, some calls are refused.
const MAX_ATTEMPTS: u32 = 6;

/// The log groups of a stack's functions.
#[derive(Debug)]
pub struct FunctionLogs {
    client: Client,
    /// Their names begin with it.
    prefix: String,
}

/// A step of reading them.
#[derive(Debug)]
pub enum Step<'a> {
    /// A line that tells of a call, and when the log says that it came.
    Line(&'a [u8], Option<UnixMillis>),
    /// One more page was searched, whatever was on it.
    Page,
}

/// The logs can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// CloudWatch Logs does not list the groups.
    #[error("the log groups could not be listed: {reason}")]
    List {
        /// What it said.
        reason: String,
    },
    /// There is none.
    #[error("there is no log group {prefix}*")]
    NoGroup {
        /// What their names begin with.
        prefix: String,
    },
    /// CloudWatch Logs does not read a group.
    #[error("log group {group} could not be read: {reason}")]
    Read {
        /// The group's name.
        group: String,
        /// What it said.
        reason: String,
    },
}

impl FunctionLogs {
    /// Those of a stack.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        let config = if stack.is_emulated {
            stack.config.clone()
        } else {
            let retries = RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS);
            stack.config.clone().into_builder().retry_config(retries).build()
        };
        Self { client: Client::new(&config), prefix: format!("/aws/lambda/{}/", stack.name) }
    }

    /// What the names of the groups begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Hands over each line from `from` to `to` that tells of a call: of all groups together, the oldest first, because
    /// what two functions ask within a minute is redundant too.
    ///
    /// # Errors
    /// If there is no group, or CloudWatch Logs does not answer.
    pub async fn read(
        &self,
        from: UnixMillis,
        to: UnixMillis,
        mut take: impl FnMut(Step<'_>),
    ) -> Result<(), LogsError> {
        let mut groups = Vec::new();
        for name in self.names().await? {
            groups.push(Group { name, page: VecDeque::new(), next: Next::First });
        }
        loop {
            for group in &mut groups {
                group.fill(&self.client, from, to, &mut take).await?;
            }
            let oldest = groups.iter_mut().filter(|group| !group.page.is_empty()).min_by_key(|group| group.oldest());
            let Some(event) = oldest.and_then(|group| group.page.pop_front()) else { return Ok(()) };
            take(Step::Line(event.message().unwrap_or_default().as_bytes(), event.timestamp().map(UnixMillis)));
        }
    }

    async fn names(&self) -> Result<Vec<String>, LogsError> {
        let groups = self.client.describe_log_groups().log_group_name_prefix(&self.prefix).into_paginator().items();
        let groups: Result<Vec<LogGroup>, _> = groups.send().collect().await;
        let groups = groups.map_err(|error| LogsError::List { reason: weir_aws::reason(&error) })?;
        if groups.is_empty() {
            return Err(LogsError::NoGroup { prefix: self.prefix.clone() });
        }
        Ok(groups.into_iter().filter_map(|group| group.log_group_name).collect())
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

    /// Reads on until its oldest line is here, if there is one more. Pages may be empty: CloudWatch answers after a
    /// megabyte that it searched, whatever it found.
    async fn fill(
        &mut self,
        client: &Client,
        from: UnixMillis,
        to: UnixMillis,
        take: &mut impl FnMut(Step<'_>),
    ) -> Result<(), LogsError> {
        while self.page.is_empty() {
            let token = match std::mem::replace(&mut self.next, Next::None) {
                Next::First => None,
                Next::After(token) => Some(token),
                Next::None => return Ok(()),
            };
            let request = client.filter_log_events().log_group_name(&self.name).start_time(from.0);
            let request = request.end_time(to.0);
            let request = request.filter_pattern(format!("\"{MESSAGE}\"")).set_next_token(token);
            let reply = request
                .send()
                .await
                .map_err(|error| LogsError::Read { group: self.name.clone(), reason: weir_aws::reason(&error) })?;
            self.next = reply.next_token.map_or(Next::None, Next::After);
            self.page = reply.events.unwrap_or_default().into();
            take(Step::Page);
        }
        Ok(())
    }
}
