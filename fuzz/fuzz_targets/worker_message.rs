//! A message of a lane, as a worker reads it. Nobody but weir may send to a lane; a poisoned message must still do
//! no more than fail.
#![no_main]

use libfuzzer_sys::{
    arbitrary::{Arbitrary, Unstructured},
    fuzz_target,
};
use weir_core::{
    AppName, Topic, UnixMillis,
    envelope::{self, BusBody, Envelope, MAX_BODY_BYTES, Meta},
    sha256,
};
use weir_fuzz::sqs;

fuzz_target!(|bytes: &[u8]| {
    // Text that starts as JSON is the message itself, anything else the recipe of one.
    match str::from_utf8(bytes) {
        Ok(text) if text.starts_with('{') => any_message(text),
        _ => {
            if let Ok(sealed) = Sealed::arbitrary(&mut Unstructured::new(bytes)) {
                sealed.check();
            }
        }
    }
});

/// It is refused, or it opens to bytes that have its hash.
fn any_message(message: &str) {
    let Ok(envelope) = Envelope::parse(message) else { return };
    let (meta, fetched) = (envelope.meta.clone(), envelope.reference().map(|uri| uri.as_bytes().to_vec()));
    let Ok(body) = envelope.open(fetched) else { return };
    assert_eq!(sha256::hex(&body), meta.body_sha256);
    assert!(body.len() <= 2 * MAX_BODY_BYTES.max(message.len()), "{} bytes came out of a message", body.len());
    if let Ok(json) = envelope::json(&body) {
        let detail = envelope::detail(&meta, BusBody::Inline(json));
        sqs::check_characters(&detail);
        let event: OnTheBus = serde_json::from_str(&detail).expect("the event on the bus is JSON");
        assert_eq!(event.id, meta.webhook_id.as_str());
    }
}

/// The body may have numbers that no type of Rust holds: it is not looked at.
#[derive(serde::Deserialize)]
struct OnTheBus {
    id: String,
}

/// What ingest sends, for texts that no header could carry, with a few bytes of it altered.
#[derive(Debug, Arbitrary)]
struct Sealed<'a> {
    topic: &'a str,
    app: &'a str,
    subscription: Option<&'a str>,
    received_at: u32,
    generation: u32,
    body: &'a [u8],
    times: u8,
    altered: Vec<(u16, u8)>,
}

impl Sealed<'_> {
    fn check(&self) {
        let body = self.body.repeat(usize::from(self.times).max(1));
        let meta = Meta {
            topic: Topic::from_stored(self.topic),
            app: AppName::from_stored(self.app),
            subscription: self.subscription.map(str::to_owned),
            received_at: UnixMillis(i64::from(self.received_at) * 1000),
            generation: self.generation,
            ..Meta::sample("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", &body)
        };
        let Ok(message) = envelope::seal(&meta, &body) else { return };
        let envelope = Envelope::parse(&message).expect("what was sealed can be read");
        assert_eq!(envelope.meta, meta);
        assert!(envelope.open(None).as_deref() == Ok(&body), "other bytes came out than were sealed");

        let mut altered = message.into_bytes();
        for (at, byte) in &self.altered {
            let at = usize::from(*at) % altered.len();
            altered[at] = *byte;
        }
        if let Ok(text) = str::from_utf8(&altered) {
            any_message(text);
        }
    }
}
