//! A destination that is down, and comes back.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};
use weir_core::ledger::State;
use weir_tests::{World, eventually};

/// An HTTP service that answers 503 while it is down, and tells which events it took.
struct Service {
    url: String,
    is_down: Arc<AtomicBool>,
    taken: mpsc::UnboundedReceiver<String>,
}

impl Service {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let is_down = Arc::new(AtomicBool::new(true));
        let (sender, taken) = mpsc::unbounded_channel();
        let down = is_down.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, down.clone(), sender.clone()));
            }
        });
        Self { url, is_down, taken }
    }
}

/// One request a connection.
async fn answer(mut stream: tokio::net::TcpStream, down: Arc<AtomicBool>, taken: mpsc::UnboundedSender<String>) {
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    let (head, length) = loop {
        let read = stream.read(&mut piece).await.unwrap_or(0);
        request.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.split_once("content-length: ").unwrap().1.lines().next().unwrap().parse().unwrap();
            break (head.to_owned(), length);
        }
        if read == 0 {
            return;
        }
    };
    let mut body = request.split_off(head.len() + 4);
    while body.len() < length {
        let read = stream.read(&mut piece).await.unwrap();
        body.extend_from_slice(&piece[..read]);
    }
    let status = if down.load(Ordering::SeqCst) { "503 Service Unavailable" } else { "204 No Content" };
    if status.starts_with('2') {
        let event: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert!(head.contains(&format!("webhook-id: {}", event["id"].as_str().unwrap())), "{head}");
        taken.send(event["id"].as_str().unwrap().to_owned()).unwrap();
    }
    stream
        .write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes())
        .await
        .ok();
}

#[tokio::test]
async fn events_for_a_destination_that_is_down_are_parked_and_arrive_later() {
    let mut service = Service::start().await;
    let world = World::with("parked", &[("ForwardUrl", &service.url), ("MaxReceiveCount", "5")]).await;
    let ids = ["1", "2", "3", "4", "5", "6", "7", "8"];
    for id in ids {
        world.accepted(&world.delivery("refunds/create", id, format!("{{\"id\":{id}}}"))).await;
    }
    for id in ids {
        let parked = eventually("it to be parked twice", async || {
            world.record(id).await.filter(|record| record.parks >= 2 && matches!(record.state, State::Parked { .. }))
        });
        let record = parked.await;
        assert!(record.last_error.unwrap().contains("forward"), "{id}");
        assert!(record.history.iter().all(|attempt| attempt.receives == 1), "{id}: each copy starts afresh");
    }
    let lane = &world.deployed.lanes["standard"];
    assert_eq!(world.depth(&lane.dlq_url).await, 0, "an outage fills no dead-letter queue");
    service.is_down.store(false, Ordering::SeqCst);
    for id in ids {
        world.done(id).await;
    }
    let mut taken: Vec<String> = std::iter::from_fn(|| service.taken.try_recv().ok()).collect();
    taken.sort();
    assert_eq!(taken, ids, "each once");
    world.events(ids.len()).await;
    assert_eq!(world.depth(&lane.dlq_url).await, 0);
    world.end().await;
}
