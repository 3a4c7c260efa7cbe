use resilience::{Clock, MemoryState, UnixMillis, breaker::Settings};
use weir_core::{
    EventShop, Topic,
    controls::Controls,
    envelope::Meta,
    park::{OUTAGE_AT_MOST, Parked},
};

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

/// Handles one event as a worker and its lane do: what can't be called now is parked, and comes back. Returns its attempts.
async fn until_called(erp: &Destination, event: &Event, rng: &mut fastrand::Rng) -> u32 {
    let mut parked = None;
    for attempt in 1.. {
        match erp.call(event, async { Ok(()) }).await {
            Ok(()) => return attempt,
            Err(Failure::Outage { retry_after, .. }) => {
                let now = UnixMillis(1_795_755_600_000);
                let stay = Parked::again(parked, OUTAGE_AT_MOST, now).unwrap();
                tokio::time::sleep(stay.delay(retry_after, rng)).await;
                parked = Some(stay);
            }
            Err(failure) => panic!("{failure:?}"),
        }
    }
    unreachable!("it is called at last")
}

#[tokio::test(start_paused = true)]
async fn limited_destination_is_called_at_its_rate() {
    // One worker keeps the rate. Several that share it learn late what the others used of it: they are never faster.
    let never_faster = f64::INFINITY;
    for (per_second, events, slack) in
        [(1_u64, 8_u64, 1.1), (2, 10, 1.1), (2, 12, never_faster), (20, 120, never_faster), (2, 60, never_faster)]
    {
        let state = Arc::default();
        let limit = format!(r#"{{"limits":[{{"destination":"erp","per_second":{per_second},"total":true}}]}}"#);
        let controls = Arc::new(Controls::parse(&limit).unwrap());
        let began = tokio::time::Instant::now();
        // Batches of ten, each with a worker.
        let batches = (0..events.div_ceil(10)).map(|batch| {
            let (erp, controls) = (destination(&state), controls.clone());
            let size = (events - batch * 10).min(10);
            async move {
                let all = (0..size).map(async |number| {
                    let mut rng = fastrand::Rng::with_seed(batch * 10 + number);
                    until_called(&erp, &event().under(controls.clone()), &mut rng).await
                });
                futures_util::future::join_all(all).await.into_iter().sum::<u32>()
            }
        });
        let attempts: u32 = futures_util::future::join_all(batches).await.into_iter().sum();
        // Those of the first second are there at once. What the first lump used is known a second later.
        let least = (events - per_second) as f64 / per_second as f64;
        let took = began.elapsed().as_secs_f64();
        assert!(
            took >= least && took <= least * slack + 1.0,
            "{events} at {per_second}/s took {took} s, not {least} s"
        );
        assert!(u64::from(attempts) <= events * 3, "{attempts} attempts for {events} events");
    }
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
