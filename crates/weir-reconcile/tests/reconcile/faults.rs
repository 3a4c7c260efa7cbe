//! Broken off anywhere and run again: nothing lost, nothing doubled.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use weir_reconcile::RunError;
use weir_testkit::Fault;

use weir_reconcile::{Request, Since};

use super::{stack::Effect, world::World};

/// Orders that were lost, so long ago that only a cursor which did not move too early still leads to them.
async fn world() -> World {
    let world = World::new();
    world.lose(true);
    world.sim.place_orders(world.shop(), 3);
    world.wait(25).await;
    world
}

async fn by_cursor(world: &World) -> Result<weir_reconcile::Report, RunError> {
    world.reconcile_with(|request| Request { since: Since::Cursor, ..request }).await
}

/// What a run that nothing happens to brings about: orders and inventory.
async fn expected() -> Vec<Effect> {
    let world = world().await;
    by_cursor(&world).await.unwrap();
    world.work().await;
    let effects = world.stack.effects();
    assert!(effects.len() > 6, "{effects:?}");
    effects
}

/// The first run fails at its n-th call of the stack; the workers handle what it had sent; the second run does the rest.
/// Until there is no n-th call.
#[tokio::test(start_paused = true)]
async fn a_run_that_breaks_off_at_any_step_loses_and_doubles_nothing() {
    let expected = expected().await;
    for fault in [Fault::BeforeWrite, Fault::AfterWrite] {
        let mut steps = 0;
        for call in 1.. {
            let world = world().await;
            world.stack.fail(call, fault);
            let first = by_cursor(&world).await;
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
            assert_eq!(by_cursor(&world).await.unwrap().unfinished, None, "{told}");
            world.work().await;
            assert_eq!(world.stack.effects(), expected, "{told}");
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
    let expected = expected().await;
    for polls in 1.. {
        let world = world().await;
        let is_over = {
            let run = by_cursor(&world);
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
        by_cursor(&world).await.unwrap();
        world.work().await;
        assert_eq!(world.stack.effects(), expected, "killed at poll {polls}");
        if is_over {
            break;
        }
    }
}
