//! Staged uploads.

use super::*;
use crate::{Retry, operations::testing::shop};

const MUTATION: &str = "bulkOperationRunMutation";

fn staged() -> Value {
    json!({"data": {"stagedUploadsCreate": {"userErrors": [], "stagedTargets": [{
        "url": "https://files.example.com/", "resourceUrl": null, "parameters": [
            {"name": "key", "value": "tmp/1/variables.jsonl"}, {"name": "x-signature", "value": "secret"}]}]}}})
}

async fn start(world: &Arc<World>, upload: &Upload) -> Result<String, BulkError> {
    start_mutation(&world.client(), &shop(), "mutation M { x }", upload, Some("event"), &call()).await
}

#[tokio::test(start_paused = true)]
async fn the_variables_are_uploaded_as_a_form_and_their_path_is_run() {
    let world = World::new("").reply([staged(), started(MUTATION)]);
    let pieces = || stream::iter([Ok(Bytes::from_static(b"{\"a\":")), Ok(Bytes::from_static(b"1}\n"))]).boxed();
    assert_eq!(start(&world, &Upload::stream(8, pieces)).await.unwrap(), ID);
    let (kind, body) = world.uploaded.lock().unwrap().clone();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\ntmp/1/variables.jsonl\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"x-signature\"\r\n\r\nsecret\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"variables.jsonl\"\r\n\
         Content-Type: text/jsonl\r\n\r\n{{\"a\":1}}\n\r\n--{boundary}--\r\n"
    );
    assert_eq!(String::from_utf8(body).unwrap(), expected);
    let variables = world.variables.lock().unwrap().clone();
    assert_eq!(variables["stagedUploadPath"], "tmp/1/variables.jsonl");
    assert_eq!(variables["clientIdentifier"], "event");
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_breaks_is_sent_again_from_its_beginning() {
    let world = World::new("").reply([staged(), started(MUTATION)]);
    let world = world.storage([Storage::Status(503), Storage::Unreachable]);
    start(&world, &Upload::bytes(Bytes::from_static(b"{}\n"))).await.unwrap();
    assert_eq!(world.seen(), ["StagedUploadsCreate", "POST", "POST", "POST", "BulkOperationRunMutation"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_upload_starts_nothing() {
    let world = World::new("").reply([staged()]).storage([Storage::Status(403)]);
    let error = start(&world, &Upload::bytes(Bytes::from_static(b"{}\n"))).await.unwrap_err();
    assert_eq!((error.retry(), error.to_string().as_str()), (Retry::Never, "the upload failed: HTTP 403"));
    assert_eq!(world.seen(), ["StagedUploadsCreate", "POST"]);
}

#[tokio::test(start_paused = true)]
async fn a_file_above_shopifys_limit_is_not_sent() {
    let world = World::new("");
    let upload = Upload::stream(MOST_UPLOAD_BYTES + 1, || stream::empty().boxed());
    assert!(matches!(start(&world, &upload).await, Err(BulkError::TooLarge(_))));
    assert!(world.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_place_the_upload_is_kept_and_only_the_start_repeated() {
    let busy = refusal(MUTATION, "OPERATION_IN_PROGRESS");
    let world = World::new("").reply([staged(), busy, started(MUTATION)]);
    start(&world, &Upload::bytes(Bytes::from_static(b"{}\n"))).await.unwrap();
    let run = "BulkOperationRunMutation";
    assert_eq!(world.seen(), ["StagedUploadsCreate", "POST", run, run]);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_cannot_be_used_is_named() {
    let mut nowhere = staged();
    nowhere["data"]["stagedUploadsCreate"]["stagedTargets"][0]["parameters"] = json!([]);
    let none = json!({"data": {"stagedUploadsCreate": {"userErrors": [], "stagedTargets": null}}});
    for reply in [nowhere, none] {
        let world = World::new("").reply([reply]);
        let error = start(&world, &Upload::bytes(Bytes::new())).await.unwrap_err();
        assert!(matches!(error, BulkError::NoPlace(_)), "{error}");
    }
}
