//! Shopify's token endpoint, as far as refreshing goes: a refresh token works until the access token that it brought is
//! used, which none is here.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
};

/// A server that counts refreshes and answers each with another pair.
pub(crate) struct TokenEndpoint {
    address: SocketAddr,
    refreshes: Arc<AtomicUsize>,
    /// What each refresh came with.
    pub(crate) requests: Receiver<String>,
}

impl TokenEndpoint {
    /// Answers all but the first `silent` refreshes: those were done, but the reply never comes.
    pub(crate) fn start(silent: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let refreshes = Arc::new(AtomicUsize::new(0));
        let (sender, requests) = channel();
        let count = refreshes.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (count, sender) = (count.clone(), sender.clone());
                std::thread::spawn(move || answer(&stream.unwrap(), &count, &sender, silent));
            }
        });
        Self { address, refreshes, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn refreshes(&self) -> usize {
        self.refreshes.load(Ordering::SeqCst)
    }
}

fn answer(mut stream: &TcpStream, count: &AtomicUsize, sender: &Sender<String>, silent: usize) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let number = count.fetch_add(1, Ordering::SeqCst) + 1;
    let refresh_token = String::from_utf8(body).unwrap();
    // The test may be over.
    drop(sender.send(refresh_token));
    if number <= silent {
        // Until the client is gone.
        drop(reader.read(&mut [0]));
        return;
    }
    let reply = format!(
        "{{\"access_token\":\"shpat_new_{number}\",\"expires_in\":3600,\"refresh_token\":\"shprt_new_{number}\",\
         \"refresh_token_expires_in\":7776000,\"scope\":\"read_products\"}}"
    );
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", reply.len());
    drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(reply.as_bytes())));
}
