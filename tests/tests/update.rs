//! A deployment while webhooks come: every one of them is taken, and takes effect.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use aws_sdk_sqs::types::QueueAttributeName;
use tempfile::TempDir;
use weir_local::Checkout;
use weir_tests::{World, eventually, http};

/// As many senders at once.
const SENDERS: usize = 3;

/// Webhooks that come before the deployment begins, and after it has ended.
const AROUND: usize = 12;

#[tokio::test]
async fn no_webhook_is_lost_while_versions_and_settings_change() {
    // Behind the alias: without it the emulator kills the ingest that runs, which Lambda does not.
    let mut world = World::with("update", &[("Canary", "true")]).await;
    let_messages_come_back_soon(&world).await;
    let flow = Flow::begin(&world);
    flow.goes_on().await;
    let first = world.live_version("IngestFunction").await;

    let newer = another_build(world.binaries());
    world.update(newer.path(), &[]).await;
    flow.goes_on().await;
    let second = world.live_version("IngestFunction").await;
    assert_ne!(first, second, "new code");

    world.update(newer.path(), &[("LogLevel", "debug"), ("BackoffBaseSeconds", "7")]).await;
    flow.goes_on().await;
    let third = world.live_version("IngestFunction").await;
    assert_ne!(second, third, "a parameter of ingest's");

    world.update(newer.path(), &[("Canary", "false")]).await;
    flow.goes_on().await;
    flow.ends_with_all_done(&world).await;
    world.end().await;
}

/// Webhooks that come one after another, of a few senders.
struct Flow {
    sent: Arc<AtomicUsize>,
    enough: Arc<AtomicBool>,
    senders: Vec<tokio::task::JoinHandle<Vec<(String, u16)>>>,
}

impl Flow {
    fn begin(world: &World) -> Self {
        let (sent, enough) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let send = |sender: usize| {
            let (sent, enough) = (Arc::clone(&sent), Arc::clone(&enough));
            let (http, url) = (http(), world.deployed.webhook_url.clone());
            let delivery = world.delivery("refunds/create", "-", format!("{{\"id\":{}}}", sender + 1));
            tokio::spawn(async move {
                let mut answers = Vec::new();
                while !enough.load(Ordering::Relaxed) {
                    let id = format!("{sender}-{}", answers.len());
                    let delivery = delivery.clone().with("X-Shopify-Webhook-Id", &id).with("X-Shopify-Event-Id", &id);
                    answers.push((id, delivery.post(&http, &url).await.status));
                    sent.fetch_add(1, Ordering::Relaxed);
                }
                answers
            })
        };
        let senders = (0..SENDERS).map(send).collect();
        Self { sent, enough, senders }
    }

    /// Waits until some more have come.
    async fn goes_on(&self) {
        let until = self.sent.load(Ordering::Relaxed) + AROUND;
        let more = async || (self.sent.load(Ordering::Relaxed) >= until).then_some(());
        eventually("more webhooks to be answered", more).await;
    }

    async fn ends_with_all_done(self, world: &World) {
        self.enough.store(true, Ordering::Relaxed);
        let mut answers = Vec::new();
        for sender in self.senders {
            answers.extend(sender.await.expect("a sender"));
        }
        let refused: Vec<_> = answers.iter().filter(|(_, status)| *status != 200).collect();
        assert!(refused.is_empty(), "of {} webhooks were not taken: {refused:?}", answers.len());
        let ids: Vec<_> = answers.into_iter().map(|(id, _)| id).collect();
        world.all_done(&ids).await;
    }
}

/// Lambda lets an invocation end that runs when its function is updated; the emulator kills it. What it held comes back when
/// the queue shows it again and the lease has run out: after three minutes, which nobody should wait for here.
async fn let_messages_come_back_soon(world: &World) {
    let sqs = aws_sdk_sqs::Client::new(&world.aws);
    for lane in world.deployed.lanes.values() {
        let hides = sqs.set_queue_attributes().queue_url(&lane.queue_url);
        hides.attributes(QueueAttributeName::VisibilityTimeout, "20").send().await.expect("the queue can be changed");
    }
}

/// The same functions, but other files: what follows an executable's end is not looked at.
fn another_build(of: &Path) -> TempDir {
    let folder = tempfile::tempdir_in(of).expect("a folder");
    let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a checkout");
    for function in checkout.function_binaries().expect("the template") {
        let mut code = std::fs::read(of.join(&function)).expect("the function");
        code.extend_from_slice(b"another build");
        std::fs::write(folder.path().join(function), code).expect("the folder can be written");
    }
    folder
}
