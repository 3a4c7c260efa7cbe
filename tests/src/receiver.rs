//! An HTTP server of the test's own: what a function calls.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A request that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The request line and the headers.
    pub head: String,
    /// The body.
    pub body: String,
}

/// Keeps what it is sent, and answers as it is told to. Ends with the test's runtime.
pub struct Receiver {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// A server that answers each request with a whole response: status line, headers and body, without the length.
    ///
    /// # Panics
    /// If no port is free.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn start(answer: impl Fn(&Received) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (received.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, kept.clone(), answer.clone()));
            }
        });
        Self { url, received }
    }

    /// What came until now, in order.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(
    mut socket: TcpStream,
    kept: Arc<Mutex<Vec<Received>>>,
    answer: Arc<impl Fn(&Received) -> String + Send + Sync + 'static>,
) {
    let mut bytes = Vec::new();
    let request = loop {
        match socket.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            break Received { head: head.to_owned(), body: body.to_owned() };
        }
    };
    kept.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    let answer = answer(&request);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let length = body.len();
    let response = format!("{head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    drop(socket.write_all(response.as_bytes()).await);
}
