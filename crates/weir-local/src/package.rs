//! Packages the functions: one zip with a `bootstrap` for each binary, in a bucket of the emulator.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::Progress;
use crate::cloudformation::{AwsError, aws_error};
use crate::template::{Template, TemplateError};

/// The bucket that plays the part of `sam deploy --resolve-s3`'s.
const BUCKET: &str = "weir-deployment";

/// The functions could not be packaged.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The template does not say what to package.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A function's binary is not there, or cannot be read.
    #[error("could not read the function binary {path}")]
    Binary {
        /// The binary.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The emulator did not take it.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

/// Uploads every function's code and makes the template point at it. Returns the template's own URL.
pub(crate) async fn package(
    s3: &Client,
    template_path: &Path,
    functions_dir: &Path,
    stack_name: &str,
    progress: Progress<'_>,
) -> Result<String, PackageError> {
    let mut template = Template::read(template_path)?;
    let functions = template.functions(template_path)?;
    let created = s3.create_bucket().bucket(BUCKET).send().await;
    if let Err(error) = created {
        let there = error.as_service_error().is_some_and(|error| error.is_bucket_already_owned_by_you());
        if !there {
            return Err(aws_error(format!("create bucket {BUCKET}"))(error).into());
        }
    }

    // Three lanes share one binary: it is read and sent once.
    let mut sent = BTreeMap::<String, String>::new();
    for function in functions {
        let uri = match sent.get(&function.binary) {
            Some(uri) => uri.clone(),
            None => {
                progress(&format!("Packaging {}", function.binary));
                let binary = functions_dir.join(&function.binary);
                let key = format!("{stack_name}/{}-{}.zip", function.binary, mark(&binary)?);
                let zip = zip_bootstrap(binary).await?;
                put(s3, &key, zip).await?;
                let uri = format!("s3://{BUCKET}/{key}");
                sent.insert(function.binary.clone(), uri.clone());
                uri
            }
        };
        template.set_code(&function, uri);
    }

    // A template that is sent inline may have 51,200 bytes; from a bucket it may have 1 MB.
    let key = format!("{stack_name}/template.json");
    put(s3, &key, template.to_json().into_bytes()).await?;
    Ok(format!("https://s3.amazonaws.com/{BUCKET}/{key}"))
}

/// Tells builds apart, so that CloudFormation sees new code by its address, as with `sam deploy`. By size and time: a hash
/// takes seconds in a debug build.
fn mark(binary: &Path) -> Result<String, PackageError> {
    let metadata = std::fs::metadata(binary);
    let mark = metadata.and_then(|metadata| {
        let written = metadata.modified()?.duration_since(std::time::UNIX_EPOCH).map_err(io::Error::other)?;
        Ok(format!("{:x}-{:x}", metadata.len(), written.as_nanos()))
    });
    mark.map_err(|source| PackageError::Binary { path: binary.to_owned(), source })
}

async fn put(s3: &Client, key: &str, body: Vec<u8>) -> Result<(), AwsError> {
    s3.put_object()
        .bucket(BUCKET)
        .key(key)
        .body(ByteStream::from(body))
        // The payload's hash takes seconds in a debug build, and protects nothing on loopback.
        .customize()
        .disable_payload_signing()
        .send()
        .await
        .map(drop)
        .map_err(aws_error(format!("upload {key}")))
}

async fn zip_bootstrap(binary: PathBuf) -> Result<Vec<u8>, PackageError> {
    let path = binary.clone();
    tokio::task::spawn_blocking(move || zip_file(&path))
        .await
        .map_err(io::Error::other)
        .flatten()
        .map_err(|source| PackageError::Binary { path: binary, source })
}

/// The same binary always makes the same bytes. Stored, not deflated: the zip travels over loopback only.
fn zip_file(binary: &Path) -> io::Result<Vec<u8>> {
    let code = std::fs::read(binary)?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(code.len() + 1024)));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    zip.start_file("bootstrap", options)?;
    zip.write_all(&code)?;
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_binary_makes_the_same_zip_with_an_executable_bootstrap() {
        let dir = tempfile::tempdir().unwrap();
        let binary = dir.path().join("weir-ingest");
        std::fs::write(&binary, b"#!/bin/sh\n").unwrap();
        let zip = zip_file(&binary).unwrap();
        assert_eq!(zip, zip_file(&binary).unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        let bootstrap = archive.by_name("bootstrap").unwrap();
        assert_eq!(bootstrap.unix_mode().unwrap() & 0o777, 0o755);
        assert_eq!(bootstrap.size(), 10);
    }

    #[test]
    fn another_build_has_another_address() {
        let dir = tempfile::tempdir().unwrap();
        let binary = dir.path().join("weir-ingest");
        std::fs::write(&binary, b"one").unwrap();
        let one = mark(&binary).unwrap();
        assert_eq!(one, mark(&binary).unwrap());
        std::fs::write(&binary, b"another").unwrap();
        assert_ne!(one, mark(&binary).unwrap());
    }

    #[tokio::test]
    async fn a_missing_binary_is_named_with_the_command_that_builds_it() {
        let error = zip_bootstrap("/nowhere/weir-ingest".into()).await.unwrap_err();
        assert!(error.to_string().contains("/nowhere/weir-ingest"), "{error}");
        assert!(crate::hint(&error).is_some_and(|hint| hint.contains("cargo build --bins")));
    }
}
