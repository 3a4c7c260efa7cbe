//! Registering a shop.

use aws_sdk_dynamodb::{operation::put_item::PutItemError, types::ReturnValuesOnConditionCheckFailure};
use resilience::UnixMillis;
use secrecy::SecretString;
use shopify_client::tokens::{Renewal, StoredToken};
use shopify_webhook::ShopDomain;

use super::{
    Registry, RegistryError,
    change::written,
    item::{self, INSTALLED_AT_MS, PLAN, STATE, TIER, TOKEN_VERSION, UPDATED_AT_MS},
    unwritable,
};
use crate::{
    attribute::{Item, Reader, number, text},
    seal::Keys,
    shop::{Plan, ShopState},
    tokens,
};

/// A shop to register.
#[derive(Debug)]
pub struct NewShop {
    /// Its domain.
    pub domain: ShopDomain,
    /// The app, by weir's name for it.
    pub app: String,
    /// Its plan, if it is known.
    pub plan: Option<Plan>,
    /// The operator's label.
    pub tier: Option<String>,
    /// Its token.
    pub token: Option<NewToken>,
}

/// The first token of a shop.
#[derive(Debug)]
pub enum NewToken {
    /// One that does not expire.
    Offline(SecretString),
    /// One that expires, and what renews it.
    Expiring {
        /// The access token.
        access: SecretString,
        /// When it expires.
        expires_at: UnixMillis,
        /// The refresh token.
        refresh: SecretString,
        /// When that expires, if it is known.
        refresh_expires_at: Option<UnixMillis>,
    },
    /// None: the first call gets one by the app's own credentials.
    ClientCredentials,
}

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// A shop that was not there.
    New,
    /// One that was.
    Replaced,
    /// One is there already, and was to be left alone.
    Exists,
}

/// How often a replacement is tried when others change the shop at the same time.
const ROUNDS: u32 = 5;

impl Registry {
    /// Registers a shop as installed. One that is there is left alone, unless `replace`: then a token takes the place
    /// of the one that is there and counts as a new installation; without one only plan and tier are set, as far as
    /// they are given.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or others change the shop again and again.
    pub async fn add(
        &self,
        shop: NewShop,
        keys: &Keys,
        replace: bool,
        now: UnixMillis,
    ) -> Result<Added, RegistryError> {
        let mut there = None;
        for _ in 0..ROUNDS {
            match self.put(&shop, keys, there.as_ref(), now).await? {
                None => return Ok(if there.is_none() { Added::New } else { Added::Replaced }),
                Some(_) if !replace => return Ok(Added::Exists),
                Some(_) if shop.token.is_none() => match self.describe(&shop, now).await? {
                    true => return Ok(Added::Replaced),
                    // Removed in between.
                    false => there = None,
                },
                Some(item) => there = Some(item),
            }
        }
        Err(RegistryError::Contended(shop.domain))
    }

    /// Puts the whole item if there is none, or in the place of `old` if its token is still the same; else returns
    /// what is there.
    async fn put(
        &self,
        shop: &NewShop,
        keys: &Keys,
        old: Option<&Item>,
        now: UnixMillis,
    ) -> Result<Option<Item>, RegistryError> {
        let seen: u64 = old.and_then(|old| Reader(old).number(TOKEN_VERSION)).unwrap_or(0);
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item_of(shop, keys, old, seen, now)?))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .expression_attribute_names("#version", TOKEN_VERSION);
        let request = match old {
            None => request.condition_expression("attribute_not_exists(#version)"),
            Some(_) => {
                request.condition_expression("#version = :seen").expression_attribute_values(":seen", number(seen))
            }
        };
        match request.send().await {
            Ok(_) => Ok(None),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => match refused.item() {
                    Some(item) => Ok(Some(item.clone())),
                    // It went away between two rounds.
                    None => Err(RegistryError::Contended(shop.domain.clone())),
                },
                _ => Err(unwritable(error)),
            },
        }
    }

    /// Sets plan and tier of a shop that is there, as far as they are given, and nothing else. False if it is not there.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn describe(&self, shop: &NewShop, now: UnixMillis) -> Result<bool, RegistryError> {
        let mut set = vec!["#updated = :now"];
        let mut request = self.update(&shop.domain, &shop.app);
        if let Some(plan) = shop.plan {
            set.push("#plan = :plan");
            request = request
                .expression_attribute_names("#plan", PLAN)
                .expression_attribute_values(":plan", text(plan.as_str()));
        }
        if let Some(tier) = &shop.tier {
            set.push("#tier = :tier");
            request = request
                .expression_attribute_names("#tier", TIER)
                .expression_attribute_values(":tier", text(tier.as_str()));
        }
        let request = request
            .update_expression(format!("SET {}", set.join(", ")))
            .condition_expression("attribute_exists(#state)")
            .expression_attribute_values(":now", number(now.0));
        written(request.send().await)
    }
}

/// The item of a new shop. What is not given stays as it was, and the count of tokens goes on, so that no process takes
/// the new one for the old.
fn item_of(shop: &NewShop, keys: &Keys, old: Option<&Item>, seen: u64, now: UnixMillis) -> Result<Item, RegistryError> {
    let mut new = item::key(&shop.domain, &shop.app);
    let version = seen + u64::from(shop.token.is_some());
    new.insert(STATE.to_owned(), item::state(ShopState::Installed));
    new.insert(INSTALLED_AT_MS.to_owned(), number(now.0));
    new.insert(UPDATED_AT_MS.to_owned(), number(now.0));
    new.insert(TOKEN_VERSION.to_owned(), number(version));
    for (name, given) in [(PLAN, shop.plan.map(Plan::as_str)), (TIER, shop.tier.as_deref())] {
        let before = old.and_then(|old| Reader(old).text(name));
        new.extend(given.or(before).map(|value| (name.to_owned(), text(value))));
    }
    if let Some(token) = &shop.token {
        new.extend(tokens::attributes(&stored(token, version), keys, &shop.domain, &shop.app)?);
    }
    Ok(new)
}

fn stored(token: &NewToken, version: u64) -> StoredToken {
    match token {
        NewToken::Offline(access) => {
            StoredToken { access: access.clone(), expires_at: None, renewal: Renewal::Never, version }
        }
        NewToken::Expiring { access, expires_at, refresh, refresh_expires_at } => StoredToken {
            access: access.clone(),
            expires_at: Some(*expires_at),
            renewal: Renewal::Refresh { token: refresh.clone(), expires_at: *refresh_expires_at },
            version,
        },
        NewToken::ClientCredentials => tokens::not_yet(version),
    }
}
