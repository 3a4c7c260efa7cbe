//! Connections that break, addresses that expire, files that end early.

use serde_json::Value;

use super::*;
use crate::{Retry, operations::testing::shop};

const LINES: &str = "{\"id\":\"gid:\\/\\/shopify\\/Product\\/1\",\"n\":1}\n{\"n\":2}\n{\"n\":3}\n";

/// Reads the numbers of all lines.
async fn read(world: &Arc<World>, file: ResultFile) -> Result<Vec<i64>, BulkError> {
    let mut lines = Lines::<Value>::new(&world.client(), &shop(), &file, &call());
    let mut numbers = Vec::new();
    while let Some(line) = lines.next().await? {
        numbers.push(line.object["n"].as_i64().unwrap());
    }
    Ok(numbers)
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_taken_up_where_it_broke() {
    for at in 0..LINES.len() {
        let world = World::new(LINES).storage([Storage::BreakAfter(at), Storage::Unreachable, Storage::Status(503)]);
        assert_eq!(read(&world, world.sized()).await.unwrap(), [1, 2, 3], "broken after {at}");
        let last = world.seen().pop().unwrap();
        assert_eq!(last, if at == 0 { "GET all".to_owned() } else { format!("GET bytes={at}-") });
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_keeps_breaking_is_kept_up_as_long_as_bytes_come() {
    let world = World::new(LINES).storage(vec![Storage::BreakAfter(5); 10]);
    assert_eq!(read(&world, world.sized()).await.unwrap(), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn an_early_end_is_noticed_by_the_size() {
    let world = World::new(LINES).storage([Storage::EndAfter(20), Storage::EndAfter(9)]);
    assert_eq!(read(&world, world.sized()).await.unwrap(), [1, 2, 3]);
    assert_eq!(world.seen(), ["GET all", "GET bytes=20-", "GET bytes=29-"]);
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_knows_no_ranges_is_read_from_the_beginning() {
    let world = World::new(LINES).storage([Storage::BreakAfter(30), Storage::IgnoreRange]);
    assert_eq!(read(&world, world.sized()).await.unwrap(), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_stays_short_is_reported() {
    let world = World::new(LINES);
    let size = LINES.len() as u64;
    let error = read(&world, world.file(Some(size + 1), None)).await.unwrap_err();
    assert!(
        matches!(error, BulkError::Truncated { got, expected, unit: "bytes" } if got == size && expected == size + 1)
    );
    assert!(matches!(error.retry(), Retry::After(_)));
    assert_eq!(world.seen().len(), 5, "{:?}", world.seen());
}

#[tokio::test(start_paused = true)]
async fn without_a_size_the_objects_are_counted() {
    let world = World::new(LINES);
    assert_eq!(read(&world, world.file(None, Some(3))).await.unwrap(), [1, 2, 3]);
    let error = read(&world, world.file(None, Some(4))).await.unwrap_err();
    assert!(matches!(error, BulkError::Truncated { got: 3, expected: 4, unit: "objects" }), "{error}");
    assert_eq!(read(&world, world.file(None, None)).await.unwrap(), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn an_expired_address_is_asked_for_anew_once() {
    for status in [400, 403, 404, 410] {
        let fresh = operation("COMPLETED", Some(FILE), None);
        let world = World::new(LINES).reply([fresh]).storage([Storage::BreakAfter(30), Storage::Status(status)]);
        assert_eq!(read(&world, world.sized()).await.unwrap(), [1, 2, 3]);
        assert_eq!(world.seen(), ["GET all", "GET bytes=30-", "BulkOperationById", "GET bytes=30-"]);

        let world = world.storage([Storage::Status(status), Storage::Status(status)]);
        let error = read(&world, world.sized()).await.unwrap_err();
        assert!(matches!(error, BulkError::Expired), "{error}");
        assert_eq!(error.retry(), Retry::Never);
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_without_an_address_any_more_has_expired() {
    let world = World::new(LINES).reply([operation("EXPIRED", None, None)]).storage([Storage::Status(403)]);
    assert!(matches!(read(&world, world.sized()).await, Err(BulkError::Expired)));
}

#[tokio::test(start_paused = true)]
async fn two_versions_of_a_file_are_not_mixed() {
    let world = World::new(LINES).storage([Storage::BreakAfter(30), Storage::OtherVersion]);
    assert!(matches!(read(&world, world.sized()).await, Err(BulkError::Changed)));
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_stays_away_is_given_up_and_no_error_shows_the_address() {
    for storage in [Storage::Unreachable, Storage::Status(503), Storage::Status(302), Storage::BreakAfter(0)] {
        let world = World::new(LINES).storage(vec![storage; 5]);
        let error = read(&world, world.sized()).await.unwrap_err();
        assert!(matches!(error, BulkError::Download { got: 0, .. }), "{error}");
        let shown = format!("{error} {error:?} {:?}", world.sized());
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn partial_result_of_a_failed_bulk_operation_is_readable() {
    let world = World::new(LINES).reply([operation("CANCELED", None, Some(FILE))]);
    let Progress::Ended(Ended::Partial { why: Why::Canceled, file }) =
        status(&world.client(), &shop(), ID, &call()).await.unwrap()
    else {
        panic!("not partial")
    };
    assert_eq!(read(&world, file).await.unwrap(), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn reading_ends_with_the_callers_time() {
    let world = World::new(LINES).storage(vec![Storage::Unreachable; 4]);
    let short = Call::background(Duration::from_millis(1));
    let mut lines = Lines::<Value>::new(&world.client(), &shop(), &world.sized(), &short);
    let Err(error) = lines.next().await else { panic!("read in no time") };
    assert!(matches!(error.retry(), Retry::After(_)), "{error}");
}
