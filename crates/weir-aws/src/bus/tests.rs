//! What becomes of entries by what EventBridge answers.

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
    },
    http::StatusCode,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig};
use aws_types::region::Region;
use serde_json::{Value, json};

use super::*;

/// EventBridge as far as a test says.
#[derive(Clone, Debug)]
struct Bridge {
    /// Calls with more bytes of details are refused as a whole.
    most_bytes: usize,
    /// A call with an entry of this topic is refused as a whole, with this code.
    poison: Option<(&'static str, &'static str)>,
    /// Entries of these topics are refused with these codes.
    codes: &'static [(&'static str, &'static str)],
    /// The topics of each call.
    calls: Arc<Mutex<Vec<Vec<String>>>>,
    /// The sources of all entries.
    sources: Arc<Mutex<Vec<String>>>,
}

impl Bridge {
    fn new(most_bytes: usize) -> Self {
        Self { most_bytes, poison: None, codes: &[], calls: Arc::default(), sources: Arc::default() }
    }

    fn answer(&self, body: &[u8]) -> (u16, Value) {
        let request: Value = serde_json::from_slice(body).unwrap();
        let entries = request["Entries"].as_array().unwrap();
        let text = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
        let topics: Vec<String> = entries.iter().map(|entry| text(entry, "DetailType")).collect();
        self.calls.lock().unwrap().push(topics.clone());
        self.sources.lock().unwrap().extend(entries.iter().map(|entry| text(entry, "Source")));
        if let Some((topic, code)) = self.poison
            && topics.iter().any(|other| other == topic)
        {
            return (400, json!({"__type": code}));
        }
        if entries.iter().map(|entry| text(entry, "Detail").len()).sum::<usize>() > self.most_bytes {
            return (400, json!({"__type": "ValidationException"}));
        }
        let result = |topic: &String| match self.codes.iter().find(|(refused, _)| refused == topic) {
            Some((_, code)) => json!({"ErrorCode": code, "ErrorMessage": "arn:aws:iam::123456789012:role/secret"}),
            None => json!({"EventId": "1"}),
        };
        (200, json!({"Entries": topics.iter().map(result).collect::<Vec<_>>()}))
    }

    fn calls(&self) -> Vec<usize> {
        self.calls.lock().unwrap().iter().map(Vec::len).collect()
    }
}

impl HttpConnector for Bridge {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = self.answer(request.body().bytes().unwrap());
        let response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body.to_string()));
        HttpConnectorFuture::ready(Ok(response))
    }
}

fn bus(bridge: &Bridge) -> Bus {
    let bridge = bridge.clone();
    let config = SdkConfig::builder()
        .behavior_version(aws_smithy_runtime_api::client::behavior_version::BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(Credentials::new(
            "a", "b", None, None, "test",
        )))
        .retry_config(RetryConfig::disabled())
        .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(bridge.clone())))
        .build();
    Bus::new(&config, "shop-bus".to_owned())
}

fn entry(topic: &str, bytes: usize) -> Entry {
    Entry { topic: topic.to_owned(), detail: "x".repeat(bytes), xray: None }
}

fn reasons(results: Vec<Result<(), Failure>>) -> Vec<String> {
    results
        .into_iter()
        .map(|result| result.map_or_else(|failure| failure.reason().to_owned(), |()| "ok".into()))
        .collect()
}

#[tokio::test]
async fn batch_that_is_too_large_for_a_region_is_split_and_the_next_one_is_packed_for_it() {
    let bridge = Bridge::new(256 * 1024);
    let bus = bus(&bridge);
    let batch = || (0..10).map(|_| entry("orders/create", 30 * 1024)).collect();
    assert!(bus.publish(batch()).await.iter().all(Result::is_ok));
    assert_eq!(bridge.calls(), [10, 5, 5]);
    assert!(bus.publish(batch()).await.iter().all(Result::is_ok));
    assert_eq!(bridge.calls()[3..], [7, 3]);
}

#[tokio::test]
async fn entry_that_makes_a_whole_call_fail_fails_alone_and_in_its_place() {
    for code in ["ValidationException", "RequestEntityTooLarge"] {
        let bridge = Bridge { poison: Some(("poison", code)), ..Bridge::new(1_000_000) };
        let topics = ["a", "b", "c", "poison", "d", "e", "f"];
        let results = bus(&bridge).publish(topics.iter().map(|topic| entry(topic, 10)).collect()).await;
        for (topic, result) in topics.iter().zip(&results) {
            assert_eq!(result.is_ok(), *topic != "poison", "{code}: {topic}: {result:?}");
        }
        let failure = results[3].clone().unwrap_err();
        assert!(failure.is_permanent(), "its own failure, no outage: {failure:?}");
        assert_eq!(failure.reason(), format!("PutEvents on shop-bus: {code}"));
    }
}

#[tokio::test]
async fn refusal_of_every_entry_is_no_events_own_failure() {
    let bridge = Bridge { poison: Some(("a", "ValidationException")), ..Bridge::new(1_000_000) };
    let results = bus(&bridge).publish(vec![entry("a", 10), entry("a", 10)]).await;
    assert!(results.iter().all(|result| matches!(result, Err(Failure::Misconfigured(_)))), "{results:?}");
}

#[tokio::test]
async fn denied_call_is_not_split() {
    for code in ["AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException"] {
        let bridge = Bridge { poison: Some(("a", code)), ..Bridge::new(1_000_000) };
        let results = bus(&bridge).publish(vec![entry("a", 10), entry("b", 10)]).await;
        assert!(results.iter().all(|result| matches!(result, Err(Failure::Misconfigured(_)))), "{results:?}");
        assert_eq!(bridge.calls(), [2]);
    }
    let bridge = Bridge { poison: Some(("a", "ThrottlingException")), ..Bridge::new(1_000_000) };
    let results = bus(&bridge).publish(vec![entry("a", 10), entry("b", 10)]).await;
    assert!(results.iter().all(|result| matches!(result, Err(Failure::Outage { .. }))), "{results:?}");
    assert_eq!(bridge.calls(), [2]);
}

#[tokio::test]
async fn refused_entries_have_their_codes_class_and_never_awss_sentence() {
    let codes = &[
        ("malformed", "MalformedDetail"),
        ("argument", "InvalidArgument"),
        ("denied", "AccessDeniedException"),
        ("throttled", "ThrottlingException"),
        ("internal", "InternalFailure"),
    ];
    let bridge = Bridge { codes, ..Bridge::new(1_000_000) };
    let topics = ["fine", "malformed", "argument", "denied", "throttled", "internal"];
    let results = bus(&bridge).publish(topics.iter().map(|topic| entry(topic, 10)).collect()).await;
    let permanent: Vec<bool> = results.iter().map(|r| r.as_ref().is_err_and(Failure::is_permanent)).collect();
    assert_eq!(permanent, [false, true, true, false, false, false]);
    assert!(matches!(results[3], Err(Failure::Misconfigured(_))));
    assert!(matches!(results[4], Err(Failure::Outage { .. })) && matches!(results[5], Err(Failure::Outage { .. })));
    assert!(reasons(results).iter().all(|reason| !reason.contains("arn:")));
}

#[tokio::test]
async fn event_of_a_check_has_a_source_that_no_rule_for_weir_takes() {
    let bridge = Bridge::new(1_000_000);
    let topics = ["orders/create".to_owned(), check::topic(weir_core::Lane::Bulk)];
    bus(&bridge).publish(topics.iter().map(|topic| entry(topic, 10)).collect()).await;
    assert_eq!(*bridge.sources.lock().unwrap(), ["weir", "weir.check"]);
}
