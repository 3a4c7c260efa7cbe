//! Starting an operation.

use std::time::Duration;

use resilience::Backoff;
use shopify_webhook::ShopDomain;

use super::{BulkError, Upload, status::pause, upload};
use crate::{
    Call, Client,
    operations::{
        BulkOperationRunMutation, BulkOperationRunQuery, bulk_operation_run_mutation, bulk_operation_run_query,
    },
};

/// In which order the objects of a result come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Children anywhere behind their parent: the quicker way.
    Any,
    /// Children right behind their parent, as [`Groups`](super::Groups) reads them. Slower, and more likely to time
    /// out.
    Grouped,
}

/// Waits for one of the five places.
const PLACES: Backoff = Backoff { base: Duration::from_secs(10), cap: Duration::from_secs(60) };
const NO_PLACE: &str = "five bulk operations of this type are running for this app and shop";

/// Starts a query over the whole shop, such as [`BULK_PRODUCTS`](crate::operations::BULK_PRODUCTS), and returns the
/// operation's id. Waits for a place within the caller's time.
///
/// The query takes no variables, and has at most five connections, nested at most two deep, by `edges { node { id …
/// } }`.
///
/// # Errors
/// [`BulkError::NotYet`] if five are running until the caller's time is up.
pub async fn start_query(
    client: &Client,
    shop: &ShopDomain,
    query: &str,
    order: Order,
    call: &Call,
) -> Result<String, BulkError> {
    let mut tries = 0;
    loop {
        let group_objects = order == Order::Grouped;
        let variables = bulk_operation_run_query::Variables { query: query.to_owned(), group_objects };
        let started = client.run::<BulkOperationRunQuery>(shop, variables, call).await.map_err(BulkError::from);
        match started.map(|reply| reply.data.bulk_operation_run_query.and_then(|payload| payload.bulk_operation)) {
            Ok(operation) => return id(operation.map(|operation| operation.id)),
            Err(error) if error.is_busy() => {
                tries += 1;
                pause(PLACES, tries, NO_PLACE, call).await?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Uploads the variables, one JSON object a line, starts `mutation` for each line, and returns the operation's id.
/// Waits for a place within the caller's time.
///
/// `client_identifier` is a name of the caller's own by which the operation can be found again: the event's id, say.
///
/// # Errors
/// [`BulkError::NotYet`] if five are running until the caller's time is up.
pub async fn start_mutation(
    client: &Client,
    shop: &ShopDomain,
    mutation: &str,
    variables: &Upload,
    client_identifier: Option<&str>,
    call: &Call,
) -> Result<String, BulkError> {
    let path = upload::send(client, shop, variables, call).await?;
    let mut tries = 0;
    loop {
        let variables = bulk_operation_run_mutation::Variables {
            mutation: mutation.to_owned(),
            staged_upload_path: path.clone(),
            client_identifier: client_identifier.map(str::to_owned),
        };
        let started = client.run::<BulkOperationRunMutation>(shop, variables, call).await.map_err(BulkError::from);
        match started.map(|reply| reply.data.bulk_operation_run_mutation.and_then(|payload| payload.bulk_operation)) {
            Ok(operation) => return id(operation.map(|operation| operation.id)),
            Err(error) if error.is_busy() => {
                tries += 1;
                pause(PLACES, tries, NO_PLACE, call).await?;
            }
            Err(error) => return Err(error),
        }
    }
}

fn id(id: Option<String>) -> Result<String, BulkError> {
    id.ok_or(BulkError::NotStarted)
}
