//! The whole way of a request through ingest: from the bytes that Lambda hands over to the message on the lane.
#![no_main]

use libfuzzer_sys::{
    arbitrary::{Arbitrary, Unstructured},
    fuzz_target,
};
use serde_json::Value;
use shopify_webhook::{EventId, WebhookId};
use tokio::runtime::{Builder, Runtime};
use weir_core::{
    AppName, Topics, UnixMillis, dedupe,
    envelope::{Envelope, Meta},
};
use weir_fuzz::{
    draft::Draft,
    oracle::{APPS, Seen},
    outside::{Outside, Queue},
    sqs,
};
use weir_ingest::{HttpEvent, Ingest, Invocation};

fuzz_target!(|bytes: &[u8]| {
    // Text that starts as JSON is the event itself, anything else the recipe of one.
    if bytes.first() == Some(&b'{') {
        check(bytes, Queue::Takes);
    } else if let Ok(draft) = Draft::arbitrary(&mut Unstructured::new(bytes)) {
        check(draft.event().to_string().as_bytes(), draft.queue);
    }
});

fn check(event: &[u8], queue: Queue) {
    let (Ok(request), Ok(seen)) = (serde_json::from_slice::<HttpEvent>(event), serde_json::from_slice::<Seen>(event))
    else {
        return;
    };
    let (status, problem) = WORLD.with(|world| world.answer(request, queue));
    seen.check(status, queue);
    let held = WORLD.with(|world| std::mem::take(&mut *world.outside.held()));
    if status != 200 {
        assert_eq!(problem["status"], status, "the problem says another status than the response: {problem}");
        assert!(problem["requestId"].is_string() && problem["detail"].is_string(), "{problem}");
        assert!(held.messages.is_empty(), "answered {status}, and yet a message was sent");
        return;
    }
    let [(_, message, group)] = &held.messages[..] else {
        panic!("answered 200 with {} messages on the lanes", held.messages.len())
    };
    sqs::check(message);
    let envelope = Envelope::parse(message).expect("what ingest sends can be read");
    assert_eq!(envelope.meta.shop.as_str(), group);
    assert_eq!(envelope.reference().is_some(), !held.bodies.is_empty());
    let meta = envelope.meta.clone();
    let opened = envelope.open(held.bodies.into_iter().next()).expect("what ingest sends can be opened");
    check_key(&meta, &opened);
    assert!(Some(opened) == seen.body(), "other bytes came out than were signed");
}

/// A key names its event id and nothing that its webhook id could be taken for, and follows from the envelope alone.
fn check_key(meta: &Meta, body: &[u8]) {
    let Some(key) = &meta.dedupe_key else { return };
    let (event_id, hash) = key.split_once('~').expect("a key has two parts");
    assert_eq!(Some(event_id), meta.event_id.as_ref().map(EventId::as_str));
    assert!(hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{hash}");
    assert!(WebhookId::parse(key).is_none(), "a webhook id could be this key");
    let again = Meta { webhook_id: WebhookId::from_stored("another"), received_at: UnixMillis(0), ..meta.clone() };
    assert_eq!(dedupe::key(&Topics::built_in(), &again, body).as_ref(), Some(key));
}

thread_local! {
    /// Made once: a route table and a runtime for each request would cost most of the time. Of one request, the next
    /// sees only whether the secrets were just read; as these stay the same, no answer depends on it.
    static WORLD: World = World::new();
}

struct World {
    runtime: Runtime,
    outside: Outside,
    ingest: Ingest<Outside, Outside>,
}

impl World {
    fn new() -> Self {
        let outside = Outside::default();
        // On paused time a queue that hangs costs no three seconds.
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let ingest = Ingest::new(APPS.map(AppName::from_stored).to_vec(), outside.clone(), outside.clone());
        Self { runtime: runtime.expect("a runtime starts"), outside, ingest }
    }

    /// The status and the JSON of the response.
    fn answer(&self, request: HttpEvent, queue: Queue) -> (u16, Value) {
        let invocation = Invocation {
            request_id: "invocation-1".to_owned(),
            xray_trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8".to_owned()),
            now: UnixMillis(1_795_755_600_000),
        };
        self.outside.reset(queue);
        let response = self.runtime.block_on(self.ingest.answer(request, &invocation));
        let response = serde_json::to_value(response).expect("Lambda can serialize the response");
        let status = response["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
        let body = serde_json::from_str(response["body"].as_str().unwrap_or_default());
        (status.expect("the response has a status"), body.expect("the response's body is JSON"))
    }
}
