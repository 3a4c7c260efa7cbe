//! The account's quotas, beside what the stack asks of them.

use aws_sdk_servicequotas::{
    Client as ServiceQuotas,
    error::SdkError,
    operation::{
        get_aws_default_service_quota::GetAWSDefaultServiceQuotaError, get_service_quota::GetServiceQuotaError,
    },
};
use weir_aws::{SdkConfig, reason};

use super::{
    model::{Area, Finding, FindingKind, Severity},
    quotas::{Allowance, Demand, Room, default},
};

/// A quota that Service Quotas has, and that a parameter of the stack must not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Its name in Service Quotas.
    pub name: &'static str,
    /// The service's code there.
    pub service: &'static str,
    /// Its code there.
    pub code: &'static str,
    /// The parameter; `None` for one that is only shown.
    pub parameter: Option<&'static str>,
}

/// Codes as Service Quotas has them in every account.
const QUOTAS: [Quota; 4] = [
    Quota { name: "Throttle rate", service: "apigateway", code: "L-8A5B8E43", parameter: Some("ThrottleRate") },
    Quota { name: "Throttle burst rate", service: "apigateway", code: "L-CDF5615A", parameter: Some("ThrottleBurst") },
    Quota {
        name: "Table-level write throughput limit",
        service: "dynamodb",
        code: "L-F98FE922",
        parameter: Some("WarmWritesPerSecond"),
    },
    Quota {
        name: "PutEvents throttle limit in transactions per second",
        service: "events",
        code: "L-9B653E91",
        parameter: None,
    },
];

/// What was seen of a quota.
#[derive(Debug, Clone, PartialEq)]
pub enum AccountFinding {
    /// While all lanes are busy, nothing is left for ingest.
    NoRoomForIngest {
        /// Executions at once that the account has.
        total: u32,
        /// What no function reserves.
        unreserved: u32,
        /// What the lanes may take.
        lanes: u32,
        /// What archive, orders, notifier and monitor may take.
        others: u32,
    },
    /// While all lanes are busy, little is left for ingest.
    LittleRoomForIngest {
        /// Executions at once that the account has.
        total: u32,
        /// What is left.
        left: u32,
    },
    /// Enough is left for ingest.
    RoomForIngest {
        /// Executions at once that the account has.
        total: u32,
        /// What is left.
        left: u32,
    },
    /// Lambda refuses what the stack would reserve.
    RefusedReservation {
        /// What it would reserve.
        reserved: u32,
        /// The most that the account can reserve.
        most: u32,
    },
    /// A parameter exceeds the account's quota.
    AboveQuota {
        /// Which quota.
        quota: Quota,
        /// Its value.
        limit: f64,
        /// The parameter's value.
        value: f64,
    },
    /// A quota that no parameter is compared with.
    Limit {
        /// Which quota.
        quota: Quota,
        /// Its value.
        limit: f64,
    },
}

impl AccountFinding {
    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::NoRoomForIngest { .. } => "no-room-for-ingest",
            Self::LittleRoomForIngest { .. } => "little-room-for-ingest",
            Self::RoomForIngest { .. } => "room-for-ingest",
            Self::RefusedReservation { .. } => "refused-reservation",
            Self::AboveQuota { .. } => "above-quota",
            Self::Limit { .. } => "limit",
        }
    }
}

/// Compares the quotas of an account and region with a stack's parameters. `is_deployed`: whether the stack is there.
pub(super) async fn check<'a>(
    config: &SdkConfig,
    parameter: impl Fn(&str) -> Option<&'a str> + Copy,
    is_deployed: bool,
) -> Vec<Finding> {
    let quotas = ServiceQuotas::new(config);
    let limits = futures_util::future::join_all(QUOTAS.map(|quota| limit(&quotas, quota)));
    let (allowance, limits) = tokio::join!(allowance(config), limits);
    let mut found = vec![match allowance {
        Ok(allowance) => concurrency(Demand::of(parameter), allowance, is_deployed),
        Err(reason) => Finding::not_checked(Area::Quotas, "Lambda", reason),
    }];
    let mut unread: Vec<String> = Vec::new();
    for (quota, limit) in QUOTAS.into_iter().zip(limits) {
        match limit {
            Ok(limit) => found.extend(compared(quota, limit, parameter, is_deployed)),
            // Service Quotas refuses or lacks all of them alike.
            Err(reason) if unread.contains(&reason) => {}
            Err(reason) => {
                found.push(Finding::not_checked(Area::Quotas, "Service Quotas", reason.clone()));
                unread.push(reason);
            }
        }
    }
    found
}

