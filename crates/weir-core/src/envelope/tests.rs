use proptest::prelude::*;

use super::*;

fn meta(body: &[u8]) -> Meta {
    Meta {
        event_id: EventId::parse("98880550"),
        api_version: ApiVersion::parse("2026-10"),
        triggered_at: Some("2026-11-27T05:00:00.123456789Z".into()),
        received_at: UnixMillis(1_795_755_600_120),
        ..Meta::sample("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", body)
    }
}

/// Whether SQS would take the character, by its documentation (the characters of XML 1.0).
fn sqs_takes(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[track_caller]
fn check_round_trip(body: &[u8]) -> String {
    let meta = meta(body);
    let message = seal(&meta, body).unwrap();
    assert!(message.chars().all(sqs_takes), "SQS would refuse the message");
    let envelope = Envelope::parse(&message).unwrap();
    assert_eq!(envelope.meta, meta);
    assert_eq!(envelope.open(None).unwrap(), body);
    message
}

/// Of another publisher on the bus, or of an ingest whose rules were others.
#[test]
fn texts_that_no_header_may_have_are_read_and_written_as_they_were() {
    for text in ["", "weir.orders", "Product/update", "superseded/orders/create", "Object Created", "a#b\u{202e}"] {
        let meta = Meta {
            shop: EventShop::from_stored(text),
            topic: Topic::from_stored(text),
            app: AppName::from_stored(text),
            event_id: Some(EventId::from_stored(text)),
            api_version: Some(ApiVersion::from_stored(text)),
            ..Meta::sample(text, b"{}")
        };
        let message = seal(&meta, b"{}").unwrap();
        let envelope = Envelope::parse(&message).unwrap();
        assert_eq!(envelope.meta, meta);
        assert_eq!(envelope.message(), message);
    }
}

#[test]
fn message_stays_the_same_in_every_version() {
    let message = seal(&meta(b"{}"), b"{}").unwrap();
    let expected = r#"{"specversion":"1.0","id":"b54557e4-bdd9-4b37-8a5f-bf7d70bcd043","source":"north.myshopify.com","type":"com.shopify.orders.create","time":"2026-11-27T05:00:00.123456789Z","datacontenttype":"application/json","topic":"orders/create","app":"default","eventid":"98880550","apiversion":"2026-10","receivedat":"2026-11-27T05:00:00.120Z","bodysha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","generation":0,"data":{}}"#;
    assert_eq!(message, expected);
}

#[test]
fn json_travels_as_itself_to_the_last_digit() {
    let body = br#"{"id":820982911946154508, "price": "10.10","n":1.10,"id":1}"#;
    let message = check_round_trip(body);
    assert!(message.ends_with(&format!("\"data\":{}}}", std::str::from_utf8(body).unwrap())), "{message}");
}

#[test]
fn body_that_json_would_change_travels_as_base64() {
    for body in [&b"not json"[..], b"", b"\xff\xfe{}", "\u{feff}{}".as_bytes(), "{\"a\":\"\u{fffe}\"}".as_bytes()] {
        assert!(check_round_trip(body).contains("data_base64"), "{body:?}");
    }
}

#[test]
fn white_space_around_the_value_is_the_bodys_own() {
    for body in [" {}", "{}\n", "\r\n [1, 2]\t ", " 1"] {
        assert!(check_round_trip(body.as_bytes()).contains(&format!("\"data\":{body}}}")), "{body:?}");
    }
}

#[test]
fn an_envelope_that_somebody_printed_anew_still_opens() {
    let body = b"{\"id\":1}";
    let value: serde_json::Value = serde_json::from_str(&seal(&meta(body), body).unwrap()).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    assert_eq!(
        Envelope::parse(&pretty.replace(": {\n    \"id\": 1\n  }", ": {\"id\":1} \n")).unwrap().open(None).unwrap(),
        body
    );
}

#[test]
fn bodies_over_64_kb_are_compressed() {
    let body = format!("{{\"items\":[{}1]}}", "820982911946154508,".repeat(20_000));
    let message = check_round_trip(body.as_bytes());
    assert!(message.len() < 10_000 && message.contains("\"dataencoding\":\"zstd\""), "{}", message.len());
}

#[test]
fn body_too_large_for_a_message_is_stored_and_referenced() {
    let mut rng = fastrand::Rng::with_seed(3);
    let body: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(1_000_000).collect();
    assert_eq!(seal(&meta(&body), &body), Err(TooLarge));
    let envelope = Envelope::parse(&refer(&meta(&body), "s3://bodies/north/1")).unwrap();
    assert_eq!(envelope.reference(), Some("s3://bodies/north/1"));
    assert_eq!(envelope.clone().open(None), Err(BodyDecodeError::Encoding));
    assert_eq!(envelope.clone().open(Some(b"altered".to_vec())), Err(BodyDecodeError::Hash));
    assert_eq!(envelope.open(Some(body.clone())).unwrap(), body);
}

#[test]
fn a_parked_copy_carries_its_stay_and_the_same_bytes() {
    let mut rng = fastrand::Rng::with_seed(3);
    let noise: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(100_000).collect();
    let messages = [
        (seal(&meta(b" {\"id\":1} "), b" {\"id\":1} ").unwrap(), b" {\"id\":1} ".to_vec()),
        (seal(&meta(b"\xff"), b"\xff").unwrap(), b"\xff".to_vec()),
        (seal(&meta(&noise), &noise).unwrap(), noise.clone()),
        (refer(&meta(b"x"), "s3://bodies/1"), b"x".to_vec()),
    ];
    for (message, body) in messages {
        let envelope = Envelope::parse(&message).unwrap();
        assert_eq!(envelope.parked, None);
        let parked = Parked { count: 3, since: UnixMillis(1_795_755_600_120) };
        let copy = Envelope::parse(&envelope.park(parked)).unwrap();
        assert_eq!((copy.parked, &copy.meta), (Some(parked), &envelope.meta));
        assert_eq!(copy.reference(), envelope.reference());
        let again = Envelope::parse(&copy.park(Parked { count: 4, ..parked })).unwrap();
        assert_eq!(again.parked.unwrap().count, 4);
        let fetched = again.reference().map(|_| body.clone());
        assert_eq!(again.open(fetched).unwrap(), body);
    }
}

#[test]
fn a_message_is_written_again_as_it_came_and_with_what_was_changed() {
    let message = seal(&meta(b" {\"id\":1} "), b" {\"id\":1} ").unwrap();
    let mut envelope = Envelope::parse(&message).unwrap();
    assert_eq!(envelope.message(), message);
    let parked = Envelope::parse(&envelope.park(Parked { count: 3, since: UnixMillis(7) })).unwrap();
    assert_eq!(Envelope::parse(&parked.message()).unwrap().parked, parked.parked);
    envelope.meta.generation = 1;
    let replay = Envelope::parse(&envelope.message()).unwrap();
    assert_eq!((replay.meta.generation, replay.open(None).unwrap()), (1, b" {\"id\":1} ".to_vec()));
}

#[test]
fn half_of_a_stay_is_no_envelope() {
    let message = seal(&meta(b"{}"), b"{}").unwrap();
    for half in ["\"parks\":1", "\"parkedat\":\"2026-11-27T05:00:00Z\"", "\"parks\":1,\"parkedat\":\"soon\""] {
        let bent = message.replacen('{', &format!("{{{half},"), 1);
        assert_eq!(Envelope::parse(&bent).unwrap_err(), EnvelopeError::Unknown("parkedat"), "{half}");
    }
}

#[test]
fn an_altered_body_is_noticed() {
    let message = seal(&meta(b"{\"total\":1}"), b"{\"total\":1}").unwrap().replace("\"total\":1", "\"total\":2");
    assert_eq!(Envelope::parse(&message).unwrap().open(None), Err(BodyDecodeError::Hash));
}

#[test]
fn a_frame_that_claims_gigabytes_is_refused() {
    let bomb = zstd::bulk::compress(&vec![0; MAX_BODY_BYTES * 3], 1).unwrap();
    let mut wire = wire::Wire::new(Box::leak(Box::new(meta(b""))));
    wire.dataencoding = Some("zstd".into());
    wire.data_base64 = Some(base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bomb).into());
    assert_eq!(Envelope::parse(&wire.write()).unwrap().open(None), Err(BodyDecodeError::Encoding));
}

