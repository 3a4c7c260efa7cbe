//! The body of an event, byte for byte.

use weir_aws::{Bodies, BodyError};
use weir_core::{ledger::Record, sha256};

use crate::{Stack, StackError};

/// The body of an event can't be read from S3.
#[derive(Debug, thiserror::Error)]
pub enum BodyReadError {
    /// The stack lacks the output.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// Somebody altered the object.
    #[error("the body in S3 is not the one that was taken in: its SHA-256 differs")]
    Altered,
    /// S3.
    #[error(transparent)]
    Bucket(BodyError),
}

/// The body in S3: that of a large event, or of one that was too large for the bus. `None` if there is none.
///
/// # Errors
/// If the bucket can't be read, or the body is not the one that was accepted.
pub async fn stored_body(stack: &Stack, record: &Record) -> Result<Option<Vec<u8>>, BodyReadError> {
    let bucket = stack.output("BodiesBucket")?;
    let (Some(shop), id) = (record.key.shop(), record.webhook_id()) else { return Ok(None) };
    let reference = format!("s3://{bucket}/{shop}/{id}/{}", record.body_sha256);
    match Bodies::new(&stack.config, bucket).get(&reference).await {
        Ok(body) if sha256::hex(&body) == record.body_sha256 => Ok(Some(body)),
        Ok(_) => Err(BodyReadError::Altered),
        Err(BodyError::Lost | BodyError::Foreign) => Ok(None),
        Err(error) => Err(BodyReadError::Bucket(error)),
    }
}
