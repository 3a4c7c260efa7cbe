//! Broken off anywhere and run again: nothing lost, nothing doubled.

use weir_recovery::RunError;
use weir_testkit::Fault;

use super::{of_orders, only, world::World};

/// The first run fails at its n-th call of the stack; the workers handle what it had sent; the second run does the rest.
/// Until there is no n-th call.
#[tokio::test(start_paused = true)]
async fn a_run_that_breaks_off_at_any_step_loses_and_doubles_nothing() {
    for fault in [Fault::BeforeWrite, Fault::AfterWrite] {
        let mut steps = 0;
        for call in 1.. {
            let world = World::new();
            world.lose(true);
            let orders = world.sim.place_orders(world.shop(), 3);
            world.wait(3).await;
            world.stack.fail(call, fault);
            let first = world.reconcile_with(|request| request).await;
            world.stack.heal();
            let told = format!("{fault:?} in call {call}");
            match first {
                Ok(report) => assert_eq!(report.missing(), report.sent, "{told}"),
                Err(error) => assert!(matches!(error, RunError::Stack(_)), "{told}: {error}"),
            }
            // Half of the time the workers are quicker than the second run.
            if call % 2 == 0 {
                world.work().await;
            }
            assert_eq!(world.reconcile().await.unfinished, None, "{told}");
            world.work().await;
            assert_eq!(only(world.stack.effects(), "orders"), of_orders(&orders), "{told}");
            let mut all = world.stack.effects();
            let before = all.len();
            all.dedup();
            assert_eq!(all.len(), before, "{told}");
            steps = call;
            if world.stack.calls_at_most(call) {
                break;
            }
        }
        assert!(steps > 20, "{steps}");
    }
}

/// The process is killed at its n-th await, without a word.
#[tokio::test(start_paused = true)]
async fn a_run_that_is_killed_at_any_moment_loses_and_doubles_nothing() {
    for polls in (1..).step_by(7) {
        let world = World::new();
        world.lose(true);
        let orders = world.sim.place_orders(world.shop(), 3);
        world.wait(3).await;
        let is_over = {
            let run = world.reconcile_with(|request| request);
            tokio::pin!(run);
            let mut left = polls;
            std::future::poll_fn(|context| {
                if left == 0 {
                    return std::task::Poll::Ready(false);
                }
                left -= 1;
                run.as_mut().poll(context).map(|ended| ended.is_ok())
            })
            .await
        };
        if polls % 2 == 0 {
            world.work().await;
        }
        world.reconcile().await;
        world.work().await;
        assert_eq!(only(world.stack.effects(), "orders"), of_orders(&orders), "killed at poll {polls}");
        if is_over {
            break;
        }
    }
}
