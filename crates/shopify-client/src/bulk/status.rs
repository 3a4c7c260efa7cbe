//! How an operation stands, and how it ended.

use std::time::Duration;

use resilience::Backoff;
use shopify_webhook::ShopDomain;

use super::BulkError;
use crate::{
    Call, Client,
    operations::{
        BulkOperationById, BulkOperationCancel, Url,
        bulk_operation_by_id::{
            BulkOperationByIdBulkOperation as Operation, BulkOperationErrorCode, BulkOperationStatus, Variables,
        },
        bulk_operation_cancel,
    },
};

/// How an operation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It is created, running or being canceled.
    Running {
        /// Objects so far.
        objects: u64,
    },
    /// It is over.
    Ended(Ended),
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It did all of its work; `None` if that brought nothing.
    Complete(Option<ResultFile>),
    /// It broke off, and what it had until then can be read.
    Partial {
        /// Why it broke off.
        why: Why,
        /// What there is. How long it is is not known.
        file: ResultFile,
    },
    /// It broke off, and there is nothing to read.
    Nothing {
        /// Why it broke off.
        why: Why,
    },
}

/// Why an operation did not do all of its work, or its work can't be read any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It failed, with Shopify's code, such as `TIMEOUT`.
    Failed(String),
    /// Somebody canceled it.
    Canceled,
    /// Its time is over: results are kept for seven days.
    Expired,
}

/// A result to be read by [`Lines`](super::Lines) or [`Groups`](super::Groups).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultFile {
    /// The operation that it is of.
    pub operation: String,
    /// Where it lies, signed.
    pub url: Url,
    /// How long it is.
    pub bytes: Option<u64>,
    /// How many lines it has.
    pub objects: Option<u64>,
}

/// Waits between two looks.
const LOOKS: Backoff = Backoff { base: Duration::from_secs(4), cap: Duration::from_secs(60) };
const LEAST: Duration = Duration::from_secs(1);
/// When a parked caller comes back, should the webhook not have come.
const PARK: Duration = Duration::from_secs(60);

/// How the operation stands now. The handler of `bulk_operations/finish` calls it with the `admin_graphql_api_id` of
/// the webhook, which carries no address.
pub async fn status(client: &Client, shop: &ShopDomain, id: &str, call: &Call) -> Result<Progress, BulkError> {
    let variables = Variables { id: id.to_owned() };
    let reply = client.run::<BulkOperationById>(shop, variables, call).await?;
    reply.data.bulk_operation.map(progress).ok_or_else(|| BulkError::Unknown(id.to_owned()))
}

/// Looks until the operation is over, ever less often.
///
/// # Errors
/// [`BulkError::NotYet`] if it is still running at the end of the caller's time.
pub async fn wait(client: &Client, shop: &ShopDomain, id: &str, call: &Call) -> Result<Ended, BulkError> {
    let mut looks = 0;
    loop {
        if let Progress::Ended(ended) = status(client, shop, id, call).await? {
            return Ok(ended);
        }
        looks += 1;
        pause(LOOKS, looks, "the bulk operation is still running", call).await?;
    }
}

/// Asks for the operation's end. It goes on for a while: [`status`] says when it is over.
pub async fn cancel(client: &Client, shop: &ShopDomain, id: &str, call: &Call) -> Result<(), BulkError> {
    let variables = bulk_operation_cancel::Variables { id: id.to_owned() };
    client.run::<BulkOperationCancel>(shop, variables, call).await?;
    Ok(())
}

/// Waits within the caller's time, or says when to come back.
pub(super) async fn pause(backoff: Backoff, tries: u32, what: &'static str, call: &Call) -> Result<(), BulkError> {
    let wait = backoff.delay(tries, &mut fastrand::Rng::new()).max(LEAST);
    if wait >= call.left() {
        return Err(BulkError::NotYet { what, after: wait.max(PARK) });
    }
    tokio::time::sleep(wait).await;
    Ok(())
}

