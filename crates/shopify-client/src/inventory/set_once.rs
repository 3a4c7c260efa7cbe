//! One call that sets quantities, under a key that the caller keeps.

use shopify_webhook::ShopDomain;

use super::{
    Change, Row,
    refusal::{self, Refusal, Verdict},
};
use crate::{
    Call, Client, Error, Kind, Retry,
    operations::{
        InventorySetQuantities,
        inventory_set_quantities::{InventoryQuantityInput, InventorySetQuantitiesInput, Variables},
    },
};

/// Shopify's answer to such a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetOnce {
    /// All rows are written, by this call or an earlier one with the same key and rows.
    Written {
        /// When, by Shopify's clock: in whole seconds since 1970.
        at_s: i64,
    },
    /// Nothing is written: a verdict for each row.
    Refused(Vec<Verdict>),
    /// An earlier call with this key was refused: nothing is written, and none will be under this key.
    KeyIsUsedUp,
}

/// Sets quantities by one call: all rows or none. Whoever repeats it with the same key and rows, within a day, gets the
/// answer to the first one. For rows that no key has to outlive, [`set_quantities`](super::set_quantities) does more.
///
/// # Errors
/// If the call fails other than by a row's fault. It may have taken effect: see [`Kind::effect`].
pub async fn set_once(
    client: &Client,
    shop: &ShopDomain,
    change: &Change,
    rows: &[Row],
    key: String,
    call: &Call,
) -> Result<SetOnce, Error> {
    let quantities = rows.iter().map(|row| InventoryQuantityInput {
        change_from_quantity: row.expected.sent(),
        inventory_item_id: row.item.clone(),
        location_id: row.location.clone(),
        quantity: row.amount,
    });
    let Change { name, reason, reference } = change;
    let input = InventorySetQuantitiesInput {
        name: name.as_str().to_owned(),
        reason: reason.clone(),
        reference_document_uri: reference.clone(),
        quantities: quantities.collect(),
    };
    let variables = Variables { input, idempotency_key: key };
    let errors = match client.run::<InventorySetQuantities>(shop, variables, call).await {
        Ok(reply) => {
            let group = reply.data.inventory_set_quantities.and_then(|payload| payload.inventory_adjustment_group);
            return Ok(SetOnce::Written { at_s: group.map_or(0, |group| group.created_at.as_second()) });
        }
        Err(error) => match error {
            Error { kind: Kind::UserErrors(errors), retry: Retry::Never, .. } if !super::write::is_passing(&errors) => {
                errors
            }
            error => return Err(error),
        },
    };
    Ok(match refusal::read(&errors, rows.len()) {
        Refusal::KeyUsedInVain => SetOnce::KeyIsUsedUp,
        Refusal::KeyUsedOtherwise => {
            SetOnce::Refused(vec![Verdict::Bad { code: "IDEMPOTENCY_KEY_PARAMETER_MISMATCH".to_owned() }; rows.len()])
        }
        Refusal::Whole { code } => SetOnce::Refused(vec![Verdict::Bad { code }; rows.len()]),
        Refusal::Rows(verdicts) => SetOnce::Refused(verdicts),
    })
}
