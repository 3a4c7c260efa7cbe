//! Who calls, as AWS knows it.

use aws_sdk_sts::{Client, error::SdkError, operation::get_caller_identity::GetCallerIdentityError};

use weir_aws::SdkConfig;

use crate::Stack;

/// AWS does not say whose the credentials are.
#[derive(Debug, thiserror::Error)]
#[error("could not identify the caller")]
pub struct CallerError(#[from] SdkError<GetCallerIdentityError>);

impl CallerError {
    /// What AWS said.
    #[must_use]
    pub fn aws_reason(&self) -> String {
        weir_aws::reason(self)
    }
}

/// The identity of the stack's credentials.
///
/// # Errors
/// If STS does not know it.
pub async fn identity(stack: &Stack) -> Result<String, CallerError> {
    identity_of(&stack.config).await
}

/// The identity of these credentials.
pub(crate) async fn identity_of(config: &SdkConfig) -> Result<String, CallerError> {
    let identity = Client::new(config).get_caller_identity().send().await?;
    Ok(identity.arn().unwrap_or("an identity without a name").to_owned())
}
