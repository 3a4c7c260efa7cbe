//! What to check when a stack, a table or AWS does not do what was asked.

mod shopify;

use shopify_client::tokens::TokenError;
use weir_load::PostError;
use weir_ops::{
    Stack, StackError,
    fleet::ShopError,
    reconcile::RunError,
    shops::{ClientError, SecretError},
};
use weir_shops::{
    registry::RegistryError,
    seal::{KeyError, OpenError},
};

use crate::problem::HintedError;

pub(crate) use shopify::of_kind;

const LOCAL: &str = "does `cargo dev` still run? start it again";
const STACK: &str = "check the stack's name, --region, and the credentials that `aws sts get-caller-identity` shows";

/// What to check of a table that was named by itself.
pub(crate) const TABLE: &str =
    "check the table's name, --region, and the credentials that `aws sts get-caller-identity` shows";

/// What to check of a stack.
pub(crate) fn of(stack: &Stack) -> &'static str {
    where_it_runs(stack.is_emulated)
}

/// The same, where only this is known of it.
pub(crate) fn where_it_runs(is_emulated: bool) -> &'static str {
    if is_emulated { LOCAL } else { STACK }
}

/// The error, with what to check of its stack.
pub(crate) fn failed(stack: &Stack, error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    with(of(stack), error)
}

/// The error with a hint.
pub(crate) fn with(hint: &str, error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    HintedError::new(error.to_string(), hint).because(error).into()
}

/// What to do about an error of a library whose facts say it.
pub(crate) fn of_error(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<StackError>() {
        return Some(of_stack_error(error));
    }
    let post = error.downcast_ref::<PostError>().and_then(of_post_error);
    let client = error.downcast_ref::<ClientError>().and_then(of_client_error);
    let key = error.downcast_ref::<KeyError>().and_then(of_key_error);
    let registry = error.downcast_ref::<RegistryError>().and_then(of_registry_error);
    let call = error.downcast_ref::<shopify_client::Error>().and_then(shopify::of_call);
    let token = error.downcast_ref::<TokenError>().and_then(shopify::of_token);
    let shop = error.downcast_ref::<ShopError>().and_then(shopify::of_shop);
    let run = error.downcast_ref::<RunError>().and_then(shopify::of_run);
    let seal = error.downcast_ref::<OpenError>().and_then(shopify::of_seal);
    let own = post.or(client).or(key).or(registry).or(call).or(token).or(shop).or(run).or(seal);
    own.map(str::to_owned).or_else(|| weir_local::hint(error))
}

/// The same of an error that an app's shops have in common.
pub(crate) fn of_client_error(error: &ClientError) -> Option<&'static str> {
    match error {
        ClientError::NoShopify => Some("`cargo dev` of this version brings one: start it again"),
        ClientError::Secret(SecretError::NoClientId(_)) => {
            Some("add it, as Shopify's Dev Dashboard shows it: {\"client_id\": \"…\", \"client_secrets\": [\"…\"]}")
        }
        ClientError::Key(error) => of_key_error(error),
        ClientError::Secret(_) | ClientError::Transport(_) => None,
    }
}

fn of_key_error(error: &KeyError) -> Option<&'static str> {
    matches!(error, KeyError::Missing(_)).then_some("template.yaml makes it: is this the right stack?")
}

fn of_registry_error(error: &RegistryError) -> Option<&'static str> {
    matches!(error, RegistryError::Contended(_)).then_some("look at it with `weir shops show`, then try again")
}

fn of_stack_error(error: &StackError) -> String {
    match error {
        StackError::Unknown { is_emulated, .. } => {
            hint_for(&error.aws_reason().unwrap_or_default(), where_it_runs(*is_emulated))
        }
        StackError::NoOutput { is_emulated, .. } => {
            format!("{}; or deploy it again", where_it_runs(*is_emulated))
        }
    }
}

fn of_post_error(error: &PostError) -> Option<&'static str> {
    match error {
        PostError::NoConnection { is_loopback: true, .. } => {
            Some("start `cargo dev` in another terminal and wait until it prints its webhook URL")
        }
        PostError::NoConnection { .. } => Some("check the URL, and that this machine can reach it"),
        PostError::NoAnswer { .. } => None,
    }
}

/// What to do about an error that AWS answered with, by what it said; `otherwise` where it is of another kind.
pub(crate) fn hint_for(said: &str, otherwise: &str) -> String {
    let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if any(&["ExpiredToken", "expired", "InvalidGrant"]) {
        return "the credentials have expired: sign in again (`aws sso login`), then repeat the command".to_owned();
    }
    if any(&["AccessDenied", "not authorized", "AccessDeniedException"]) {
        return "these credentials may not do that: an IAM policy must allow it to whom \
                `aws sts get-caller-identity` names"
            .to_owned();
    }
    if any(&["InvalidClientTokenId", "UnrecognizedClient", "SignatureDoesNotMatch", "InvalidAccessKeyId"]) {
        return "AWS does not know these credentials: `aws sts get-caller-identity` must work first".to_owned();
    }
    otherwise.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_of_aws_has_a_hint() {
        for (said, todo) in [
            (
                "service error: ExpiredTokenException: The security token included in the request is expired",
                "aws sso login",
            ),
            (
                "AccessDeniedException: User: arn:aws:iam::1:user/a is not authorized to perform: sqs:ReceiveMessage",
                "IAM",
            ),
            ("UnrecognizedClientException: The security token included in the request is invalid", "does not know"),
            ("dispatch failure: connection refused", "look there"),
        ] {
            assert!(hint_for(said, "look there").contains(todo), "{said}");
        }
    }
}
