//! How the simulated Shopify's webhooks reach ingest: over HTTP, and the demo is told of each.

use std::{
    collections::HashSet,
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode};
use reqwest::Url;
use serde::Deserialize;
use shopify_sim::Receiver;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, timeout_at};

use super::tally::Reply;

/// A delivery that goes out again is held back for this long: Shopify repeats after minutes, when the first one took
/// effect long ago. Two that are on their way together would only make the second wait for the first one's lease.
const REPEAT_AFTER: Duration = Duration::from_secs(2);

/// A little less than the simulator's own five seconds: at those it would go on without a word to the demo.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(4_800);

/// What the demo is told of a delivery.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It goes out.
    Sent(Sent),
    /// What came of it.
    Answered(Sent, Reply),
}

/// A delivery that went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    /// `{shop}#{webhook id}`.
    pub(super) event: String,
    pub(super) topic: String,
    /// What its body is about.
    pub(super) id: u64,
}

/// Posts each delivery to where it is addressed.
#[derive(Debug)]
pub(super) struct HttpReceiver {
    client: reqwest::Client,
    seen: UnboundedSender<Seen>,
    /// What went out so far.
    events: Mutex<HashSet<String>>,
}

#[derive(Deserialize)]
struct Body {
    id: u64,
}

impl HttpReceiver {
    pub(super) fn new(url: &Url, seen: UnboundedSender<Seen>) -> reqwest::Result<Self> {
        Ok(Self { client: weir_load::client(url)?, seen, events: Mutex::default() })
    }

    fn is_again(&self, event: &str) -> bool {
        !self.events.lock().unwrap_or_else(PoisonError::into_inner).insert(event.to_owned())
    }
}

/// `None` for what is about nothing with an id: that is not the demo's.
fn read(delivery: &Request<Bytes>) -> Option<Sent> {
    let header = |name: &str| delivery.headers().get(name)?.to_str().ok();
    let (shop, webhook_id) = (header("X-Shopify-Shop-Domain")?, header("X-Shopify-Webhook-Id")?);
    let body: Body = serde_json::from_slice(delivery.body()).ok()?;
    Some(Sent { event: format!("{shop}#{webhook_id}"), topic: header("X-Shopify-Topic")?.to_owned(), id: body.id })
}

impl Receiver for HttpReceiver {
    fn receive(&self, delivery: Request<Bytes>) -> Pin<Box<dyn Future<Output = Result<StatusCode, String>> + Send>> {
        let sent = read(&delivery);
        let is_again = sent.as_ref().is_some_and(|sent| self.is_again(&sent.event));
        let (client, seen) = (self.client.clone(), self.seen.clone());
        // Nobody listens when the demo is over.
        let tell = move |what: Option<Seen>| drop(what.map(|what| seen.send(what)));
        let end = Instant::now() + ANSWER_TIMEOUT;
        Box::pin(async move {
            if is_again {
                tokio::time::sleep(REPEAT_AFTER).await;
            }
            tell(sent.clone().map(Seen::Sent));
            let answered = timeout_at(end, post(&client, delivery)).await;
            let answered = answered.unwrap_or_else(|_| Err("no answer in time".to_owned()));
            let reply = answered.as_ref().map_or(Reply::None, |status| Reply::Status(status.as_u16()));
            tell(sent.map(|sent| Seen::Answered(sent, reply)));
            answered
        })
    }
}

async fn post(client: &reqwest::Client, delivery: Request<Bytes>) -> Result<StatusCode, String> {
    // Without the address: a receiver may carry a secret in it.
    let said = |error: reqwest::Error| error.without_url().to_string();
    let request = reqwest::Request::try_from(delivery).map_err(said)?;
    let answer = client.execute(request).await.map_err(said)?;
    Ok(answer.status())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(url: &str, body: &'static str) -> Request<Bytes> {
        let request = Request::post(url)
            .header("X-Shopify-Shop-Domain", "north.myshopify.com")
            .header("X-Shopify-Topic", "orders/create")
            .header("X-Shopify-Webhook-Id", "w1");
        request.body(Bytes::from_static(body.as_bytes())).unwrap()
    }

    #[tokio::test]
    async fn a_delivery_that_reaches_nobody_is_told_as_unanswered() {
        let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
        let nobody = "http://127.0.0.1:1/";
        let receiver = HttpReceiver::new(&nobody.parse().unwrap(), sender).unwrap();
        let answer = receiver.receive(delivery(nobody, r#"{"id": 9007199254740993}"#)).await;
        assert!(answer.is_err_and(|why| !why.contains("127.0.0.1")));
        let sent =
            Sent { event: "north.myshopify.com#w1".into(), topic: "orders/create".into(), id: 9_007_199_254_740_993 };
        assert_eq!(seen.try_recv().unwrap(), Seen::Sent(sent.clone()));
        assert_eq!(seen.try_recv().unwrap(), Seen::Answered(sent, Reply::None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_receiver_that_never_answers_is_told_before_the_simulator_gives_up() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
        let receiver = HttpReceiver::new(&url.parse().unwrap(), sender).unwrap();
        let answer =
            tokio::time::timeout(Duration::from_secs(5), receiver.receive(delivery(&url, r#"{"id": 1}"#))).await;
        assert_eq!(answer.unwrap().unwrap_err(), "no answer in time");
        assert!(matches!(seen.try_recv().unwrap(), Seen::Sent(_)));
        assert!(matches!(seen.try_recv().unwrap(), Seen::Answered(_, Reply::None)));
    }

    #[test]
    fn delivery_without_an_id_is_not_counted_for_the_demo() {
        assert_eq!(read(&delivery("http://127.0.0.1:1/", "{}")), None);
    }
}
