//! A sweep over queues in memory, where each call fails in each way: whatever happens, nothing is lost or doubled.

mod world;

use std::{cell::Cell, time::Duration};

use tokio::time::Instant;
use weir_core::{
    Lane, UnixMillis,
    ledger::{ActionKind, Key, Record},
};

use super::{
    Cancel, JobState,
    entry::tests::{message, meta, record},
    operation::Kind,
    reader::{HOLD, Reader},
};
use world::{EVENTS, FAULTS, check_nothing_lost, check_told, left, run, world};

/// Whoever comes after an interruption goes on with it, or begins another one.
async fn try_each_fault(kind: Kind, force: bool, worker_is_quick: bool, resumes: bool) {
    let (_sender, stop) = Cancel::new();
    for fault in FAULTS {
        for call in 1.. {
            let what = format!("{fault:?} at call {call}");
            let world = world(kind, force);
            world.forgets.set(resumes);
            let begun = world.operation.borrow().clone();
            world.fault.set(Some((call, fault)));
            run(&world, &stop).await;
            let was_met = world.calls.get() >= call;
            if kind == Kind::Replay {
                check_nothing_lost(&world, &what);
            }
            if worker_is_quick {
                world.work();
            }
            // Whatever the killed one held comes back by itself.
            tokio::time::sleep(Duration::from_secs(120)).await;
            world.fault.set(None);
            if !resumes {
                world.chunks.borrow_mut().clear();
                *world.operation.borrow_mut() = begun;
            }
            run(&world, &stop).await;
            world.work();

            assert_eq!(left(&world), (0, EVENTS as usize), "{what}");
            let (_, operation) = world.operation.borrow().clone().unwrap();
            assert_eq!(operation.state, JobState::Done, "{what}: {operation:?}");
            let generation = u32::from(force);
            let effects = world.effects.borrow();
            match kind {
                Kind::Drop => {
                    assert!(effects.is_empty(), "{what}");
                    check_told(&world, ActionKind::Dropped, &what);
                }
                Kind::Replay => {
                    assert_eq!(effects.len(), EVENTS as usize, "{what}");
                    assert!(effects.iter().all(|(key, count)| key.generation == generation && *count == 1), "{what}");
                }
            }
            if !was_met {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_loses_and_doubles_nothing_whatever_call_goes_wrong() {
    for (worker_is_quick, resumes) in [(true, true), (true, false), (false, true), (false, false)] {
        try_each_fault(Kind::Replay, false, worker_is_quick, resumes).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_forced_replay_that_is_done_again_comes_to_the_same_generation() {
    for (worker_is_quick, resumes) in [(true, true), (true, false), (false, true), (false, false)] {
        try_each_fault(Kind::Replay, true, worker_is_quick, resumes).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_drop_deletes_only_what_was_meant_whatever_call_goes_wrong() {
    for resumes in [true, false] {
        try_each_fault(Kind::Drop, false, true, resumes).await;
    }
}

#[tokio::test(start_paused = true)]
async fn replay_is_told_by_each_event_that_was_sent() {
    for force in [false, true] {
        let world = world(Kind::Replay, force);
        let (_sender, stop) = Cancel::new();
        run(&world, &stop).await;
        check_told(&world, ActionKind::Replayed { generation: u32::from(force) }, "");
        let (_, operation) = world.operation.borrow().clone().unwrap();
        assert_eq!((operation.state, operation.work.counts.unrecorded), (JobState::Done, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn event_of_the_last_generation_is_left_by_a_forced_replay() {
    let world = world(Kind::Replay, true);
    let mut last = meta("meant-last", b"{}");
    last.generation = u32::MAX;
    world.records.borrow_mut().insert(
        Key::of(&last),
        Record { last_error: Some("HTTP 500".into()), ..record(Key::of(&last), weir_core::ledger::State::Done, b"{}") },
    );
    world.put("meant-last", weir_core::envelope::seal(&last, b"{}").unwrap(), UnixMillis::now());
    let (_sender, stop) = Cancel::new();
    run(&world, &stop).await;
    let (_, operation) = world.operation.borrow().clone().unwrap();
    assert_eq!((operation.work.counts.unreadable, operation.work.counts.sent), (1, u64::from(EVENTS)));
    assert_eq!(left(&world).0, 1, "it stays to be looked at");
}

#[tokio::test(start_paused = true)]
async fn interrupted_replay_returns_its_messages_and_can_be_resumed() {
    let world = world(Kind::Replay, false);
    world.operation.borrow_mut().as_mut().unwrap().1.work.options.rate = Some(2.0);
    let (sender, stop) = Cancel::new();
    let asked = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        sender.send_replace(true);
    };
    tokio::join!(run(&world, &stop), asked);
    let (_, operation) = world.operation.borrow().clone().unwrap();
    assert_eq!(operation.state, JobState::Interrupted);
    assert!((1..u64::from(EVENTS)).contains(&operation.work.counts.sent), "{operation:?}");
    let now = Instant::now();
    assert!(world.dlq.borrow().iter().all(|message| message.visible_at <= now), "everything was given back");
    let (_sender, stop) = Cancel::new();
    run(&world, &stop).await;
    world.work();
    assert_eq!((left(&world), world.effects.borrow().len()), ((0, EVENTS as usize), EVENTS as usize));
}

#[tokio::test(start_paused = true)]
async fn a_slow_replay_holds_on_to_its_messages_and_keeps_its_rate() {
    let world = world(Kind::Replay, false);
    world.operation.borrow_mut().as_mut().unwrap().1.work.options.rate = Some(0.1);
    let (_sender, stop) = Cancel::new();
    let began = Instant::now();
    let ended = Cell::new(false);
    let replay = async {
        run(&world, &stop).await;
        ended.set(true);
    };
    let others = async {
        let mut before = usize::MAX;
        while !ended.get() {
            let visible = world.dlq.borrow().iter().filter(|message| message.visible_at <= Instant::now()).count();
            assert!(visible <= before, "{} show again after {:?}", visible - before, began.elapsed());
            before = visible;
            tokio::time::sleep(Duration::from_millis(999)).await;
        }
    };
    tokio::join!(replay, others);
    let (_, operation) = world.operation.borrow().clone().unwrap();
    assert_eq!((operation.state, operation.work.counts.sent), (JobState::Done, u64::from(EVENTS)));
    assert_eq!(world.lane.borrow().len(), EVENTS as usize, "none was sent twice");
    assert!(began.elapsed() >= Duration::from_secs(10 * u64::from(EVENTS - 1)), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn resumed_replay_waits_for_messages_of_the_killed_one() {
    let world = world(Kind::Replay, false);
    let until = Instant::now() + HOLD;
    world.dlq.borrow_mut().iter_mut().for_each(|message| message.visible_at = until);
    let (_sender, stop) = Cancel::new();
    run(&world, &stop).await;
    assert_eq!((left(&world), world.lane.borrow().len()), ((0, EVENTS as usize), EVENTS as usize));
}

#[tokio::test(start_paused = true)]
async fn replayed_event_that_fails_again_is_not_replayed_again() {
    let world = world(Kind::Replay, false);
    let (_sender, stop) = Cancel::new();
    run(&world, &stop).await;
    // The worker failed at one, and its lane gave it up: it is back under an id of its own.
    world.put("new", message("meant-0"), UnixMillis::now());
    world.operation.borrow_mut().as_mut().unwrap().1.state = JobState::Interrupted;
    let sent = world.lane.borrow().len();
    run(&world, &stop).await;
    let (_, operation) = world.operation.borrow().clone().unwrap();
    assert_eq!((operation.work.counts.returned, world.lane.borrow().len()), (1, sent));
    assert!(world.dlq.borrow().iter().any(|message| message.id == "new"), "it stays to be looked at");
}

#[tokio::test(start_paused = true)]
async fn resuming_a_replay_takes_it_over() {
    let world = world(Kind::Replay, false);
    let (_sender, stop) = Cancel::new();
    world.operation.borrow_mut().as_mut().unwrap().1.work.options.rate = Some(1.0);
    let first = run(&world, &stop);
    let second = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        // What `--resume` writes first.
        if let Some((version, _)) = world.operation.borrow_mut().as_mut() {
            *version += 1;
        }
    };
    tokio::join!(first, second);
    let (_, operation) = world.operation.borrow().clone().unwrap();
    assert_eq!(operation.state, JobState::Running, "the first one left it to the second");
    assert!(world.lane.borrow().len() < EVENTS as usize);
}

/// Time is paused: only waits take any, and each call five milliseconds.
#[tokio::test(start_paused = true)]
async fn reading_three_messages_takes_three_requests_and_waits_for_nothing() {
    let world = world(Kind::Replay, false);
    world.dlq.borrow_mut().truncate(3);
    let began = Instant::now();
    let mut reader = Reader::new(&world, vec![Lane::Standard], false);
    let mut read = 0;
    while !reader.is_over() {
        read += reader.round().await.unwrap().fresh.len();
    }
    assert_eq!(read, 3);
    // How many there are, their receive, and whether that was all.
    assert_eq!(world.calls.get(), 3);
    reader.give_back().await;
    assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
    let empty = world;
    empty.dlq.borrow_mut().clear();
    let (began, mut reader) = (Instant::now(), Reader::new(&empty, vec![Lane::Standard], false));
    assert!(reader.round().await.unwrap().fresh.is_empty() && reader.is_over());
    assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
}
