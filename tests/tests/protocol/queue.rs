//! SQS on the emulator keeps the contract that the simulated queue keeps.

use std::time::Duration;

use aws_sdk_sqs::{
    Client,
    types::{MessageSystemAttributeName, QueueAttributeName},
};
use weir_aws::{LaneQueue, SdkConfig};
use weir_testkit::contract::queue::{self, MAX_RECEIVES, QueueUnderTest, Taken, VISIBILITY};
use weir_tests::World;

struct Emulated {
    sqs: Client,
    url: String,
    dlq_url: String,
    /// What weir's own adapter does of it.
    lane: LaneQueue,
}

impl Emulated {
    async fn create(aws: &SdkConfig, name: &str) -> Self {
        let sqs = Client::new(aws);
        let dlq = sqs.create_queue().queue_name(format!("{name}-dlq")).send().await.unwrap();
        let dlq_url = dlq.queue_url.unwrap();
        let arn = QueueAttributeName::QueueArn;
        let attributes =
            sqs.get_queue_attributes().queue_url(&dlq_url).attribute_names(arn.clone()).send().await.unwrap();
        let redrive = serde_json::json!({
            "deadLetterTargetArn": attributes.attributes().unwrap()[&arn],
            "maxReceiveCount": MAX_RECEIVES,
        });
        let create = sqs.create_queue().queue_name(name);
        let create = create.attributes(QueueAttributeName::VisibilityTimeout, VISIBILITY.as_secs().to_string());
        let create = create.attributes(QueueAttributeName::RedrivePolicy, redrive.to_string());
        let url = create.send().await.unwrap().queue_url.unwrap();
        Self { lane: LaneQueue::new(aws, url.clone()), sqs, url, dlq_url }
    }
}

impl QueueUnderTest for Emulated {
    async fn send(&self, body: &str, group: &str, delay: Duration) {
        self.lane.park(body.to_owned(), group, delay).await.unwrap();
    }

    async fn receive(&self) -> Vec<Taken> {
        let request = self.sqs.receive_message().queue_url(&self.url).max_number_of_messages(10).wait_time_seconds(0);
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
        let messages = request.send().await.unwrap().messages.unwrap_or_default();
        let taken = |message: aws_sdk_sqs::types::Message| {
            let attributes = message.attributes.unwrap();
            Taken {
                id: message.message_id.unwrap(),
                receipt: message.receipt_handle.unwrap(),
                body: message.body.unwrap(),
                group: attributes[&MessageSystemAttributeName::MessageGroupId].clone(),
                receives: attributes[&MessageSystemAttributeName::ApproximateReceiveCount].parse().unwrap(),
            }
        };
        messages.into_iter().map(taken).collect()
    }

    async fn delete(&self, receipt: &str) {
        self.sqs.delete_message().queue_url(&self.url).receipt_handle(receipt).send().await.unwrap();
    }

    async fn change_visibility(&self, receipt: &str, delay: Duration) {
        assert_eq!(self.lane.postpone(&[(receipt.to_owned(), delay)]).await, None);
    }

    /// Read as they are, and left there.
    async fn dead(&self) -> Vec<String> {
        let request = self.sqs.receive_message().queue_url(&self.dlq_url).max_number_of_messages(10);
        let messages = request.visibility_timeout(0).send().await.unwrap().messages.unwrap_or_default();
        messages.into_iter().filter_map(|message| message.body).collect()
    }
}

#[tokio::test]
async fn sqs_keeps_the_contract_of_the_simulated_queue() {
    let world = World::new("queue").await;
    queue::cases(&Emulated::create(&world.aws, &world.deployed.stack_name).await).await;
    world.end().await;
}

/// What SQS refuses of a batch is tried once more and then told, and hinders nothing else.
#[tokio::test]
async fn entries_that_are_refused_are_told_and_the_others_changed() {
    let world = World::new("entries").await;
    let queue = Emulated::create(&world.aws, &world.deployed.stack_name).await;
    for body in ["a", "b"] {
        queue.send(body, "north", Duration::ZERO).await;
    }
    let mut taken = Vec::new();
    while taken.len() < 2 {
        taken.extend(queue.receive().await);
    }
    let hour = Duration::from_secs(3600);
    let messages = [
        (taken[0].receipt.clone(), Duration::ZERO),
        ("no-receipt-of-any".to_owned(), hour),
        (taken[1].receipt.clone(), hour),
    ];
    let (count, code) = queue.lane.postpone(&messages).await.expect("one is refused");
    assert_eq!(count, 1, "{code}");
    assert!(code.contains("ReceiptHandle"), "{code}");
    let back = weir_tests::eventually("the first to come back", async || queue.receive().await.pop()).await;
    assert_eq!(back.id, taken[0].id);
    world.end().await;
}