/// What Lambda allows the account.
async fn allowance(config: &SdkConfig) -> Result<Allowance, String> {
    let settings = aws_sdk_lambda::Client::new(config).get_account_settings().send().await;
    let settings = settings.map_err(|error| reason(&error))?;
    let limit = settings.account_limit().ok_or("Lambda names no limit")?;
    let count = |number: i32| u32::try_from(number).unwrap_or_default();
    let total = count(limit.concurrent_executions());
    Ok(Allowance { total, unreserved: limit.unreserved_concurrent_executions().map_or(total, count) })
}

fn concurrency(demand: Demand, allowance: Allowance, is_deployed: bool) -> Finding {
    let Allowance { total, unreserved } = allowance;
    let Demand { lanes, others, .. } = demand;
    let (severity, finding) = match demand.room(allowance, is_deployed) {
        Room::None => (Severity::Must, AccountFinding::NoRoomForIngest { total, unreserved, lanes, others }),
        Room::Little(left) => (Severity::Should, AccountFinding::LittleRoomForIngest { total, left }),
        Room::Enough(left) => (Severity::Note, AccountFinding::RoomForIngest { total, left }),
        Room::RefusedReservation { reserved, most } => {
            (Severity::Must, AccountFinding::RefusedReservation { reserved, most })
        }
    };
    found(severity, "Lambda", finding)
}

fn compared<'a>(
    quota: Quota,
    limit: f64,
    parameter: impl Fn(&str) -> Option<&'a str>,
    is_deployed: bool,
) -> Option<Finding> {
    let Some(name) = quota.parameter else {
        return Some(found(Severity::Note, quota.service, AccountFinding::Limit { quota, limit }));
    };
    let value: f64 = parameter(name).or_else(|| default(name))?.parse().ok()?;
    // A deployment is refused; a stack that runs is bounded by the quota in place of the parameter.
    let severity = if is_deployed { Severity::Should } else { Severity::Must };
    (value > limit).then(|| found(severity, quota.service, AccountFinding::AboveQuota { quota, limit, value }))
}

fn found(severity: Severity, subject: &str, finding: AccountFinding) -> Finding {
    Finding { severity, area: Area::Quotas, subject: subject.to_owned(), kind: FindingKind::Account(finding) }
}

/// The quota's value in this account; that of AWS where the account has none of its own.
async fn limit(quotas: &ServiceQuotas, quota: Quota) -> Result<f64, String> {
    let unnamed = || format!("{} has no value", quota.name);
    match quotas.get_service_quota().service_code(quota.service).quota_code(quota.code).send().await {
        Ok(own) => own.quota().and_then(|quota| quota.value()).ok_or_else(unnamed),
        Err(error) if has_none(&error) => {
            let request = quotas.get_aws_default_service_quota();
            let default = request.service_code(quota.service).quota_code(quota.code).send().await;
            let default = default.map_err(|error: SdkError<GetAWSDefaultServiceQuotaError>| reason(&error))?;
            default.quota().and_then(|quota| quota.value()).ok_or_else(unnamed)
        }
        Err(error) => Err(reason(&error)),
    }
}

fn has_none(error: &SdkError<GetServiceQuotaError>) -> bool {
    error.as_service_error().is_some_and(GetServiceQuotaError::is_no_such_resource_exception)
}

#[cfg(test)]
mod tests;
