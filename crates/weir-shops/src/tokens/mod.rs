//! Tokens in the shops table, for the Shopify client.

mod item;

use std::sync::Arc;

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::ReturnValuesOnConditionCheckFailure,
};
use futures_util::future::BoxFuture;
use resilience::UnixMillis;
use shopify_client::tokens::{Held, Lock, StoredToken, TokenStore, TokenStoreError};
use shopify_webhook::ShopDomain;
use weir_aws::SdkConfig;

pub(crate) use item::{attributes, not_yet};

use crate::{
    attribute::{Item, number, text},
    registry::item::{
        self as shop_item, REFRESH_EXPIRES_AT_MS, REFRESH_OWNER, REFRESH_UNTIL_MS, STATE, TOKEN_ACCESS,
        TOKEN_EXPIRES_AT_MS, TOKEN_KIND, TOKEN_REFRESH, TOKEN_VERSION,
    },
    seal::KeyRing,
    shop::ShopState,
};

/// The tokens of one app.
#[derive(Debug, Clone)]
pub struct DynamoTokens {
    client: Client,
    table: String,
    app: String,
    keys: Arc<KeyRing>,
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

impl DynamoTokens {
    /// The tokens of `app` in the shops table.
    pub fn new(config: &SdkConfig, table: String, app: String, keys: Arc<KeyRing>) -> Self {
        Self { client: Client::new(config), table, app, keys }
    }

    async fn load_now(&self, shop: &ShopDomain) -> Result<Held, Cause> {
        let key = shop_item::key(shop, &self.app);
        let request = self.client.get_item().table_name(&self.table).set_key(Some(key));
        let reply = request.consistent_read(true).send().await?;
        self.held(reply.item(), shop).await
    }

    async fn lock_now(
        &self,
        shop: &ShopDomain,
        version: u64,
        owner: &str,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<Lock, Cause> {
        let request = self
            .update(shop)
            .update_expression("SET #owner = :me, #until = :until")
            // The same rule as `item::refused`.
            .condition_expression(
                "#version = :version AND attribute_exists(#kind) AND #state <> :uninstalled \
                 AND (attribute_not_exists(#owner) OR #owner = :me OR #until <= :now)",
            )
            .expression_attribute_names("#kind", TOKEN_KIND)
            .expression_attribute_values(":version", number(version))
            .expression_attribute_values(":me", text(owner))
            .expression_attribute_values(":until", number(until.0))
            .expression_attribute_values(":now", number(now.0));
        match refusal(request).await? {
            None => Ok(Lock::Granted),
            Some(item) => match item::refused(item.as_ref(), version, owner, now) {
                item::Refused::Busy(until) => Ok(Lock::Busy(until)),
                item::Refused::Changed => Ok(Lock::Changed(Box::new(self.held(item.as_ref(), shop).await?))),
            },
        }
    }

    /// A repeated write after a lost reply finds its right given back, and says false: the token is there all the
    /// same, and whoever asked reads it next.
    async fn store_now(
        &self,
        shop: &ShopDomain,
        replaces: u64,
        owner: &str,
        token: &StoredToken,
    ) -> Result<bool, Cause> {
        let new = attributes(token, &self.keys.keys(), shop, &self.app)?;
        let (mut set, mut remove) = (vec!["#version = :version".to_owned()], vec!["#owner", "#until"]);
        let mut request = self.update(shop).expression_attribute_values(":version", number(token.version));
        // A name that is not among the new ones is of the old token: it goes.
        for name in [TOKEN_KIND, TOKEN_ACCESS, TOKEN_REFRESH, TOKEN_EXPIRES_AT_MS, REFRESH_EXPIRES_AT_MS] {
            match new.get(name) {
                Some(value) => {
                    set.push(format!("{name} = :{name}"));
                    request = request.expression_attribute_values(format!(":{name}"), value.clone());
                }
                None => remove.push(name),
            }
        }
        let request = request
            .update_expression(format!("SET {} REMOVE {}", set.join(", "), remove.join(", ")))
            .condition_expression("#version = :replaces AND #owner = :me AND #state <> :uninstalled")
            .expression_attribute_values(":replaces", number(replaces))
            .expression_attribute_values(":me", text(owner));
        Ok(refusal(request).await?.is_none())
    }

    async fn unlock_now(&self, shop: &ShopDomain, owner: &str) -> Result<(), Cause> {
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(shop_item::key(shop, &self.app)))
            .update_expression("REMOVE #owner, #until")
            .condition_expression("#owner = :me")
            .expression_attribute_names("#owner", REFRESH_OWNER)
            .expression_attribute_names("#until", REFRESH_UNTIL_MS)
            .expression_attribute_values(":me", text(owner));
        // Refused: it was somebody else's, or nobody's.
        refusal(request).await.map(drop)
    }

    fn update(&self, shop: &ShopDomain) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(shop_item::key(shop, &self.app)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .expression_attribute_names("#version", TOKEN_VERSION)
            .expression_attribute_names("#owner", REFRESH_OWNER)
            .expression_attribute_names("#until", REFRESH_UNTIL_MS)
            .expression_attribute_names("#state", STATE)
            .expression_attribute_values(":uninstalled", text(ShopState::Uninstalled.as_str()))
    }

    async fn held(&self, item: Option<&Item>, shop: &ShopDomain) -> Result<Held, Cause> {
        Ok(item::held(item, &self.keys, shop, &self.app).await?)
    }
}

/// What stands there, if the condition did not hold.
async fn refusal(request: UpdateItemFluentBuilder) -> Result<Option<Option<Item>>, Cause> {
    match request.send().await {
        Ok(_) => Ok(None),
        Err(error) => match error.into_service_error() {
            UpdateItemError::ConditionalCheckFailedException(refused) => Ok(Some(refused.item)),
            other => Err(other.into()),
        },
    }
}

impl TokenStore for DynamoTokens {
    fn load<'a>(&'a self, shop: &'a ShopDomain) -> BoxFuture<'a, Result<Held, TokenStoreError>> {
        Box::pin(async move { self.load_now(shop).await.map_err(failed(shop, "read")) })
    }

    fn lock<'a>(
        &'a self,
        shop: &'a ShopDomain,
        version: u64,
        owner: &'a str,
        now: UnixMillis,
        until: UnixMillis,
    ) -> BoxFuture<'a, Result<Lock, TokenStoreError>> {
        Box::pin(async move { self.lock_now(shop, version, owner, now, until).await.map_err(failed(shop, "locked")) })
    }

    fn store<'a>(
        &'a self,
        shop: &'a ShopDomain,
        replaces: u64,
        owner: &'a str,
        token: &'a StoredToken,
    ) -> BoxFuture<'a, Result<bool, TokenStoreError>> {
        Box::pin(async move { self.store_now(shop, replaces, owner, token).await.map_err(failed(shop, "stored")) })
    }

    fn unlock<'a>(&'a self, shop: &'a ShopDomain, owner: &'a str) -> BoxFuture<'a, Result<(), TokenStoreError>> {
        Box::pin(async move { self.unlock_now(shop, owner).await.map_err(failed(shop, "unlocked")) })
    }
}

fn failed(shop: &ShopDomain, action: &'static str) -> impl FnOnce(Cause) -> TokenStoreError {
    let shop = shop.clone();
    move |source| TokenStoreError { shop, action, source }
}
