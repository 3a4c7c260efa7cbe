//! The Shopify client against a Shopify that quotes all it was sent, and the worst that it may answer.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use futures_util::{StreamExt, future::BoxFuture, stream};
use resilience::{Clock, MemoryState, UnixMillis};
use shopify_client::{
    Call, Client, Endpoint, Parts, Settings,
    operations::{TagsAdd, tags_add},
    tokens::{App, Held, MemoryTokens, Renewal, StoredToken},
    transport::{Payload, Pieces, Transport, TransportError},
};
use shopify_webhook::ShopDomain;
use tracing_subscriber::filter::LevelFilter;
use weir_telemetry::{
    Metrics, Output, Telemetry, Traces,
    emf::check::assert_embedded_metrics,
    logs,
    metrics::{EMITTED, Emitter},
    traces,
};

use crate::marks::{Mark, assert_secret, customer, leaks, mark};

const ACCESS: &str = "shpat_Acc3ssTokenMark77";
const REFRESH: &str = "shprt_R3freshTokenMark88";
const SECRET: &str = "shpss_Cli3ntSecretMark99";

/// A status and a body, made of the quotation.
type Answer = fn(&str) -> (u16, String);

/// Answers in turn; each answer quotes the request's body and token.
struct Quoting {
    answers: Vec<Answer>,
    next: AtomicUsize,
    traceparents: std::sync::Mutex<Vec<String>>,
}

impl Transport for Quoting {
    fn open(&self, request: http::Request<Payload>) -> BoxFuture<'_, Result<http::Response<Pieces>, TransportError>> {
        let (head, payload) = request.into_parts();
        let Payload::Whole(body) = payload else { panic!("it is sent whole") };
        let sent = format!("{} {:?}", String::from_utf8_lossy(&body), head.headers.get("x-shopify-access-token"));
        let quoted = format!("{sent} {ACCESS} {REFRESH} {SECRET}");
        let quoted = serde_json::Value::from(quoted).to_string();
        self.traceparents
            .lock()
            .unwrap()
            .extend(head.headers.get("traceparent").and_then(|value| value.to_str().ok()).map(str::to_owned));
        let turn = self.next.fetch_add(1, Ordering::SeqCst) % self.answers.len();
        let (status, answer) = self.answers[turn](&quoted);
        Box::pin(async move {
            let pieces: Pieces = stream::iter([Ok(Bytes::from(answer))]).boxed();
            Ok(http::Response::builder().status(status).header("x-request-id", "request-7").body(pieces).unwrap())
        })
    }
}

fn quoting(answers: Vec<Answer>) -> Arc<Quoting> {
    Arc::new(Quoting { answers, next: AtomicUsize::new(0), traceparents: std::sync::Mutex::default() })
}

fn client(transport: Arc<Quoting>, expires_at: Option<UnixMillis>) -> Client {
    let shop = shop();
    let tokens = MemoryTokens::default();
    let renewal = Renewal::Refresh { token: REFRESH.into(), expires_at: None };
    let token = StoredToken { access: ACCESS.into(), expires_at, renewal, version: 1 };
    tokens.put(&shop, Held::Token(token));
    let parts = Parts {
        app: App { name: "default".into(), client_id: "id".into(), client_secret: SECRET.into() },
        endpoint: Endpoint::Shopify,
        transport,
        tokens: Arc::new(tokens),
        state: Arc::new(MemoryState::default()),
        clock: Clock::Wall,
        process: "a test".into(),
    };
    Client::new(parts, Settings::default())
}

fn shop() -> ShopDomain {
    ShopDomain::parse("north.myshopify.com").unwrap()
}

fn marks() -> Vec<Mark> {
    let mut marks = customer();
    marks.extend([mark("access token", ACCESS), mark("refresh token", REFRESH), mark("client secret", SECRET)]);
    marks
}

fn variables() -> tags_add::Variables {
    tags_add::Variables { id: "gid://shopify/Order/1".into(), tags: customer().into_iter().map(|m| m.text).collect() }
}

