//! Starting, looking, waiting.

use tokio::time::Instant;

use super::*;
use crate::{Retry, operations::testing::shop};

const QUERY: &str = "bulkOperationRunQuery";

#[tokio::test(start_paused = true)]
async fn a_start_waits_for_one_of_the_places() {
    for code in ["OPERATION_IN_PROGRESS", "LIMIT_REACHED"] {
        let world = World::new("").reply([refusal(QUERY, code), refusal(QUERY, code), started(QUERY)]);
        let id = start_query(&world.client(), &shop(), "{ products }", Order::Grouped, &call()).await.unwrap();
        assert_eq!((id.as_str(), world.seen().len()), (ID, 3));
        assert_eq!(*world.variables.lock().unwrap(), json!({"query": "{ products }", "groupObjects": true}));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_place_in_time_the_caller_is_told_when_to_come_back() {
    let world = World::new("").reply([refusal(QUERY, "OPERATION_IN_PROGRESS")]);
    let (began, call) = (Instant::now(), Call::background(Duration::from_secs(120)));
    let error = start_query(&world.client(), &shop(), "{ products }", Order::Any, &call).await.unwrap_err();
    assert!(matches!(error.retry(), Retry::After(after) if after >= Duration::from_secs(60)), "{error}");
    assert!(began.elapsed() < Duration::from_secs(120));
}

#[tokio::test(start_paused = true)]
async fn a_query_that_is_wrong_is_refused_at_once() {
    let world = World::new("").reply([refusal(QUERY, "INVALID")]);
    let error = start_query(&world.client(), &shop(), "{ shop { id } }", Order::Any, &call()).await.unwrap_err();
    assert_eq!((error.retry(), world.seen().len()), (Retry::Never, 1));
    assert!(matches!(error, BulkError::Call(_)));
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_operation() {
    let running = || operation("RUNNING", None, None);
    let world = World::new("").reply([running(), running(), operation("COMPLETED", Some(FILE), None)]);
    let ended = wait(&world.client(), &shop(), ID, &call()).await.unwrap();
    let file = ResultFile { objects: Some(2), ..world.file(None, None) };
    assert_eq!(ended, Ended::Complete(Some(file)));
    assert_eq!(world.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn waiting_longer_than_the_caller_has_parks_it() {
    let world = World::new("").reply([operation("RUNNING", None, None)]);
    let (began, call) = (Instant::now(), Call::background(Duration::from_secs(100)));
    let error = wait(&world.client(), &shop(), ID, &call).await.unwrap_err();
    assert!(matches!(error.retry(), Retry::After(after) if after >= Duration::from_secs(60)), "{error}");
    assert!(began.elapsed() < Duration::from_secs(100));
    assert!((2..30).contains(&world.seen().len()), "{}", world.seen().len());
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_the_shop_does_not_have_is_named() {
    let world = World::new("").reply([json!({"data": {"bulkOperation": null}})]);
    let error = status(&world.client(), &shop(), ID, &call()).await.unwrap_err();
    assert!(matches!(&error, BulkError::Unknown(id) if id == ID));
    assert_eq!(error.retry(), Retry::Never);
}
