use resilience::{Clock, MemoryState, UnixMillis, breaker::Settings};
use weir_core::{EventShop, Topic, controls::Controls, envelope::Meta};

use super::*;

fn destination(state: &Arc<MemoryState>) -> Destination {
    let clock = Clock::starting_at(UnixMillis(1_795_755_600_000));
    let breakers = Arc::new(Breakers::new(Settings::default(), clock, state.clone()));
    Destination::new("erp", breakers, Arc::new(Limiter::new(clock, state.clone())))
}

fn event() -> Event {
    let meta = Meta { topic: Topic::from_stored("refunds/create"), ..Meta::sample("1", b"{}") };
    Event::new(meta, b"{}".to_vec())
}

async fn fail(destination: &Destination) -> Failure {
    destination.call(&event(), async { Err::<(), _>(CallError::Down("500".into())) }).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn destination_switched_off_for_a_shop_is_not_called() {
    let erp = destination(&Arc::default());
    let switch = r#"{"off":[{"destination":"erp","shop":"north.myshopify.com","why":"stocktaking"}]}"#;
    let controls = Arc::new(Controls::parse(switch).unwrap());
    let failure = erp.call(&event().under(controls.clone()), async { Ok(()) }).await.unwrap_err();
    assert!(matches!(&failure, Failure::Outage { switched_off: true, reason, .. } if reason.contains("stocktaking")));
    let meta = Meta { shop: EventShop::from_stored("south.myshopify.com"), ..event().meta().clone() };
    let other = Event::new(meta, b"{}".to_vec()).under(controls);
    assert_eq!(erp.call(&other, async { Ok(()) }).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_shop_whose_rate_is_spent_waits_and_others_do_not() {
    let erp = destination(&Arc::default());
    let limit = r#"{"limits":[{"destination":"erp","per_second":0.1,"burst":2}]}"#;
    let controls = Arc::new(Controls::parse(limit).unwrap());
    let event = event().under(controls.clone());
    for _ in 0..2 {
        assert_eq!(erp.call(&event, async { Ok(()) }).await, Ok(()));
    }
    let failure = erp.call(&event, async { Ok(()) }).await.unwrap_err();
    let Failure::Outage { reason, retry_after, switched_off: false } = failure else { panic!("{failure:?}") };
    assert!(reason.contains("rate limit") && retry_after > Duration::from_secs(5), "{reason}: {retry_after:?}");
    let meta = Meta { shop: EventShop::from_stored("south.myshopify.com"), ..event.meta().clone() };
    assert_eq!(erp.call(&Event::new(meta, b"{}".to_vec()).under(controls), async { Ok(()) }).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn failure_is_transient_while_other_events_get_through() {
    let erp = destination(&Arc::default());
    assert_eq!(erp.call(&event(), async { Ok(7) }).await, Ok(7));
    assert_eq!(fail(&erp).await, Failure::transient("erp: 500"));
}

#[tokio::test(start_paused = true)]
async fn while_nothing_gets_through_it_is_an_outage() {
    let erp = destination(&Arc::default());
    assert_eq!(fail(&erp).await, Failure::outage("erp: 500", OUTAGE_RETRY_DELAY));
    assert_eq!(erp.call(&event(), async { Ok(()) }).await, Ok(()));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(fail(&erp).await, Failure::outage("erp: 500", OUTAGE_RETRY_DELAY), "what got through was long ago");
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_hangs_is_down() {
    let erp = destination(&Arc::default());
    let hung = erp.call(&event(), std::future::pending::<Result<(), CallError>>()).await;
    assert_eq!(hung, Err(Failure::outage("erp: no answer within 10 s", OUTAGE_RETRY_DELAY)));
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_is_known_to_every_process_and_nothing_is_called() {
    let state = Arc::default();
    let (one, other) = (destination(&state), destination(&state));
    for _ in 0..6 {
        fail(&one).await;
    }
    let called = std::cell::Cell::new(false);
    let failure = other
        .call(&event(), async {
            called.set(true);
            Ok(())
        })
        .await
        .unwrap_err();
    let Failure::Outage { reason, retry_after, .. } = failure else { panic!("{failure:?}") };
    assert!(!called.get() && reason.contains("destination/erp keeps failing (500)"), "{reason}");
    assert!(retry_after > Duration::from_secs(14), "{retry_after:?}");
    tokio::time::advance(retry_after).await;
    assert_eq!(other.call(&event(), async { Ok(()) }).await, Ok(()), "the probe closes it");
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(one.call(&event(), async { Ok(()) }).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_for_good_and_a_throttle_is_obeyed_and_neither_opens_the_circuit() {
    let erp = destination(&Arc::default());
    let wait = Duration::from_secs(77);
    for _ in 0..20 {
        let refused = erp.call(&event(), async { Err::<(), _>(CallError::Refused("422".into())) }).await;
        assert_eq!(refused, Err(Failure::permanent("erp: 422")));
        let throttled = CallError::Throttled { reason: "429".into(), retry_after: wait };
        assert_eq!(erp.call(&event(), async { Err::<(), _>(throttled) }).await, Err(Failure::outage("erp: 429", wait)));
    }
}
