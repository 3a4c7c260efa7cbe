//! Quotas of the account, in words.

use weir_ops::check::{AccountFinding, Quota};

use super::Place;

/// What most accounts have, and what to ask for.
const USUAL_EXECUTIONS: u32 = 1_000;

const LAMBDA: &str = "lambda";
const CONCURRENT_EXECUTIONS: &str = "L-B99A9384";

pub(super) fn what(kind: &AccountFinding) -> String {
    match kind {
        AccountFinding::NoRoomForIngest { total, unreserved, lanes, others } => format!(
            "the account has {total} concurrent executions, {unreserved} of them unreserved; the lanes may take {lanes} and \
             archive, orders, notifier and monitor {others}, so that ingest may get none"
        ),
        AccountFinding::LittleRoomForIngest { total, left } => {
            format!("of {total} concurrent executions {left} are left for ingest while all lanes are busy")
        }
        AccountFinding::RoomForIngest { total, left } => {
            format!("{total} concurrent executions, of which {left} are left for ingest while all lanes are busy")
        }
        AccountFinding::RefusedReservation { reserved, most } => {
            format!("the stack would reserve {reserved} concurrent executions, and Lambda allows {most}")
        }
        AccountFinding::AboveQuota { quota, limit, value } => {
            format!("{} is {value}, and the account's quota {:?} is {limit}", parameter(quota), quota.name)
        }
        AccountFinding::Limit { quota, limit } => format!("the account's quota {:?} is {limit}", quota.name),
    }
}

pub(super) fn then(kind: &AccountFinding, place: &Place) -> Option<String> {
    match kind {
        AccountFinding::NoRoomForIngest { .. } => Some(format!(
            "Deploy with UrgentConcurrency=2 StandardConcurrency=2 BulkConcurrency=2, and with ArchiveDays=0 where that is \
             not enough; ask for more by `{}`.",
            increase(LAMBDA, CONCURRENT_EXECUTIONS, USUAL_EXECUTIONS.into(), place)
        )),
        AccountFinding::LittleRoomForIngest { .. } => Some(format!(
            "Ask for more before the first flash sale: `{}`.",
            increase(LAMBDA, CONCURRENT_EXECUTIONS, USUAL_EXECUTIONS.into(), place)
        )),
        AccountFinding::RefusedReservation { .. } => Some(format!(
            "Deploy with IngestReservedConcurrency=0 and ReserveWorkers=false, or ask for more first: `{}`.",
            increase(LAMBDA, CONCURRENT_EXECUTIONS, USUAL_EXECUTIONS.into(), place)
        )),
        AccountFinding::AboveQuota { quota, limit, value } => Some(format!(
            "Deploy with {}={limit}, or ask for more by `{}`.",
            parameter(quota),
            increase(quota.service, quota.code, *value, place)
        )),
        AccountFinding::RoomForIngest { .. } | AccountFinding::Limit { .. } => None,
    }
}

fn parameter(quota: &Quota) -> &'static str {
    quota.parameter.unwrap_or_default()
}

fn increase(service: &str, code: &str, value: f64, place: &Place) -> String {
    format!(
        "aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code} --desired-value \
         {value}{}",
        place.aws()
    )
}