#[test]
fn a_message_of_somebody_else_is_a_problem_not_a_panic() {
    let good = seal(&meta(b"{}"), b"{}").unwrap();
    assert!(matches!(Envelope::parse("hello").unwrap_err(), EnvelopeError::Syntax { .. }));
    assert!(matches!(Envelope::parse("{}").unwrap_err(), EnvelopeError::Syntax { .. }));
    let none = good.replace(",\"data\":{}", "");
    assert_eq!(Envelope::parse(&none).unwrap_err(), EnvelopeError::Bodies(0));
    let two = good.replace("\"data\":{}", "\"data\":{},\"dataref\":\"s3://a/b\"");
    assert_eq!(Envelope::parse(&two).unwrap_err(), EnvelopeError::Bodies(2));
    let encoding = good.replace("\"data\":{}", "\"dataencoding\":\"lzma\",\"data_base64\":\"\"");
    assert_eq!(Envelope::parse(&encoding).unwrap_err(), EnvelopeError::Unknown("dataencoding"));
    let version = good.replace("\"specversion\":\"1.0\"", "\"specversion\":\"2.0\"");
    assert_eq!(Envelope::parse(&version).unwrap_err(), EnvelopeError::Unknown("specversion"));
}

#[test]
fn the_bus_gets_the_same_json_with_what_sqs_refuses_escaped() {
    let body = "{\"id\":820982911946154508,\"note\":\"\u{fffe}\"}";
    let detail = detail(&meta(body.as_bytes()), BusBody::Inline(json(body.as_bytes()).unwrap()));
    assert!(detail.chars().all(sqs_takes));
    let (seen, sent): (serde_json::Value, serde_json::Value) =
        (serde_json::from_str(&detail).unwrap(), serde_json::from_str(body).unwrap());
    assert_eq!(seen["data"], sent);
    assert_eq!(seen["type"], "com.shopify.orders.create");
    assert!(detail.contains("820982911946154508"));
}

