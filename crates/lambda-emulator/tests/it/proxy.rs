//! The proxy between a client and a server that counts.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use lambda_emulator::{FaultProxy, Faults};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

const REPLY: [u8; 1000] = [b'r'; 1000];

/// Answers each request of four bytes by a thousand, and counts the requests.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, requests) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    let mut request = [0; 4];
                    while stream.read_exact(&mut request).await.is_ok() {
                        counted.fetch_add(1, SeqCst);
                        stream.write_all(&REPLY).await?;
                    }
                    io::Result::Ok(())
                });
            }
        });
        Self { address, requests, task }
    }

    fn requests(&self) -> usize {
        self.requests.load(SeqCst)
    }
}

async fn ask(stream: &mut TcpStream) -> io::Result<[u8; 1000]> {
    stream.write_all(b"ask.").await?;
    let mut reply = [0; 1000];
    stream.read_exact(&mut reply).await?;
    Ok(reply)
}

async fn ask_once(proxy: &FaultProxy) -> io::Result<[u8; 1000]> {
    ask(&mut TcpStream::connect(proxy.address()).await?).await
}

#[tokio::test]
async fn without_faults_it_is_not_noticed() {
    let server = Server::start().await;
    let proxy = FaultProxy::start(server.address, Faults::NONE, 1).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    for _ in 0..20 {
        assert_eq!(ask(&mut stream).await.unwrap(), REPLY);
    }
    assert_eq!((server.requests(), proxy.counts().exchanges), (20, 20));
}

#[tokio::test]
async fn a_request_that_is_cut_never_reaches_the_server() {
    let server = Server::start().await;
    let faults = Faults { cut_request: 1.0, ..Faults::NONE };
    let proxy = FaultProxy::start(server.address, faults, 1).await.unwrap();
    for _ in 0..10 {
        ask_once(&proxy).await.unwrap_err();
    }
    assert_eq!((server.requests(), proxy.counts().cut_requests), (0, 10));
}

#[tokio::test]
async fn a_reply_that_is_cut_is_lost_though_the_server_did_its_work() {
    let server = Server::start().await;
    let faults = Faults { cut_reply: 1.0, ..Faults::NONE };
    let proxy = FaultProxy::start(server.address, faults, 1).await.unwrap();
    for _ in 0..10 {
        ask_once(&proxy).await.unwrap_err();
    }
    assert_eq!((server.requests(), proxy.counts().cut_replies), (10, 10));
}

#[tokio::test]
async fn a_delayed_request_arrives() {
    let server = Server::start().await;
    let faults = Faults { delay: 1.0, longest_delay: Duration::from_millis(40), ..Faults::NONE };
    let proxy = FaultProxy::start(server.address, faults, 1).await.unwrap();
    let began = tokio::time::Instant::now();
    for _ in 0..10 {
        assert_eq!(ask_once(&proxy).await.unwrap(), REPLY);
    }
    assert_eq!((server.requests(), proxy.counts().delays), (10, 10));
    assert!(began.elapsed() > Duration::from_millis(40), "{:?}", began.elapsed());
}

#[tokio::test]
async fn each_exchange_of_a_connection_may_meet_its_own_fault() {
    let server = Server::start().await;
    let proxy = FaultProxy::start(server.address, Faults::NONE, 1).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    ask(&mut stream).await.unwrap();
    proxy.set(Faults { cut_reply: 1.0, ..Faults::NONE });
    ask(&mut stream).await.unwrap_err();
    assert_eq!((server.requests(), proxy.counts().cut_replies), (2, 1));
}

#[tokio::test]
async fn the_same_seed_cuts_the_same_exchanges() {
    let run = async |seed| {
        let server = Server::start().await;
        let faults = Faults { cut_request: 0.3, cut_reply: 0.3, ..Faults::NONE };
        let proxy = FaultProxy::start(server.address, faults, seed).await.unwrap();
        let mut went_well = Vec::new();
        for _ in 0..40 {
            went_well.push(ask_once(&proxy).await.is_ok());
        }
        went_well
    };
    assert_eq!(run(7).await, run(7).await);
    assert_ne!(run(7).await, run(8).await);
}
