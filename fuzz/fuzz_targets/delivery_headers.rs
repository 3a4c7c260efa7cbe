//! The headers of a delivery, in both families: what is taken has the documented shape and can break no key, and what
//! has it is taken. What only correlates refuses no delivery.
#![no_main]

use libfuzzer_sys::{
    arbitrary::{Arbitrary, Unstructured},
    fuzz_target,
};
use shopify_webhook::{ClientSecrets, Delivery, HeaderError, Unverified, sign};
use weir_fuzz::headers::{self, Draft, Header};

const SECRET: &str = "hush";
const BODY: &[u8] = b"{}";

fuzz_target!(|bytes: &[u8]| {
    // Text with a colon in its first line is headers as HTTP writes them, anything else the recipe of some.
    let text = str::from_utf8(bytes).ok().filter(|text| text.lines().next().is_some_and(|line| line.contains(": ")));
    if let Some(text) = text {
        let lines = text.lines().filter_map(|line| line.split_once(": "));
        check(&lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>());
    } else if let Ok(draft) = Draft::arbitrary(&mut Unstructured::new(bytes)) {
        check(&draft.headers());
    }
});

fn check(headers: &[(String, String)]) {
    // The signature is another target's.
    let headers: Vec<_> = headers.iter().filter(|(name, _)| headers::of(name) != Some(Header::Hmac)).cloned().collect();
    let read = read(&headers);
    match &read {
        Ok(delivery) => accepted(delivery, &headers),
        Err(problem) => {
            let said = problem.to_string();
            assert!(said.len() < 150 && !said.contains(char::is_control), "it quotes a value: {said:?}");
            assert!(!headers::is_good(&headers), "{said}, but nothing is wrong with what must be right in {headers:?}");
        }
    }
    let upper: Vec<_> =
        headers.iter().map(|(name, value)| (name.to_ascii_uppercase(), format!(" {value}\t"))).collect();
    assert_eq!(read, self::read(&upper), "case and padding change what is read");
    let reversed: Vec<_> = headers.iter().rev().cloned().collect();
    assert_eq!(read.is_ok(), self::read(&reversed).is_ok(), "their order decides");
    if let (Ok(one), Ok(other)) = (&read, self::read(&reversed)) {
        assert_eq!(*one, other, "their order changes what is read");
    }
}

fn read(headers: &[(String, String)]) -> Result<Delivery, HeaderError> {
    let secret = SECRET.into();
    let signature = sign(BODY, &secret);
    let all = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let raw = all.chain([("shopify-hmac-sha256", signature.as_str())]).collect();
    let secrets = ClientSecrets::new(vec![secret]).expect("a secret");
    Unverified::new(raw, BODY).verify(&secrets).expect("its own signature").read()
}

fn accepted(delivery: &Delivery, headers: &[(String, String)]) {
    let Delivery { topic, shop, webhook_id, event_id, api_version, triggered_at, subscription, test, dropped } =
        delivery;
    let value = |header| headers::value(headers, header);
    let sent = value(Header::ShopDomain).map(str::to_ascii_lowercase);
    assert_eq!(sent.as_deref(), Some(shop.as_str()));
    assert!(headers::is_shop(shop.as_str()), "{shop}");
    assert_eq!(value(Header::WebhookId), Some(webhook_id.as_str()));
    assert!(headers::is_id(webhook_id.as_str()), "{webhook_id}");
    let key = format!("{shop}#{webhook_id}");
    assert_eq!(key.split('#').collect::<Vec<_>>(), [shop.as_str(), webhook_id.as_str()], "the key is ambiguous");
    assert!(headers::is_topic(topic.as_str()) || headers::is_event_topic(topic.as_str()), "{topic}");
    assert_eq!(topic.as_str().split(['/', '.']).next(), Some(topic.resource()));
    // What only correlates is taken if it has the documented shape, and else left out and named.
    let text = if *test { Some("true") } else { value(Header::Test).filter(|text| *text == "false") };
    let optional = [
        (
            Header::EventId,
            event_id.as_ref().map(|id| id.as_str()),
            headers::is_id as fn(&str) -> bool,
            "X-Shopify-Event-Id",
        ),
        (
            Header::ApiVersion,
            api_version.as_ref().map(|version| version.as_str()),
            headers::is_version,
            "X-Shopify-API-Version",
        ),
        (
            Header::TriggeredAt,
            triggered_at.as_ref().map(|at| at.as_str()),
            |text| headers::seconds(text).is_some(),
            "X-Shopify-Triggered-At",
        ),
        (Header::Name, subscription.as_deref(), headers::is_name, "X-Shopify-Name"),
        (Header::Test, text, |text| matches!(text, "true" | "false"), "X-Shopify-Test"),
    ];
    for (header, read, is_well_formed, name) in optional {
        assert_eq!(value(header).filter(|text| is_well_formed(text)), read, "{name}");
        let is_dropped = read.is_none() && !headers::values(headers, header).is_empty();
        assert_eq!(dropped.iter().any(|dropped| dropped.to_string() == name), is_dropped, "{name}");
    }
    if let Some(at) = triggered_at {
        let seconds = headers::seconds(at.as_str());
        assert_eq!(seconds, Some(at.instant().as_second() - i64::from(at.instant().subsec_nanosecond() < 0)), "{at:?}");
    }
}
