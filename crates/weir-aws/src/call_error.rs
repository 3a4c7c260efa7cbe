//! What a call of AWS came to that did not succeed, and whose fault that is.

use std::{error::Error, time::Duration};

use aws_smithy_runtime_api::{
    client::{orchestrator::HttpResponse, result::SdkError},
    http::StatusCode,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use weir_core::Failure;

use crate::reason::reason;

/// When to call again a service that did not answer.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Whose fault a failed call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The service did not answer, throttles, or fails: it passes by itself.
    Unavailable,
    /// The service refuses because of permissions, names or shapes: every such call fails until somebody changes one.
    Misconfigured,
    /// The service refuses what this one request carries, and takes others.
    Rejected,
}

/// A call of AWS that failed. Its text names the operation, what it was made on and AWS's code: not AWS's sentence, which
/// quotes roles, accounts and at times the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} on {resource}: {reason}")]
pub struct CallError {
    /// `PutEvents`, …
    pub operation: &'static str,
    /// The table, queue, bus, bucket, parameter or secret, by its name.
    pub resource: String,
    /// AWS's code; or what kept the answer away.
    pub reason: String,
    /// Whose fault it is.
    pub class: ErrorClass,
}

impl CallError {
    /// What the SDK said of a call.
    pub fn of<E>(operation: &'static str, resource: &str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let status = error.raw_response().map(HttpResponse::status);
        let (reason, class) = match error {
            SdkError::ServiceError(_) => match (error.code(), status) {
                (Some(code), _) => (code.to_owned(), classify(code, status)),
                (None, Some(status)) => (format!("HTTP {}", status.as_u16()), of_status(Some(status))),
                (None, None) => ("an error without a code".to_owned(), ErrorClass::Unavailable),
            },
            SdkError::ConstructionFailure(_) => (reason(error), ErrorClass::Misconfigured),
            _ => (reason(error), of_status(status)),
        };
        Self { operation, resource: resource.to_owned(), reason, class }
    }

    /// The refusal of one entry of a call, which has a code and no status.
    pub fn of_entry(operation: &'static str, resource: &str, code: &str) -> Self {
        let (resource, reason) = (resource.to_owned(), code.to_owned());
        Self { operation, resource, reason, class: classify(code, None) }
    }

    /// What becomes of the event that needed the call.
    pub fn failure(&self) -> Failure {
        match self.class {
            ErrorClass::Unavailable => Failure::outage(self, RETRY_AFTER),
            ErrorClass::Misconfigured => Failure::misconfigured(self),
            ErrorClass::Rejected => Failure::permanent(self),
        }
    }
}

/// What a failed write of a table means for the event that needed it, wherever in the chain of `error` the SDK's own lies.
#[cfg(feature = "tables")]
pub fn table_failure(table: &str, error: &(dyn Error + 'static)) -> Failure {
    use aws_sdk_dynamodb::operation::{put_item::PutItemError, update_item::UpdateItemError};
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<SdkError<UpdateItemError, HttpResponse>>() {
            return CallError::of("UpdateItem", table, error).failure();
        }
        if let Some(error) = error.downcast_ref::<SdkError<PutItemError, HttpResponse>>() {
            return CallError::of("PutItem", table, error).failure();
        }
        next = error.source();
    }
    Failure::outage(reason(error), RETRY_AFTER)
}

/// Parts of codes that say that one request is at fault, whatever else is sent.
const REJECTED: &[&str] =
    &["invalidmessagecontents", "entitytoolarge", "requesttoolong", "requesttoolarge", "keytoolong", "malformeddetail"];

/// Parts of codes of what passes by itself, though many come with a status of 400.
const PASSING: &[&str] = &[
    "throttl",
    "limitexceeded",
    "quotaexceeded",
    "toomanyrequests",
    "toomanyupdates",
    "slowdown",
    "overlimit",
    "provisionedthroughput",
    "internal",
    "unavailable",
    "timeout",
    "timedout",
    "conflict",
    "inprogress",
    "inuse",
    "busy",
    "operationaborted",
    "priorrequestnotcomplete",
    "servicefailure",
];

/// Parts of codes of what somebody has to change: permissions, credentials, keys, names, shapes.
const MISCONFIGURED: &[&str] = &[
    "accessdenied",
    "accessdisabled",
    "forbidden",
    "unauthorized",
    "notauthorized",
    "authorization",
    "authentication",
    "unrecognizedclient",
    "invalidclienttoken",
    "invalidaccesskey",
    "signature",
    "expiredtoken",
    "invalidtoken",
    "requestexpired",
    "skewed",
    "optin",
    "kms",
    "decryption",
    "invalidkey",
    "notfound",
    "nonexistent",
    "doesnotexist",
    "nosuch",
    "validation",
    "invalidparameter",
    "invalidrequest",
    "invalidaddress",
    "invalidaction",
    "invalidattribute",
    "invalidbucket",
    "invalidsecurity",
    "missingparameter",
    "missingaction",
    "serialization",
    "unknownoperation",
    "unsupportedoperation",
    "redirect",
];

/// The class of a code, however a service spells it: with a namespace before it, or with an address behind it.
fn classify(code: &str, status: Option<StatusCode>) -> ErrorClass {
    let code = code.split(':').next().unwrap_or(code).to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| code.contains(part));
    match () {
        () if has(REJECTED) => ErrorClass::Rejected,
        () if has(PASSING) => ErrorClass::Unavailable,
        () if has(MISCONFIGURED) => ErrorClass::Misconfigured,
        // A code that nobody here knows.
        () => of_status(status),
    }
}