#[tokio::test(start_paused = true)]
async fn the_client_tells_nothing_of_what_it_sends_whatever_shopify_answers() {
    const ANSWERS: [Answer; 12] = [
        |quoted| (200, format!(r#"{{"data":{{"tagsAdd":{{"node":{{"id":{quoted}}},"userErrors":[]}}}}}}"#)),
        |quoted| {
            (
                200,
                format!(
                    r#"{{"data":{{"tagsAdd":{{"userErrors":[{{"field":["tags",{quoted}],"message":{quoted}}}]}}}}}}"#
                ),
            )
        },
        |quoted| (200, format!(r#"{{"errors":[{{"message":{quoted},"extensions":{{"code":"THROTTLED"}}}}]}}"#)),
        |quoted| (200, format!(r#"{{"errors":[{{"message":{quoted},"extensions":{{"code":"ACCESS_DENIED"}}}}]}}"#)),
        |quoted| {
            (
                200,
                format!(
                    r#"{{"errors":[{{"message":{quoted},"path":["tagsAdd",{quoted}],"extensions":{{"code":{quoted}}}}}]}}"#
                ),
            )
        },
        |quoted| (200, quoted.to_owned()),
        |quoted| (400, format!(r#"{{"errors":[{{"message":{quoted}}}]}}"#)),
        |quoted| (401, format!(r#"{{"errors":{quoted}}}"#)),
        |quoted| (403, quoted.to_owned()),
        |quoted| (429, quoted.to_owned()),
        |quoted| (500, quoted.to_owned()),
        |quoted| (418, quoted.to_owned()),
    ];
    let (subscriber, log) = logs::captured(LevelFilter::TRACE);
    let logging = tracing::subscriber::set_default(subscriber);
    let (lines, spans) = (Output::memory(), Output::memory());
    let telemetry = Telemetry {
        metrics: Metrics::new("north".into(), Vec::new(), lines.clone()),
        traces: Traces::written(spans.clone(), "a test", "north"),
    };
    let mut told = String::new();
    let place = telemetry.traces.place(None);
    for answer in ANSWERS {
        let transport = quoting(vec![answer]);
        let client = client(transport.clone(), None);
        weir_shops::instrument(&client, &telemetry);
        let call = Call::foreground(std::time::Duration::from_secs(30));
        let shop = shop();
        let calling = client.run::<TagsAdd>(&shop, variables(), &call);
        if let Err(error) = traces::scope(telemetry.traces.clone(), place, calling).await {
            told.push_str(&format!("{error} {error:?} {:?}\n", std::error::Error::source(&error)));
        }
        let traceparents = transport.traceparents.lock().unwrap();
        assert!(!traceparents.is_empty() && traceparents.iter().all(|sent| *sent == place.to_string()));
    }
    // A token that is over, and a renewal that is refused with a quotation of all of it.
    for answer in [
        (|quoted| (400, format!(r#"{{"error":{quoted},"error_description":{quoted}}}"#))) as Answer,
        |quoted| (200, format!(r#"{{"access_token":{quoted}}}"#)),
        |quoted| (500, quoted.to_owned()),
    ] {
        let client = client(quoting(vec![answer]), Some(UnixMillis(1)));
        weir_shops::instrument(&client, &telemetry);
        let call = Call::foreground(std::time::Duration::from_secs(5));
        let error = client.run::<TagsAdd>(&shop(), variables(), &call).await.unwrap_err();
        told.push_str(&format!("{error} {error:?}\n"));
    }
    telemetry.metrics.flush(UnixMillis(1_795_755_600_000));
    telemetry.traces.flush(std::time::Duration::from_secs(1)).await;
    drop(logging);

    let marks = marks();
    let (log, lines, spans) = (log.lines().join("\n"), lines.lines(), spans.lines().join("\n"));
    assert!(log.contains("Called Shopify") && log.contains(r#""shopify_request_id":"request-7""#), "{log}");
    assert_secret("an error", &told, &marks);
    assert_secret("the log", &log, &marks);
    assert_secret("a metric", &lines.join("\n"), &marks);
    assert_secret("a span", &spans, &marks);
    assert!(spans.contains("shopify TagsAdd") && spans.contains(&place.span_id()), "{spans}");
    let lines: Vec<_> = lines.iter().map(|line| assert_embedded_metrics(line)).collect();
    for metric in EMITTED.iter().filter(|metric| metric.emitter == Emitter::ShopifyCaller) {
        let seen = lines.iter().any(|line| line.get(metric.name).is_some());
        assert!(seen, "{} is declared and not emitted", metric.name);
    }
    // The marks were there to be told.
    let sent = serde_json::to_string(&variables()).unwrap();
    assert!(customer().iter().all(|mark| !leaks(&sent, std::slice::from_ref(mark)).is_empty()));
}

#[test]
fn debug_of_a_secret_holder_hides_the_secret() {
    let app = App { name: "default".into(), client_id: "id".into(), client_secret: SECRET.into() };
    let renewal = Renewal::Refresh { token: REFRESH.into(), expires_at: None };
    let token = StoredToken { access: ACCESS.into(), expires_at: None, renewal, version: 1 };
    let call = Call::foreground(std::time::Duration::from_secs(1));
    assert_secret("Debug", &format!("{app:?} {token:?} {:?} {call:?}", Held::Token(token.clone())), &marks());
}
