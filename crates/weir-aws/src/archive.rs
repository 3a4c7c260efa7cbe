//! The bucket of archived bodies.

use std::io::{Read, Write};

use aws_sdk_s3::{Client, primitives::ByteStream};
use aws_types::SdkConfig;
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use weir_core::archive::ObjectKey;

use crate::{
    bodies,
    call_error::{CallError, ErrorClass},
    reason::reason,
};

/// No object is unpacked beyond this: more than the lines of the largest batch that Lambda hands over (6 MB), escaped.
const MAX_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;

/// The archive of one stack.
#[derive(Debug, Clone)]
pub struct ArchiveBucket {
    client: Client,
    name: String,
}

/// An object of the archive, as S3 lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// Its name.
    pub key: ObjectKey,
    /// Its size, compressed.
    pub bytes: u64,
}

/// An object of the archive can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// S3 did not answer, or refused.
    #[error(transparent)]
    Failed(#[from] CallError),
    /// It is not what weir writes: not gzip of text, or larger than any batch.
    #[error("object {0} of the archive is damaged")]
    Damaged(String),
}

impl ArchiveBucket {
    /// The bucket of this name.
    pub fn new(config: &SdkConfig, name: String) -> Self {
        Self { client: bodies::client(config), name }
    }

    /// Stores lines under a name, compressed. To store the same again changes nothing. Returns the compressed size in bytes.
    ///
    /// # Errors
    /// If S3 does not take the object.
    pub async fn put(&self, key: &ObjectKey, lines: &str) -> Result<usize, CallError> {
        let packed = pack(lines);
        let bytes = packed.len();
        let request = self.client.put_object().bucket(&self.name).key(key.to_string()).body(ByteStream::from(packed));
        match request.content_type("application/gzip").send().await {
            Ok(_) => Ok(bytes),
            Err(error) => Err(CallError::of("PutObject", &self.name, &error)),
        }
    }

    /// The objects whose names begin with a prefix, the first one first. Each thousand is a request.
    ///
    /// # Errors
    /// If S3 does not list them.
    pub async fn list(&self, prefix: &str) -> Result<Vec<ListedObject>, CallError> {
        let mut objects = Vec::new();
        let mut pages = self.client.list_objects_v2().bucket(&self.name).prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CallError::of("ListObjectsV2", &self.name, &error))?;
            objects.extend(page.contents().iter().filter_map(|object| {
                let bytes = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
                Some(ListedObject { key: ObjectKey::parse(object.key()?)?, bytes })
            }));
        }
        Ok(objects)
    }

    /// The lines of an object; `None` if it is gone.
    ///
    /// # Errors
    /// If S3 does not hand it over, or it is damaged.
    pub async fn get(&self, key: &ObjectKey) -> Result<Option<String>, ArchiveError> {
        let name = key.to_string();
        let reply = match self.client.get_object().bucket(&self.name).key(&name).send().await {
            Ok(reply) => reply,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => return Ok(None),
            Err(error) => return Err(CallError::of("GetObject", &self.name, &error).into()),
        };
        let packed = reply.body.collect().await.map_err(|error| CallError {
            operation: "GetObject",
            resource: self.name.clone(),
            reason: reason(&error),
            class: ErrorClass::Unavailable,
        })?;
        unpack(&packed.into_bytes()).map(Some).ok_or(ArchiveError::Damaged(name))
    }
}

#[expect(clippy::expect_used, reason = "writing into memory never fails")]
fn pack(lines: &str) -> Vec<u8> {
    // Level 1: JSON shrinks to a tenth, and more effort costs more CPU than it saves in storage for a week.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(lines.as_bytes()).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn unpack(packed: &[u8]) -> Option<String> {
    let mut lines = String::new();
    let read = MultiGzDecoder::new(packed).take(MAX_UNPACKED_BYTES + 1).read_to_string(&mut lines).ok()?;
    (read as u64 <= MAX_UNPACKED_BYTES).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_as_they_were_and_damage_is_noticed() {
        let lines = "{\"a\":1}\n".repeat(10_000);
        let packed = pack(&lines);
        assert!(packed.len() < lines.len() / 10, "{}", packed.len());
        assert_eq!(unpack(&packed), Some(lines));
        assert_eq!(unpack(&packed[..packed.len() / 2]), None);
        assert_eq!(unpack(b"no gzip"), None);
    }
}
