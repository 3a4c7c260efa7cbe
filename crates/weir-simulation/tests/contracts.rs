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