#[test]
fn debug_shows_no_body() {
    let envelope = Envelope::parse(&seal(&meta(b"\"secret\""), b"\"secret\"").unwrap()).unwrap();
    assert!(!format!("{envelope:?}").contains("secret"));
}

proptest! {
    #[test]
    fn bytes_in_are_bytes_out(body: Vec<u8>) {
        check_round_trip(&body);
    }

    #[test]
    fn json_with_any_character_comes_out_as_it_went_in(text in "[ \n]{0,2}\"([^\"\\\\\u{0}-\u{1f}]|\u{fffe}){0,40}\"[ \n]{0,2}") {
        check_round_trip(text.as_bytes());
    }

    #[test]
    fn large_bodies_come_out_as_they_went_in(seed: u64, len in 60_000usize..200_000) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let body: Vec<u8> = std::iter::repeat_with(|| rng.u8(b'a'..b'e')).take(len).collect();
        check_round_trip(&body);
    }

    #[test]
    fn any_message_is_read_or_refused_without_a_panic(text in "\\PC{0,200}") {
        prop_assert!(Envelope::parse(&text).is_err());
    }
}

#[test]
fn id_with_the_synthetic_prefix_is_reserved_in_any_case() {
    for id in [SYNTHETIC_ID_PREFIX, "weir-reconcile-x", "WEIR-reconcile-x"] {
        assert!(is_reserved_id(id), "{id}");
    }
    for id in ["", "weir-reconcile", "weir-reconciled-x", "x-weir-reconcile-", "weir-reconcilé-x"] {
        assert!(!is_reserved_id(id), "{id}");
    }
}
