//! Bodies that no message can carry, in S3.

use std::sync::{Arc, OnceLock};

use aws_sdk_s3::{Client, primitives::ByteStream};
use aws_types::SdkConfig;
use weir_core::envelope::Meta;

use crate::{
    call_error::{CallError, ErrorClass},
    reason::reason,
};

/// A body could not be stored or fetched.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The reference is not to this stack's bucket: it is never followed.
    #[error("the body lies outside this stack's bucket")]
    Foreign,
    /// The object is gone: its lifecycle ended, or somebody deleted it.
    #[error("the body is no longer in S3")]
    Lost,
    /// S3 did not answer, or refused.
    #[error(transparent)]
    Failed(#[from] CallError),
}

/// The bucket for bodies.
#[derive(Debug, Clone)]
pub struct Bodies {
    config: SdkConfig,
    /// Made when a body needs it, which hardly one does: the SDK's client costs a cold start a twentieth of its instructions.
    client: Arc<OnceLock<Client>>,
    bucket: String,
}

impl Bodies {
    /// The bucket of this stack.
    pub fn new(config: &SdkConfig, bucket: String) -> Self {
        Self { config: config.clone(), client: Arc::default(), bucket }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| client(&self.config))
    }

    /// Stores the bytes as they are and returns the reference. The key holds the hash, so that storing twice
    /// changes nothing.
    pub async fn put(&self, meta: &Meta, body: Vec<u8>) -> Result<String, BodyError> {
        let key = format!("{}/{}/{}", meta.shop, meta.webhook_id, meta.body_sha256);
        let request = self.client().put_object().bucket(&self.bucket).key(&key).body(ByteStream::from(body));
        // On the heap, as below: whoever may meet such a body, and hardly ever does, need not carry the room for it along.
        match Box::pin(request.content_type("application/json").send()).await {
            Ok(_) => Ok(format!("s3://{}/{key}", self.bucket)),
            Err(error) => Err(CallError::of("PutObject", &self.bucket, &error).into()),
        }
    }

    /// Fetches the bytes of a reference. The envelope checks them against their hash.
    pub async fn get(&self, reference: &str) -> Result<Vec<u8>, BodyError> {
        let key = key(&self.bucket, reference).ok_or(BodyError::Foreign)?;
        let reply = match Box::pin(self.client().get_object().bucket(&self.bucket).key(key).send()).await {
            Ok(reply) => reply,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => return Err(BodyError::Lost),
            Err(error) => return Err(CallError::of("GetObject", &self.bucket, &error).into()),
        };
        match reply.body.collect().await {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(error) => Err(BodyError::Failed(CallError {
                operation: "GetObject",
                resource: self.bucket.clone(),
                reason: reason(&error),
                class: ErrorClass::Unavailable,
            })),
        }
    }
}

/// A client of S3.
pub(crate) fn client(config: &SdkConfig) -> Client {
    let mut builder = aws_sdk_s3::config::Builder::from(config);
    // Emulators have no DNS names for buckets.
    builder.set_force_path_style(config.endpoint_url().map(|_| true));
    Client::from_conf(builder.build())
}

/// The key of a reference into this bucket.
fn key<'a>(bucket: &str, reference: &'a str) -> Option<&'a str> {
    reference.strip_prefix("s3://")?.strip_prefix(bucket)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_to_another_bucket_is_not_followed() {
        assert_eq!(key("bodies", "s3://bodies/north.myshopify.com/1/ab"), Some("north.myshopify.com/1/ab"));
        for reference in
            ["s3://bodies-2/x", "s3://other/x", "s3://bodies", "https://bodies/x", "s3://Bodies/x", "bodies/x", ""]
        {
            assert_eq!(key("bodies", reference), None, "{reference}");
        }
    }
}