fn of_status(status: Option<StatusCode>) -> ErrorClass {
    match status.map(StatusCode::as_u16) {
        Some(413) => ErrorClass::Rejected,
        Some(408 | 429) => ErrorClass::Unavailable,
        Some(300..500) => ErrorClass::Misconfigured,
        _ => ErrorClass::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorClass::*, *};

    fn status(code: u16) -> Option<StatusCode> {
        StatusCode::try_from(code).ok()
    }

    #[test]
    fn code_of_each_service_has_its_class() {
        for (service, code, http, class) in [
            ("any", "AccessDeniedException", 400, Misconfigured),
            ("any", "UnrecognizedClientException", 400, Misconfigured),
            ("any", "InvalidSignatureException", 400, Misconfigured),
            ("any", "SignatureDoesNotMatch", 403, Misconfigured),
            ("any", "ExpiredTokenException", 400, Misconfigured),
            ("any", "InvalidClientTokenId", 403, Misconfigured),
            ("any", "MissingAuthenticationTokenException", 400, Misconfigured),
            ("any", "IncompleteSignatureException", 400, Misconfigured),
            ("any", "RequestExpired", 400, Misconfigured),
            ("any", "OptInRequired", 403, Misconfigured),
            ("any", "NotAuthorized", 400, Misconfigured),
            ("any", "UnknownOperationException", 400, Misconfigured),
            ("any", "SerializationException", 400, Misconfigured),
            ("any", "ThrottlingException", 400, Unavailable),
            ("any", "RequestLimitExceeded", 400, Unavailable),
            ("any", "InternalFailure", 500, Unavailable),
            ("any", "ServiceUnavailable", 503, Unavailable),
            ("any", "RequestTimeout", 400, Unavailable),
            ("any", "SomethingNewException", 400, Misconfigured),
            ("any", "SomethingNewException", 429, Unavailable),
            ("any", "SomethingNewException", 500, Unavailable),
            ("DynamoDB", "ResourceNotFoundException", 400, Misconfigured),
            ("DynamoDB", "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", 400, Misconfigured),
            ("DynamoDB", "ValidationException", 400, Misconfigured),
            ("DynamoDB", "ProvisionedThroughputExceededException", 400, Unavailable),
            ("DynamoDB", "TransactionConflictException", 400, Unavailable),
            ("DynamoDB", "InternalServerError", 500, Unavailable),
            ("DynamoDB", "KMSAccessDeniedException", 400, Misconfigured),
            ("SQS", "AWS.SimpleQueueService.NonExistentQueue", 400, Misconfigured),
            ("SQS", "QueueDoesNotExist", 400, Misconfigured),
            ("SQS", "InvalidAddress", 404, Misconfigured),
            ("SQS", "InvalidParameterValue", 400, Misconfigured),
            ("SQS", "KmsAccessDenied", 400, Misconfigured),
            ("SQS", "KmsDisabled", 400, Misconfigured),
            ("SQS", "KmsThrottled", 400, Unavailable),
            ("SQS", "OverLimit", 403, Unavailable),
            ("SQS", "InvalidMessageContents", 400, Rejected),
            ("S3", "AccessDenied", 403, Misconfigured),
            ("S3", "NoSuchBucket", 404, Misconfigured),
            ("S3", "PermanentRedirect", 301, Misconfigured),
            ("S3", "AuthorizationHeaderMalformed", 400, Misconfigured),
            ("S3", "RequestTimeTooSkewed", 403, Misconfigured),
            ("S3", "KMS.DisabledException", 400, Misconfigured),
            ("S3", "SlowDown", 503, Unavailable),
            ("S3", "OperationAborted", 409, Unavailable),
            ("S3", "EntityTooLarge", 400, Rejected),
            ("SSM", "InvalidKeyId", 400, Misconfigured),
            ("SSM", "TooManyUpdates", 400, Unavailable),
            ("Secrets Manager", "DecryptionFailure", 400, Misconfigured),
            ("Secrets Manager", "InvalidRequestException", 400, Misconfigured),
            ("Secrets Manager", "InternalServiceError", 500, Unavailable),
            ("EventBridge", "ResourceNotFoundException", 400, Misconfigured),
            ("EventBridge", "RequestEntityTooLarge", 413, Rejected),
        ] {
            assert_eq!(classify(code, status(http)), class, "{service}: {code}, HTTP {http}");
        }
    }

    #[test]
    fn code_of_an_entry_has_its_class_without_a_status() {
        for (code, class) in [
            ("AccessDeniedException", Misconfigured),
            ("NotAuthorizedForSourceException", Misconfigured),
            ("KMSAccessDenied", Misconfigured),
            ("ResourceNotFoundException", Misconfigured),
            ("ThrottlingException", Unavailable),
            ("InternalFailure", Unavailable),
            ("SomethingNew", Unavailable),
            ("MalformedDetail", Rejected),
        ] {
            assert_eq!(CallError::of_entry("PutEvents", "bus", code).class, class, "{code}");
        }
    }

    #[test]
    fn answer_without_a_code_is_judged_by_its_status() {
        for (http, class) in
            [(403, Misconfigured), (404, Misconfigured), (413, Rejected), (429, Unavailable), (502, Unavailable)]
        {
            assert_eq!(of_status(status(http)), class, "{http}");
        }
        assert_eq!(of_status(None), Unavailable);
    }

    #[test]
    fn failure_names_the_call_and_follows_its_class() {
        let error = |code| CallError::of_entry("PutEvents", "shop-bus", code).failure();
        assert_eq!(error("InternalFailure"), Failure::outage("PutEvents on shop-bus: InternalFailure", RETRY_AFTER));
        let refused = error("AccessDeniedException");
        assert_eq!(refused.reason(), "misconfigured: PutEvents on shop-bus: AccessDeniedException");
        assert!(matches!(refused, Failure::Misconfigured(_)));
        assert!(error("MalformedDetail").is_permanent());
    }
}
