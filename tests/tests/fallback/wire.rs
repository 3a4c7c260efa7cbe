//! A wire to an emulator that can be made to swallow what is meant for SQS.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, sink},
    net::{TcpListener, TcpStream},
};

pub(crate) struct Wire {
    address: SocketAddr,
    swallows: Arc<AtomicBool>,
}

impl Wire {
    /// To the emulator at `endpoint`.
    pub(crate) async fn to(endpoint: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let swallows = Arc::new(AtomicBool::new(false));
        let (upstream, flag) = (endpoint.strip_prefix("http://").unwrap().to_owned(), swallows.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (upstream, flag) = (upstream.clone(), flag.clone());
                // Either side may hang up at any time.
                tokio::spawn(async move { drop(pass_on(stream, &upstream, &flag).await) });
            }
        });
        Self { address, swallows }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on, requests to SQS are taken and never answered; or they are answered again.
    pub(crate) fn swallow(&self, swallows: bool) {
        self.swallows.store(swallows, Ordering::SeqCst);
    }
}

async fn pass_on(mut client: TcpStream, upstream: &str, swallows: &AtomicBool) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    let (mut from_client, mut from_server) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let request = &from_client[..read?];
                // The head of a request, which names the operation, comes in one piece.
                let is_for_sqs = request.windows(9).any(|part| part == b"AmazonSQS");
                if is_for_sqs && swallows.load(Ordering::SeqCst) {
                    // Until the client gives up.
                    return copy(&mut client, &mut sink()).await.map(drop);
                }
                match request.len() {
                    0 => return Ok(()),
                    _ => server.write_all(request).await?,
                }
            }
            read = server.read(&mut from_server) => match read? {
                0 => return Ok(()),
                length => client.write_all(&from_server[..length]).await?,
            },
        }
    }
}
