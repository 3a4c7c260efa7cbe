//! One conditional write, and what it came to.

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::update_item::{UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder},
    types::ReturnValuesOnConditionCheckFailure,
};
use weir_core::StoreError;

use crate::{
    acceptance::Acceptance,
    call_error::CallError,
    ledger::{BadItem, item::Item},
};

/// What a conditional write came to.
pub(crate) enum Written<R> {
    /// The attributes that the write was asked to bring back.
    Yes(Item),
    /// The condition did not hold; the record as it stands, unless there is none.
    No(Option<Box<R>>),
}

/// A write that brings back the item that its condition refused.
pub(crate) fn update(client: &Client, table: &str, key: Item) -> UpdateItemFluentBuilder {
    client
        .update_item()
        .table_name(table)
        .set_key(Some(key))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
}

pub(crate) fn written<R>(
    reply: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
    read: impl FnOnce(&Item) -> Result<R, BadItem>,
    action: &'static str,
    table: &str,
    acceptance: &Acceptance,
) -> Result<Written<R>, StoreError> {
    match reply {
        Ok(reply) => {
            acceptance.accepted();
            Ok(Written::Yes(reply.attributes.unwrap_or_default()))
        }
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                acceptance.accepted();
                let record = refused.item().map(read).transpose();
                record
                    .map(|record| Written::No(record.map(Box::new)))
                    .map_err(|e| StoreError { action, source: e.into() })
            }
            _ => {
                let error = acceptance.judge(CallError::of("UpdateItem", table, &error));
                Err(StoreError { action, source: error.into() })
            }
        },
    }
}
