//! A receiver of webhooks on this machine, such as Slack: it answers as it is told, otherwise 200, and keeps what was posted.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The part of its address that nobody may see.
pub const HUSH: &str = "T000-hush-B000";

/// An answer, or none.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// This status.
    Status(u16),
    /// 429 with `Retry-After`.
    Later(u64),
    /// The connection is cut.
    Cut,
}

/// It serves as long as its runtime does.
#[derive(Debug)]
pub struct FakeSlack {
    port: u16,
    usual: Arc<Mutex<Answer>>,
    posted: Arc<Mutex<Vec<String>>>,
}

impl FakeSlack {
    /// Starts it on a free port.
    ///
    /// # Panics
    /// If there is none.
    pub async fn start(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = Mutex::new(VecDeque::from(answers.to_vec()));
        let posted: Arc<Mutex<Vec<String>>> = Arc::default();
        let keep = posted.clone();
        let usual = Arc::new(Mutex::new(Answer::Status(200)));
        let otherwise = usual.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let body = read(&mut stream).await;
                keep.lock().unwrap().push(body);
                let answer = answers.lock().unwrap().pop_front().unwrap_or(*otherwise.lock().unwrap());
                let head = match answer {
                    Answer::Status(status) => format!("HTTP/1.1 {status} X\r\n"),
                    Answer::Later(seconds) => format!("HTTP/1.1 429 X\r\nretry-after: {seconds}\r\n"),
                    Answer::Cut => continue,
                };
                // Whoever hung up needs no answer.
                let _ = stream
                    .write_all(format!("{head}content-length: 2\r\nconnection: close\r\n\r\nok").as_bytes())
                    .await;
            }
        });
        Self { port, usual, posted }
    }

    /// The address of an incoming webhook.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/services/{HUSH}", self.port)
    }

    /// From now on it answers so, when nothing else was said.
    ///
    /// # Panics
    /// If a test panicked meanwhile.
    pub fn answer(&self, usual: Answer) {
        *self.usual.lock().unwrap() = usual;
    }

    /// The texts that were posted.
    ///
    /// # Panics
    /// If something else was.
    pub fn texts(&self) -> Vec<String> {
        let text = |body: &String| {
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            body["text"].as_str().unwrap().to_owned()
        };
        self.posted.lock().unwrap().iter().map(text).collect()
    }
}

/// The body of a request; empty if the connection ends before it is there.
async fn read(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.unwrap_or(0);
        if count == 0 {
            return String::new();
        }
        request.extend_from_slice(&part[..count]);
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let body = &request[end + 4..];
        if body.len() >= length.unwrap_or(0) {
            return String::from_utf8_lossy(body).into_owned();
        }
    }
}
