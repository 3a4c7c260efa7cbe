//! Changing what is known of a shop.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::{UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder},
    types::ReturnValue,
};
use resilience::UnixMillis;
use shopify_webhook::ShopDomain;

use super::{
    Registry, RegistryError,
    item::{
        self, INSTALLED_AT_MS, REFRESH_EXPIRES_AT_MS, REFRESH_OWNER, REFRESH_UNTIL_MS, STATE, TOKEN_ACCESS,
        TOKEN_EXPIRES_AT_MS, TOKEN_KIND, TOKEN_REFRESH, UPDATED_AT_MS,
    },
    unwritable,
};
use crate::{
    attribute::{PK, number},
    shop::ShopState,
};

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is written.
    Written,
    /// There is no such shop, or it is uninstalled: only installing it again brings it back.
    NotThere,
}

/// What became of an uninstallation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uninstalled {
    /// The shop is marked, and its tokens are gone.
    Marked,
    /// Nothing to do: the shop is not registered, or was installed again since.
    NotApplicable,
}

impl Registry {
    /// Notes that a shop is frozen, or is not any more.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn set_state(
        &self,
        shop: &ShopDomain,
        app: &str,
        state: ShopState,
        now: UnixMillis,
    ) -> Result<Changed, RegistryError> {
        if state == ShopState::Uninstalled {
            let marked = self.uninstalled(shop, app, now, now).await?;
            return Ok(if marked == Uninstalled::Marked { Changed::Written } else { Changed::NotThere });
        }
        let request = self
            .update(shop, app)
            .update_expression("SET #state = :state, #updated = :now")
            .condition_expression("attribute_exists(#pk) AND #state <> :uninstalled")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":state", item::state(state))
            .expression_attribute_values(":uninstalled", item::state(ShopState::Uninstalled))
            .expression_attribute_values(":now", number(now.0));
        Ok(if written(request.send().await)? { Changed::Written } else { Changed::NotThere })
    }

    /// Marks a shop uninstalled and wipes its tokens, unless it was installed after `triggered_at`: that
    /// uninstallation came late. One write, of a unit; done again it changes nothing but the time of the change.
    ///
    /// A token that is being renewed meanwhile is not stored: the right to do so goes with the tokens. The count of
    /// tokens stays, so that no later one is taken for an earlier.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn uninstalled(
        &self,
        shop: &ShopDomain,
        app: &str,
        triggered_at: UnixMillis,
        now: UnixMillis,
    ) -> Result<Uninstalled, RegistryError> {
        let wiped = [
            TOKEN_KIND,
            TOKEN_ACCESS,
            TOKEN_REFRESH,
            TOKEN_EXPIRES_AT_MS,
            REFRESH_EXPIRES_AT_MS,
            REFRESH_OWNER,
            REFRESH_UNTIL_MS,
        ];
        let request = self
            .update(shop, app)
            .update_expression(format!("SET #state = :state, #updated = :now REMOVE {}", wiped.join(", ")))
            // False where there is no item: nothing is made of a shop that nobody registered.
            .condition_expression("#installed <= :triggered")
            .expression_attribute_names("#installed", INSTALLED_AT_MS)
            .expression_attribute_values(":state", item::state(ShopState::Uninstalled))
            .expression_attribute_values(":triggered", number(triggered_at.0))
            .expression_attribute_values(":now", number(now.0));
        Ok(if written(request.send().await)? { Uninstalled::Marked } else { Uninstalled::NotApplicable })
    }

    /// Deletes a shop and its tokens. False if there was none.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn remove(&self, shop: &ShopDomain, app: &str) -> Result<bool, RegistryError> {
        let request = self.client.delete_item().table_name(&self.table).set_key(Some(item::key(shop, app)));
        let reply = request.return_values(ReturnValue::AllOld).send().await.map_err(unwritable)?;
        Ok(reply.attributes.is_some_and(|old| !old.is_empty()))
    }

    pub(super) fn update(&self, shop: &ShopDomain, app: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(shop, app)))
            .expression_attribute_names("#state", STATE)
            .expression_attribute_names("#updated", UPDATED_AT_MS)
    }
}

/// Whether the condition held.
pub(super) fn written(reply: Result<UpdateItemOutput, SdkError<UpdateItemError>>) -> Result<bool, RegistryError> {
    match reply {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(false),
        Err(error) => Err(unwritable(error)),
    }
}
