//! The file of variables of a bulk mutation, uploaded to where Shopify reads it.

use bytes::Bytes;
use futures_util::{StreamExt, stream, stream::BoxStream};
use http::header;
use shopify_webhook::ShopDomain;
use tokio::time::timeout_at;

use super::{
    BulkError,
    error::{Exchange, is_passing},
};
use crate::{
    Call, Client,
    operations::{
        StagedUploadsCreate,
        staged_uploads_create::{
            StagedUploadHttpMethodType, StagedUploadInput, StagedUploadTargetGenerateUploadResource,
            StagedUploadsCreateStagedUploadsCreateStagedTargets as Target, Variables,
        },
    },
    transport::{Payload, TransportError},
};

/// The largest file of variables that Shopify takes.
pub const MOST_UPLOAD_BYTES: u64 = 100 * 1024 * 1024;

/// A file of variables: one JSON object a line.
pub struct Upload {
    length: u64,
    open: Box<dyn Fn() -> BoxStream<'static, std::io::Result<Bytes>> + Send + Sync>,
}

impl Upload {
    /// A file in memory.
    pub fn bytes(bytes: Bytes) -> Self {
        let length = bytes.len() as u64;
        Self::stream(length, move || stream::iter([Ok(bytes.clone())]).boxed())
    }

    /// A file of `length` bytes that comes in pieces; `open` starts it from its beginning, again if the upload breaks.
    pub fn stream(
        length: u64,
        open: impl Fn() -> BoxStream<'static, std::io::Result<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        Self { length, open: Box::new(open) }
    }
}

impl std::fmt::Debug for Upload {
    /// Its size only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.length)
    }
}

/// Uploads a file and returns its path, as `bulkOperationRunMutation` takes it.
pub(super) async fn send(
    client: &Client,
    shop: &ShopDomain,
    upload: &Upload,
    call: &Call,
) -> Result<String, BulkError> {
    if upload.length > MOST_UPLOAD_BYTES {
        return Err(BulkError::TooLarge(upload.length));
    }
    let input = StagedUploadInput {
        resource: StagedUploadTargetGenerateUploadResource::BulkMutationVariables,
        filename: FILE_NAME.to_owned(),
        mime_type: MIME_TYPE.to_owned(),
        http_method: Some(StagedUploadHttpMethodType::Post),
        file_size: Some(upload.length.to_string()),
    };
    let reply = client.run::<StagedUploadsCreate>(shop, Variables { input: vec![input] }, call).await?;
    let targets = reply.data.staged_uploads_create.and_then(|payload| payload.staged_targets);
    let target = targets.unwrap_or_default().pop().ok_or(BulkError::NoPlace("it named none"))?;
    let path = target.parameters.iter().find(|parameter| parameter.name == "key");
    let path = path.ok_or(BulkError::NoPlace("its parameters have no key"))?.value.clone();
    let retry = client.0.settings.retry;
    let mut attempt = 1;
    loop {
        let exchange = match post(client, &target, upload, call).await? {
            Ok(()) => return Ok(path),
            Err(exchange) => exchange,
        };
        // The same file at the same place: sending it twice does no harm.
        let wait = retry.backoff.delay(attempt, &mut fastrand::Rng::new());
        let is_final = matches!(exchange, Exchange::Status(status) if !is_passing(status));
        if is_final || attempt >= retry.attempts || wait >= call.left() {
            return Err(BulkError::Upload(exchange));
        }
        tokio::time::sleep(wait).await;
        attempt += 1;
    }
}

const FILE_NAME: &str = "variables.jsonl";
const MIME_TYPE: &str = "text/jsonl";

async fn post(
    client: &Client,
    target: &Target,
    upload: &Upload,
    call: &Call,
) -> Result<Result<(), Exchange>, BulkError> {
    let url = target.url.as_ref().ok_or(BulkError::NoPlace("it has no address"))?;
    let boundary = format!("weir-{:032x}", fastrand::Rng::new().u128(..));
    let parameters = target.parameters.iter().map(|parameter| (parameter.name.as_str(), parameter.value.as_str()));
    let (before, after) = form(&boundary, parameters);
    let length = (before.len() + after.len()) as u64 + upload.length;
    let pieces = stream::iter([Ok(before)]).chain((upload.open)()).chain(stream::iter([Ok(after)])).boxed();
    let request = http::Request::post(url.as_str())
        .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
        .body(Payload::Pieces { length, pieces })
        .map_err(|_| BulkError::NoPlace("its address is none"))?;
    let sent = timeout_at(call.deadline, client.0.transport.open(request)).await;
    Ok(match sent {
        Ok(Ok(response)) if response.status().is_success() => Ok(()),
        Ok(Ok(response)) => Err(Exchange::Status(response.status().as_u16())),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(TransportError::TimedOut(call.left()).into()),
    })
}

/// What stands before and after the file in a form. The file comes last: what follows it is ignored by storages.
fn form<'a>(boundary: &str, parameters: impl Iterator<Item = (&'a str, &'a str)>) -> (Bytes, Bytes) {
    let mut before = String::new();
    for (name, value) in parameters {
        let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        before += &format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    before += &format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{FILE_NAME}\"\r\n\
         Content-Type: {MIME_TYPE}\r\n\r\n"
    );
    (before.into(), format!("\r\n--{boundary}--\r\n").into())
}