fn progress(operation: Operation) -> Progress {
    let objects = number(&operation.object_count).unwrap_or(0);
    let why = match operation.status {
        BulkOperationStatus::Completed => None,
        BulkOperationStatus::Failed => Some(Why::Failed(code(operation.error_code))),
        BulkOperationStatus::Canceled => Some(Why::Canceled),
        BulkOperationStatus::Expired => Some(Why::Expired),
        BulkOperationStatus::Created
        | BulkOperationStatus::Running
        | BulkOperationStatus::Canceling
        // A state that Shopify invented since: whatever it is, it is not one of the known ends.
        | BulkOperationStatus::Other(_) => return Progress::Running { objects },
    };
    let whole = operation.url.map(|url| ResultFile {
        operation: operation.id.clone(),
        url,
        bytes: operation.file_size.as_deref().and_then(number),
        objects: Some(objects),
    });
    let part = operation.partial_data_url;
    let part = part.map(|url| ResultFile { operation: operation.id, url, bytes: None, objects: None });
    Progress::Ended(match (why, whole, part) {
        (None, None, _) if objects > 0 => Ended::Nothing { why: Why::Expired },
        (None, whole, _) => Ended::Complete(whole),
        (Some(why), _, Some(file)) => Ended::Partial { why, file },
        (Some(why), _, None) => Ended::Nothing { why },
    })
}

fn code(code: Option<BulkOperationErrorCode>) -> String {
    let text = code.and_then(|code| serde_json::to_value(code).ok()).and_then(|code| code.as_str().map(str::to_owned));
    text.unwrap_or_else(|| "UNKNOWN".to_owned())
}

fn number(text: &(impl AsRef<str> + ?Sized)) -> Option<u64> {
    text.as_ref().parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(changes: Value) -> Progress {
        let mut operation = json!({
            "id": "gid://shopify/BulkOperation/1", "type": "QUERY", "status": "COMPLETED", "errorCode": null,
            "createdAt": "2026-11-01T10:00:00Z", "completedAt": null, "objectCount": "2", "rootObjectCount": "1",
            "fileSize": "10", "url": null, "partialDataUrl": null,
        });
        operation.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        progress(serde_json::from_value(operation).unwrap())
    }

    fn file(bytes: Option<u64>, objects: Option<u64>) -> ResultFile {
        let url = "https://files.example.com/1".to_owned().into();
        ResultFile { operation: "gid://shopify/BulkOperation/1".into(), url, bytes, objects }
    }

    #[test]
    fn each_end_is_told_apart() {
        let url = "https://files.example.com/1";
        for (changes, ended) in [
            (json!({"url": url}), Ended::Complete(Some(file(Some(10), Some(2))))),
            (json!({"objectCount": "0", "fileSize": null}), Ended::Complete(None)),
            (json!({}), Ended::Nothing { why: Why::Expired }),
            (
                json!({"status": "FAILED", "errorCode": "TIMEOUT", "partialDataUrl": url}),
                Ended::Partial { why: Why::Failed("TIMEOUT".into()), file: file(None, None) },
            ),
            (json!({"status": "FAILED", "errorCode": "NEW"}), Ended::Nothing { why: Why::Failed("NEW".into()) }),
            (json!({"status": "CANCELED"}), Ended::Nothing { why: Why::Canceled }),
            (
                json!({"status": "CANCELED", "partialDataUrl": url}),
                Ended::Partial { why: Why::Canceled, file: file(None, None) },
            ),
            (json!({"status": "EXPIRED"}), Ended::Nothing { why: Why::Expired }),
        ] {
            assert_eq!(read(changes.clone()), Progress::Ended(ended), "{changes}");
        }
    }

    #[test]
    fn unknown_bulk_status_counts_as_running() {
        for status in ["CREATED", "RUNNING", "CANCELING", "NEWLY_INVENTED"] {
            assert_eq!(read(json!({"status": status})), Progress::Running { objects: 2 }, "{status}");
        }
    }
}
