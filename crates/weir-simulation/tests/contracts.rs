//! The simulated services keep the contracts that the emulator's keep (tests/tests/protocol/contracts.rs).

use std::time::Duration;

use weir_simulation::SimQueue;
use weir_testkit::contract::queue::{self, MAX_RECEIVES, QueueUnderTest, Taken, VISIBILITY};

struct Simulated(SimQueue);

impl QueueUnderTest for Simulated {
    async fn send(&self, body: &str, group: &str, delay: Duration) {
        self.0.send(body.to_owned(), group, delay);
    }

    async fn receive(&self) -> Vec<Taken> {
        let received = self.0.receive(10, &mut fastrand::Rng::with_seed(1), |_| false);
        let taken = |one: weir_simulation::Received| Taken {
            id: one.id,
            receipt: one.receipt,
            body: one.body,
            group: one.group,
            receives: one.receives,
        };
        received.into_iter().map(taken).collect()
    }

    async fn delete(&self, receipt: &str) {
        assert!(self.0.delete(receipt));
    }

    async fn change_visibility(&self, receipt: &str, delay: Duration) {
        assert!(self.0.change_visibility(receipt, delay));
    }

    async fn dead(&self) -> Vec<String> {
        self.0.dead()
    }
}

#[tokio::test(start_paused = true)]
async fn the_simulated_queue_keeps_the_contract() {
    queue::cases(&Simulated(SimQueue::new(VISIBILITY, MAX_RECEIVES))).await;
}

fn bodies(received: &[weir_simulation::Received]) -> Vec<&str> {
    received.iter().map(|one| one.body.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn full_queue_in_flight_hands_out_nothing_until_one_is_deleted() {
    let queue = SimQueue::new(VISIBILITY, MAX_RECEIVES).bounded(2, Duration::from_secs(86_400));
    let receive = || queue.receive(10, &mut fastrand::Rng::with_seed(1), |_| false);
    for body in ["a", "b", "c"] {
        queue.send(body.to_owned(), "north", Duration::ZERO);
    }
    let first = receive();
    assert_eq!(first.len(), 2);
    assert_eq!(receive().len(), 0);
    // Hidden for longer: in flight as before.
    assert!(queue.change_visibility(&first[0].receipt, VISIBILITY * 10));
    assert_eq!(receive().len(), 0);
    assert!(queue.delete(&first[1].receipt));
    let third = receive();
    assert!(third.len() == 1 && !bodies(&first).contains(&bodies(&third)[0]), "{third:?}");
}

#[tokio::test(start_paused = true)]
async fn message_is_gone_after_its_retention_and_moving_makes_it_no_younger() {
    let queue = SimQueue::new(VISIBILITY, 1).bounded(10, Duration::from_secs(60));
    let receive = || queue.receive(10, &mut fastrand::Rng::with_seed(1), |_| false);
    queue.send("dies".to_owned(), "north", Duration::ZERO);
    assert_eq!(bodies(&receive()), ["dies"]);
    tokio::time::advance(Duration::from_secs(50)).await;
    queue.send("waits".to_owned(), "north", Duration::from_secs(300));
    assert_eq!((queue.dead(), queue.len()), (vec!["dies".to_owned()], 1));
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!((queue.dead(), queue.len()), (Vec::new(), 1));
    tokio::time::advance(Duration::from_secs(50)).await;
    assert_eq!((queue.len(), receive().len()), (0, 0));
}
